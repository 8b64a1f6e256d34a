// Values as Python has them, read from JSON text, and when two are equal. Not
// data/base/json.h: that rounds integers beyond 64 bits and knows neither
// tuples nor NaN.
#ifndef LIMBECK_DATA_JUDGE_PYTHON_VALUE_H_
#define LIMBECK_DATA_JUDGE_PYTHON_VALUE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

struct PythonValue;

// Decimal digits of an integer beyond int64, with its sign.
struct BigInteger {
  std::string digits;
};

struct PythonSequence {
  std::vector<PythonValue> items;
  bool is_tuple = false;
};

// values[i] belongs to keys[i].
struct PythonDict {
  std::vector<PythonValue> keys;
  std::vector<PythonValue> values;
};

// Something that no JSON value equals; or, with a comparison of its own, that
// claims to equal whatever it is compared with.
struct PythonObject {
  bool equals_anything = false;
};

struct PythonValue {
  std::variant<std::monostate, bool, int64_t, BigInteger, double, std::string,
               PythonSequence, PythonDict, PythonObject>
      value;
};

// What Python's json.loads reads: one value, integers of any size, NaN and
// Infinity; of equal keys the last counts. Refuses more than 512 levels.
absl::StatusOr<PythonValue> ParsePythonJson(absl::string_view text);

// The value behind its tagged form, in which tuples, dicts and objects pass
// through JSON: ["l", items...], ["t", items...], ["d", [key, value]...],
// ["o"],
// ["e"] (equals anything); everything else stands for itself.
absl::StatusOr<PythonValue> UntagPythonValue(PythonValue tagged);

// a == b in Python: 1 == 1.0 == True, lists are no tuples, NaN equals nothing.
bool PythonEqual(const PythonValue& a, const PythonValue& b);

// What a careful judge calls the same result: as PythonEqual, but a tuple is
// its list, the keys of dicts are compared as JSON writes them, and a float is
// within `tolerance` * max(1, |expected|). Integers stay exact.
bool SameResult(const PythonValue& result, const PythonValue& expected,
                double tolerance);

// "list", "str", ...: for messages.
std::string PythonTypeName(const PythonValue& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_PYTHON_VALUE_H_
