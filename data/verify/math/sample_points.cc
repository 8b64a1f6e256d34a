#include "data/verify/math/sample_points.h"

#include "data/base/random.h"

namespace limbeck {
namespace {

// "limbeck math" as a number: the points are fixed for good.
constexpr uint64_t kSeed = 0x6C696D6265636B6Du;

Rational RationalSample(uint64_t key, int index) {
  // A prime denominator, so that no square or cube is hit by chance.
  constexpr uint64_t kDenominator = 100'003;
  const uint64_t bits = RandomBelow(kDenominator, key, 0) + 1;
  const bool negative = index % 2 == 1 && RandomBelow(2, key, 1) == 0;
  // Inside the unit interval for arcsin and its like, else up to 8.
  const uint64_t reach = index % 4 == 2 ? 1 : 8;
  auto numerator = static_cast<int64_t>(bits * reach + 1);
  if (index % 4 == 2) numerator = static_cast<int64_t>(bits);
  Rational value(negative ? -numerator : numerator, 1);
  fmpz_set_ui(value.denominator(), kDenominator);
  fmpq_canonicalise(value.get());
  return value;
}

}  // namespace

Bindings SamplePoint(const std::vector<std::string>& variables, SampleKind kind,
                     int index) {
  Bindings point;
  point.reserve(variables.size());
  for (size_t i = 0; i < variables.size(); ++i) {
    const uint64_t key = MixKey(MixKey(kSeed, static_cast<uint64_t>(index)), i);
    if (kind == SampleKind::kRationals) {
      point.emplace_back(variables[i], RationalSample(key, index));
    } else {
      // Growing, so that n is above k in most points.
      const uint64_t value =
          RandomBelow(10 + static_cast<uint64_t>(index), key, 0);
      point.emplace_back(variables[i],
                         Rational(static_cast<int64_t>(value) + 1));
    }
  }
  return point;
}

}  // namespace limbeck
