#include "data/verify/math/rational.h"

#include "data/verify/math/math_limits.h"

namespace limbeck {
namespace {

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

}  // namespace

bool Rational::IsSmallInteger(int64_t limit) const {
  return is_integer() &&
         fmpz_cmpabs(numerator(), Rational(limit).numerator()) <= 0;
}

std::string Rational::ToText() const {
  char* text = fmpq_get_str(nullptr, 10, get());
  std::string result = text;
  flint_free(text);
  return result;
}

bool RationalFromDigits(absl::string_view digits, int base, Rational& value) {
  if (digits.empty() || digits.size() > size_t{kMaxMathDigits}) return false;
  for (const char c : digits) {
    if (DigitValue(c) >= base) return false;
  }
  fmpz_one(value.denominator());
  return fmpz_set_str(value.numerator(), std::string(digits).c_str(), base) ==
         0;
}

void ScaleByPowerOfTen(int64_t exponent, Rational& value) {
  Rational power;
  fmpz_set_ui(power.numerator(), 10);
  fmpz_pow_ui(power.numerator(), power.numerator(),
              static_cast<ulong>(exponent < 0 ? -exponent : exponent));
  if (exponent < 0) {
    fmpq_div(value.get(), value.get(), power.get());
  } else {
    fmpq_mul(value.get(), value.get(), power.get());
  }
}

}  // namespace limbeck
