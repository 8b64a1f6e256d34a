#include "data/verify/math/units.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace limbeck {
namespace {

struct UnitWord {
  absl::string_view word;
  absl::string_view quantity;
  int64_t numerator;
  uint64_t denominator;
};

// To metre, kilogram, second, dollar; feet and pounds by their definitions of
// 1959 (0.3048 m, 0.45359237 kg).
constexpr UnitWord kUnits[] = {{"mm", "length", 1, 1000},
                               {"millimeter", "length", 1, 1000},
                               {"cm", "length", 1, 100},
                               {"centimeter", "length", 1, 100},
                               {"dm", "length", 1, 10},
                               {"m", "length", 1, 1},
                               {"meter", "length", 1, 1},
                               {"metre", "length", 1, 1},
                               {"centimetre", "length", 1, 100},
                               {"km", "length", 1000, 1},
                               {"kilometer", "length", 1000, 1},
                               {"kilometre", "length", 1000, 1},
                               {"in", "length", 254, 10000},
                               {"inch", "length", 254, 10000},
                               {"inche", "length", 254, 10000},
                               {"ft", "length", 3048, 10000},
                               {"foot", "length", 3048, 10000},
                               {"feet", "length", 3048, 10000},
                               {"yd", "length", 9144, 10000},
                               {"yard", "length", 9144, 10000},
                               {"mile", "length", 1609344, 1000},
                               {"mg", "mass", 1, 1000000},
                               {"g", "mass", 1, 1000},
                               {"gram", "mass", 1, 1000},
                               {"kg", "mass", 1, 1},
                               {"kilogram", "mass", 1, 1},
                               {"lb", "mass", 45359237, 100000000},
                               {"pound", "mass", 45359237, 100000000},
                               {"oz", "mass", 45359237, 1600000000},
                               {"ounce", "mass", 45359237, 1600000000},
                               {"ms", "time", 1, 1000},
                               {"s", "time", 1, 1},
                               {"sec", "time", 1, 1},
                               {"second", "time", 1, 1},
                               {"min", "time", 60, 1},
                               {"minute", "time", 60, 1},
                               {"h", "time", 3600, 1},
                               {"hr", "time", 3600, 1},
                               {"hour", "time", 3600, 1},
                               {"day", "time", 86400, 1},
                               {"week", "time", 604800, 1},
                               {"month", "month", 1, 1},
                               {"year", "month", 12, 1},
                               {"dollar", "money", 1, 1},
                               {"buck", "money", 1, 1},
                               {"cent", "money", 1, 100},
                               {"euro", "euro", 1, 1},
                               {"pounds sterling", "sterling", 1, 1},
                               {"yuan", "yuan", 1, 1},
                               {"ml", "volume", 1, 1000},
                               {"milliliter", "volume", 1, 1000},
                               {"l", "volume", 1, 1},
                               {"liter", "volume", 1, 1},
                               {"litre", "volume", 1, 1},
                               {"gallon", "gallon", 1, 1},
                               {"unit", "unit", 1, 1},
                               {"mph", "speed", 1, 1}};

const UnitWord* Find(absl::string_view word) {
  for (const UnitWord& unit : kUnits) {
    if (unit.word == word) return &unit;
  }
  // "miles", "inches".
  if (word.size() > 2 && absl::EndsWith(word, "s")) {
    return Find(word.substr(0, word.size() - 1));
  }
  return nullptr;
}

void AddWord(absl::string_view word, int exponent, Unit& unit) {
  const UnitWord* const found = Find(word);
  if (found == nullptr) {
    unit.known = false;
    absl::ConsumeSuffix(&word, "s");
    unit.dimension[std::string(word)] += exponent;
    return;
  }
  if (found->word == "mph") {
    AddWord("mile", exponent, unit);
    AddWord("hour", -exponent, unit);
    return;
  }
  unit.dimension[std::string(found->quantity)] += exponent;
  Rational power(found->numerator, found->denominator);
  fmpq_pow_si(power.get(), power.get(), exponent);
  fmpq_mul(unit.factor.get(), unit.factor.get(), power.get());
}

}  // namespace

bool IsUnitWord(absl::string_view word) {
  static constexpr absl::string_view kMore[] = {
      "percent", "pct", "percentage", "degrees", "degree", "radians"};
  for (const absl::string_view more : kMore) {
    if (word == more) return true;
  }
  return word.size() >= 2 && Find(word) != nullptr;
}

Unit ParseUnit(absl::string_view words) {
  const std::string spaced = absl::StrReplaceAll(
      words, {{"^", " ^"}, {"/", " / "}, {"*", " "}, {"cdot", " "}});
  Unit unit;
  int sign = 1, next_power = 1;
  std::vector<absl::string_view> parts =
      absl::StrSplit(spaced, ' ', absl::SkipEmpty());
  for (size_t i = 0; i < parts.size() && i < 8; ++i) {
    const absl::string_view part = parts[i];
    if (part == "/" || part == "per") {
      sign = -1;
    } else if (part == "square" || part == "sq" || part == "squared") {
      next_power = 2;
    } else if (part == "cubic" || part == "cu") {
      next_power = 3;
    } else if (part[0] != '^') {
      int power = next_power;
      int written = 0;
      if (i + 1 < parts.size() && parts[i + 1][0] == '^' &&
          absl::SimpleAtoi(parts[i + 1].substr(1), &written) && written > 0 &&
          written < 10) {
        power = written;
      }
      AddWord(part, sign * power, unit);
      next_power = 1;
    }
  }
  for (auto it = unit.dimension.begin(); it != unit.dimension.end();) {
    it = it->second == 0 ? unit.dimension.erase(it) : std::next(it);
  }
  return unit;
}

}  // namespace limbeck
