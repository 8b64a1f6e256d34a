#include "data/verify/math/sample_points.h"

#include <algorithm>

#include "data/base/random.h"

namespace limbeck {
namespace {

// "limbeck math" as a number: the points are fixed for good.
constexpr uint64_t kSeed = 0x6C696D6265636B6Du;

constexpr int64_t kFarthest = int64_t{1} << 30;

void CollectReach(const Expression& node, int64_t& largest, int64_t& product) {
  if (node.is(ExpressionKind::kNumber)) {
    Rational size;
    fmpz_abs(size.numerator(), node.number.numerator());
    const int64_t bounded =
        size.IsSmallInteger(kFarthest) ? size.ToInt64() : kFarthest;
    largest = std::max(largest, bounded);
    if (bounded > 1) product = std::min(kFarthest, product * bounded);
  }
  for (const ExpressionPtr& child : node.children) {
    CollectReach(*child, largest, product);
  }
}

// Points 0 to 7 and so on in turn: positive, of both signs, within the unit
// interval, and near and far ones of either sign beyond half of their reach.
Rational RationalSample(uint64_t key, int index, const SampleReach& reach) {
  // A prime denominator, so that no square or cube is hit by chance.
  constexpr int64_t kDenominator = 100'003;
  const auto part =
      static_cast<int64_t>(RandomBelow(kDenominator - 2, key, 0)) + 1;
  const bool coin = RandomBelow(2, key, 1) == 0;
  int64_t numerator = part;  // of a value below 1
  switch (index % 8) {
    case 0:
    case 6:
      numerator = part * 8 + 1;
      break;
    case 1:
      numerator = (part * 8 + 1) * (coin ? 1 : -1);
      break;
    case 2:
      break;
    case 3:
    case 4:
      numerator = reach.near * ((kDenominator + part) / 2) + 1;
      break;
    default:
      numerator = reach.far * ((kDenominator + part) / 2) + 1;
      break;
  }
  // Several variables need all combinations of signs.
  const bool negative =
      index < 8 ? index % 8 == 4 || index % 8 == 7 : index % 8 >= 3 && coin;
  Rational value(negative ? -numerator : numerator, 1);
  fmpz_set_ui(value.denominator(), kDenominator);
  fmpq_canonicalise(value.get());
  return value;
}

}  // namespace

SampleReach ReachOf(const Expression& a, const Expression& b) {
  int64_t largest = 1, product = 1;
  CollectReach(a, largest, product);
  CollectReach(b, largest, product);
  SampleReach reach;
  reach.near = std::min(kFarthest, 4 * largest + 4);
  reach.far = std::min(kFarthest, 4 * product + 4);
  return reach;
}

Bindings SamplePoint(const std::vector<std::string>& variables, SampleKind kind,
                     int index, const SampleReach& reach) {
  Bindings point;
  point.reserve(variables.size());
  for (size_t i = 0; i < variables.size(); ++i) {
    const uint64_t key = MixKey(MixKey(kSeed, static_cast<uint64_t>(index)), i);
    if (kind == SampleKind::kRationals) {
      point.emplace_back(variables[i], RationalSample(key, index, reach));
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
