// An exact rational number: FLINT's fmpq with an owner.
#ifndef LIMBECK_DATA_VERIFY_MATH_RATIONAL_H_
#define LIMBECK_DATA_VERIFY_MATH_RATIONAL_H_

#include <flint/fmpq.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// Numerator and denominator in lowest terms; 0 by default.
class Rational {
 public:
  Rational() { fmpq_init(value_); }
  explicit Rational(int64_t numerator, uint64_t denominator = 1) : Rational() {
    fmpq_set_si(value_, numerator, denominator);
  }
  Rational(const Rational& other) : Rational() {
    fmpq_set(value_, other.get());
  }
  Rational(Rational&& other) noexcept : Rational() {
    fmpq_swap(value_, other.get());
  }
  Rational& operator=(const Rational& other) {
    fmpq_set(value_, other.get());
    return *this;
  }
  Rational& operator=(Rational&& other) noexcept {
    fmpq_swap(value_, other.get());
    return *this;
  }
  ~Rational() { fmpq_clear(value_); }

  fmpq* get() { return value_; }
  // FLINT takes what it only reads without const in places.
  fmpq* get() const { return const_cast<fmpq*>(value_); }
  fmpz* numerator() const { return fmpq_numref(get()); }
  fmpz* denominator() const { return fmpq_denref(get()); }

  bool is_zero() const { return fmpq_is_zero(get()) != 0; }
  bool is_integer() const { return fmpz_is_one(denominator()) != 0; }
  int sign() const { return fmpq_sgn(get()); }
  // Of numerator and denominator together.
  int64_t bits() const {
    return static_cast<int64_t>(fmpz_bits(numerator()) +
                                fmpz_bits(denominator()));
  }
  // Whether it is an integer of at most `limit` in absolute value.
  bool IsSmallInteger(int64_t limit) const;
  int64_t ToInt64() const { return fmpz_get_si(numerator()); }
  // "-7/3", "12".
  std::string ToText() const;

  friend bool operator==(const Rational& a, const Rational& b) {
    return fmpq_equal(a.get(), b.get()) != 0;
  }
  friend bool operator<(const Rational& a, const Rational& b) {
    return fmpq_cmp(a.get(), b.get()) < 0;
  }

 private:
  fmpq_t value_;
};

// The value of `digits` read in `base` (2 to 36), digits only; false where a
// digit is none of that base or nothing is there.
bool RationalFromDigits(absl::string_view digits, int base, Rational& value);

// value *= 10^exponent, |exponent| <= kMaxMathDigits.
void ScaleByPowerOfTen(int64_t exponent, Rational& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_RATIONAL_H_
