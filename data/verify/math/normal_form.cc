#include "data/verify/math/normal_form.h"

#include <flint/fmpq_mpoly.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/verify/math/exact_value.h"

namespace limbeck {
namespace {

constexpr size_t kMaxGenerators = 16;
constexpr int64_t kMaxExponent = 24;
constexpr slong kMaxTerms = 400;
constexpr int64_t kMaxCoefficientBits = 2000;
constexpr uint64_t kMaxTrialDivisor = 1000;

constexpr char kImaginaryName[] = "#i";
// "#r7" is the square root of 7.
constexpr char kRootPrefix[] = "#r";

// What is a variable of the polynomials, numbered.
class Generators {
 public:
  // False: too many.
  bool Add(const std::string& name) {
    if (index_.count(name) == 0) {
      const size_t next = index_.size();
      index_[name] = next;
    }
    return index_.size() <= kMaxGenerators;
  }
  size_t size() const { return index_.size(); }
  const std::map<std::string, size_t>& all() const { return index_; }
  slong IndexOf(const std::string& name) const {
    return static_cast<slong>(index_.at(name));
  }

 private:
  std::map<std::string, size_t> index_;
};

// n = square * product of the primes; a large cofactor counts as a prime.
bool SplitSquare(const Rational& n, Rational& square_root,
                 std::vector<std::string>& primes) {
  if (!n.is_integer() || n.sign() <= 0 || n.bits() > 62) return false;
  auto rest = static_cast<uint64_t>(n.ToInt64());
  int64_t root = 1;
  for (uint64_t p = 2; p <= kMaxTrialDivisor && p * p <= rest; ++p) {
    int power = 0;
    while (rest % p == 0) {
      rest /= p;
      ++power;
    }
    for (int i = 0; i + 1 < power; i += 2) root *= static_cast<int64_t>(p);
    if (power % 2 == 1) primes.push_back(absl::StrCat(p));
  }
  // What is left is prime, or free of small squares but perhaps a square.
  Rational left(static_cast<int64_t>(rest));
  fmpz_t sqrt;
  fmpz_init(sqrt);
  if (fmpz_is_square(left.numerator()) != 0) {
    fmpz_sqrt(sqrt, left.numerator());
    root *= fmpz_get_si(sqrt);
  } else if (rest > 1) {
    primes.push_back(absl::StrCat(rest));
  }
  fmpz_clear(sqrt);
  square_root = Rational(root);
  return true;
}

// sqrt(p/q) = sqrt(p q) / q of a literal number; false: none.
bool AsRootOfRational(const Expression& node, Rational& radicand) {
  if (!node.is(MathFunction::kSqrt)) return false;
  if (node.children.size() == 2 &&
      !(node.children[1]->is(ExpressionKind::kNumber) &&
        node.children[1]->number == Rational(2))) {
    return false;
  }
  Bindings none;
  WorkBudget small(1000);
  return EvaluateExactly(*node.children[0], none, small, radicand) ==
             ExactOutcome::kValue &&
         radicand.bits() < 60 && !radicand.is_zero();
}

bool SmallExponent(const Expression& node, int64_t& exponent) {
  Bindings none;
  WorkBudget small(1000);
  Rational value;
  if (EvaluateExactly(node, none, small, value) != ExactOutcome::kValue ||
      !value.IsSmallInteger(kMaxExponent)) {
    return false;
  }
  exponent = value.ToInt64();
  return true;
}

std::string OpaqueName(const Expression& node) {
  return absl::StrCat("?", CanonicalText(node));
}

bool CollectRoot(const Rational& radicand, Generators& generators) {
  Rational whole, root;
  fmpz_mul(whole.numerator(), radicand.numerator(), radicand.denominator());
  if (whole.sign() < 0) {
    if (!generators.Add(kImaginaryName)) return false;
    fmpq_neg(whole.get(), whole.get());
  }
  std::vector<std::string> primes;
  if (!SplitSquare(whole, root, primes)) return false;
  return std::all_of(primes.begin(), primes.end(),
                     [&generators](const std::string& prime) {
                       return generators.Add(absl::StrCat(kRootPrefix, prime));
                     });
}

bool Collect(const Expression& node, Generators& generators) {
  switch (node.kind) {
    case ExpressionKind::kNumber:
    case ExpressionKind::kBased:
      return node.number.bits() <= kMaxCoefficientBits;
    case ExpressionKind::kConstant:
      if (node.constant == MathConstant::kInfinity) return false;
      if (node.constant == MathConstant::kImaginary) {
        return generators.Add(kImaginaryName);
      }
      return generators.Add(OpaqueName(node));
    case ExpressionKind::kSum:
    case ExpressionKind::kProduct:
    case ExpressionKind::kNegate:
    case ExpressionKind::kQuotient:
    case ExpressionKind::kUnit:
    case ExpressionKind::kPercent:
      return std::all_of(node.children.begin(), node.children.end(),
                         [&generators](const ExpressionPtr& child) {
                           return Collect(*child, generators);
                         });
    case ExpressionKind::kPower: {
      int64_t exponent = 0;
      return SmallExponent(*node.children[1], exponent)
                 ? Collect(*node.children[0], generators)
                 : generators.Add(OpaqueName(node));
    }
    default: {
      Rational radicand;
      return AsRootOfRational(node, radicand)
                 ? CollectRoot(radicand, generators)
                 : generators.Add(OpaqueName(node));
    }
  }
}

class Ring {
 public:
  explicit Ring(const Generators& generators) : generators_(generators) {
    fmpq_mpoly_ctx_init(
        context_, std::max<slong>(1, static_cast<slong>(generators.size())),
        ORD_LEX);
  }
  ~Ring() { fmpq_mpoly_ctx_clear(context_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  const fmpq_mpoly_ctx_struct* context() const { return context_; }
  const Generators& generators() const { return generators_; }

 private:
  const Generators& generators_;
  fmpq_mpoly_ctx_t context_;
};

class Polynomial {
 public:
  explicit Polynomial(const Ring& ring) : ring_(ring) {
    fmpq_mpoly_init(value_, ring.context());
  }
  ~Polynomial() { fmpq_mpoly_clear(value_, ring_.context()); }
  Polynomial(const Polynomial&) = delete;
  Polynomial& operator=(const Polynomial&) = delete;

  fmpq_mpoly_struct* get() { return value_; }
  slong terms() { return fmpq_mpoly_length(value_, ring_.context()); }

 private:
  const Ring& ring_;
  fmpq_mpoly_t value_;
};

struct Fraction {
  explicit Fraction(const Ring& ring) : numerator(ring), denominator(ring) {}
  Polynomial numerator, denominator;
};

class FractionBuilder {
 public:
  FractionBuilder(const Ring& ring, WorkBudget& budget)
      : ring_(ring), context_(ring.context()), budget_(budget) {}

  bool Build(const Expression& node, Fraction& value) {
    if (!budget_.Spend(20)) return false;
    switch (node.kind) {
      case ExpressionKind::kNumber:
      case ExpressionKind::kBased:
        SetNumber(node.number, value);
        return true;
      case ExpressionKind::kConstant:
        SetGenerator(node.constant == MathConstant::kImaginary
                         ? kImaginaryName
                         : OpaqueName(node),
                     value);
        return true;
      case ExpressionKind::kSum:
      case ExpressionKind::kProduct:
        return Fold(node, value);
      case ExpressionKind::kNegate:
        if (!Build(*node.children[0], value)) return false;
        fmpq_mpoly_neg(value.numerator.get(), value.numerator.get(), context_);
        return true;
      case ExpressionKind::kUnit:
        return Build(*node.children[0], value);
      case ExpressionKind::kPercent: {
        if (!Build(*node.children[0], value)) return false;
        const Rational hundredth(1, 100);
        fmpq_mpoly_scalar_mul_fmpq(value.numerator.get(), value.numerator.get(),
                                   hundredth.get(), context_);
        return true;
      }
      case ExpressionKind::kQuotient: {
        Fraction divisor(ring_);
        if (!Build(*node.children[0], value) ||
            !Build(*node.children[1], divisor)) {
          return false;
        }
        fmpq_mpoly_swap(divisor.numerator.get(), divisor.denominator.get(),
                        context_);
        return Multiply(divisor, value);
      }
      case ExpressionKind::kPower:
        return Power(node, value);
      default: {
        Rational radicand;
        if (AsRootOfRational(node, radicand)) return SetRoot(radicand, value);
        SetGenerator(OpaqueName(node), value);
        return true;
      }
    }
  }

  // Whether the numerator of a - b vanishes with r^2 = p and i^2 = -1.
  bool DifferenceVanishes(Fraction& a, Fraction& b) {
    Polynomial left(ring_), right(ring_);
    if (!Product(a.numerator, b.denominator, left) ||
        !Product(b.numerator, a.denominator, right)) {
      return false;
    }
    fmpq_mpoly_sub(left.get(), left.get(), right.get(), context_);
    Reduce(left);
    // 0/0 proves nothing.
    Reduce(a.denominator);
    Reduce(b.denominator);
    return left.terms() == 0 && a.denominator.terms() > 0 &&
           b.denominator.terms() > 0;
  }

 private:
  void SetNumber(const Rational& number, Fraction& value) {
    fmpq_mpoly_set_fmpq(value.numerator.get(), number.get(), context_);
    fmpq_mpoly_one(value.denominator.get(), context_);
  }

  void SetGenerator(const std::string& name, Fraction& value) {
    fmpq_mpoly_gen(value.numerator.get(), ring_.generators().IndexOf(name),
                   context_);
    fmpq_mpoly_one(value.denominator.get(), context_);
  }

  bool SetRoot(const Rational& radicand, Fraction& value) {
    Rational whole, root;
    fmpz_mul(whole.numerator(), radicand.numerator(), radicand.denominator());
    const bool negative = whole.sign() < 0;
    if (negative) fmpq_neg(whole.get(), whole.get());
    std::vector<std::string> primes;
    if (!SplitSquare(whole, root, primes)) return false;
    fmpz_set(root.denominator(), radicand.denominator());
    fmpq_canonicalise(root.get());
    SetNumber(root, value);
    std::vector<std::string> names;
    for (const std::string& prime : primes) {
      names.push_back(absl::StrCat(kRootPrefix, prime));
    }
    if (negative) names.emplace_back(kImaginaryName);
    Polynomial generator(ring_);
    for (const std::string& name : names) {
      fmpq_mpoly_gen(generator.get(), ring_.generators().IndexOf(name),
                     context_);
      fmpq_mpoly_mul(value.numerator.get(), value.numerator.get(),
                     generator.get(), context_);
    }
    return true;
  }

  bool Product(Polynomial& a, Polynomial& b, Polynomial& result) {
    if (a.terms() * b.terms() > kMaxTerms * 8 ||
        !budget_.Spend(10 + 5 * a.terms() * b.terms())) {
      return false;
    }
    fmpq_mpoly_mul(result.get(), a.get(), b.get(), context_);
    Reduce(result);
    return result.terms() <= kMaxTerms;
  }

  bool Multiply(Fraction& factor, Fraction& value) {
    return Product(value.numerator, factor.numerator, value.numerator) &&
           Product(value.denominator, factor.denominator, value.denominator);
  }

  bool Add(Fraction& term, Fraction& value) {
    Polynomial left(ring_), right(ring_);
    if (!Product(value.numerator, term.denominator, left) ||
        !Product(term.numerator, value.denominator, right)) {
      return false;
    }
    fmpq_mpoly_add(value.numerator.get(), left.get(), right.get(), context_);
    return value.numerator.terms() <= kMaxTerms &&
           Product(value.denominator, term.denominator, value.denominator);
  }

  bool Fold(const Expression& node, Fraction& value) {
    const bool sum = node.is(ExpressionKind::kSum);
    SetNumber(Rational(sum ? 0 : 1), value);
    for (const ExpressionPtr& child : node.children) {
      Fraction operand(ring_);
      if (!Build(*child, operand)) return false;
      if (!(sum ? Add(operand, value) : Multiply(operand, value))) return false;
    }
    return true;
  }

  bool Power(const Expression& node, Fraction& value) {
    int64_t exponent = 0;
    if (!SmallExponent(*node.children[1], exponent)) {
      SetGenerator(OpaqueName(node), value);
      return true;
    }
    Fraction base(ring_);
    if (!Build(*node.children[0], base)) return false;
    if (exponent < 0) {
      fmpq_mpoly_swap(base.numerator.get(), base.denominator.get(), context_);
    }
    SetNumber(Rational(1), value);
    for (int64_t i = 0; i < std::abs(exponent); ++i) {
      if (!Multiply(base, value)) return false;
    }
    return true;
  }

  // The square of a generator that has one; false: a free variable.
  static bool SquareOf(const std::string& name, Rational& square) {
    if (name == kImaginaryName) {
      square = Rational(-1);
      return true;
    }
    const absl::string_view prefix = kRootPrefix;
    if (name.compare(0, prefix.size(), prefix.data()) != 0) return false;
    return RationalFromDigits(absl::string_view(name).substr(prefix.size()), 10,
                              square);
  }

  void Reduce(Polynomial& polynomial) {
    std::vector<ulong> exponents(
        std::max<size_t>(1, ring_.generators().size()));
    for (const auto& [name, index] : ring_.generators().all()) {
      Rational square;
      if (!SquareOf(name, square)) continue;
      Polynomial reduced(ring_);
      for (slong i = 0; i < polynomial.terms(); ++i) {
        Rational coefficient, power;
        fmpq_mpoly_get_term_coeff_fmpq(coefficient.get(), polynomial.get(), i,
                                       context_);
        fmpq_mpoly_get_term_exp_ui(exponents.data(), polynomial.get(), i,
                                   context_);
        fmpq_pow_si(power.get(), square.get(),
                    static_cast<slong>(exponents[index] / 2));
        fmpq_mul(coefficient.get(), coefficient.get(), power.get());
        exponents[index] %= 2;
        fmpq_mpoly_push_term_fmpq_ui(reduced.get(), coefficient.get(),
                                     exponents.data(), context_);
      }
      fmpq_mpoly_sort_terms(reduced.get(), context_);
      fmpq_mpoly_combine_like_terms(reduced.get(), context_);
      fmpq_mpoly_swap(polynomial.get(), reduced.get(), context_);
    }
  }

  const Ring& ring_;
  const fmpq_mpoly_ctx_struct* const context_;
  WorkBudget& budget_;
};

}  // namespace

bool HaveEqualNormalForms(const Expression& a, const Expression& b,
                          WorkBudget& budget) {
  if (!budget.Spend(200)) return false;
  Generators generators;
  if (!Collect(a, generators) || !Collect(b, generators)) return false;
  const Ring ring(generators);
  FractionBuilder builder(ring, budget);
  Fraction left(ring), right(ring);
  return builder.Build(a, left) && builder.Build(b, right) &&
         builder.DifferenceVanishes(left, right);
}

}  // namespace limbeck
