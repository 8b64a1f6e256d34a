// Units behind a number: which words are units, and what they are worth.
#ifndef LIMBECK_DATA_VERIFY_MATH_UNITS_H_
#define LIMBECK_DATA_VERIFY_MATH_UNITS_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "data/verify/math/rational.h"

namespace limbeck {

// A word that is a unit rather than a product of variables: "cm", "miles".
bool IsUnitWord(absl::string_view word);

struct Unit {
  // Base quantity ("length", "mass", "time", "money", or the word itself where
  // it is not in the table) -> exponent.
  std::map<std::string, int> dimension;
  Rational factor{1};  // to the base unit of each quantity
  bool known = true;   // every word was in the table
};

// Reads a unit as PlainWords leaves it: "cm^2", "square feet", "miles per
// hour", "km/h". Unknown words become dimensions of their own.
Unit ParseUnit(absl::string_view words);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_UNITS_H_
