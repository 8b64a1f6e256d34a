// Numbers as Python's decimal.Decimal reads and compares them: exactly, so
// "1.0" is "1" and "007" is "7", but a rounded third is no third.
#ifndef LIMBECK_DATA_JUDGE_PYTHON_DECIMAL_H_
#define LIMBECK_DATA_JUDGE_PYTHON_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// 0.digits * 10^exponent with neither leading nor trailing zeros, so that two
// equal numbers have equal fields; zero has no digits.
struct PythonDecimal {
  enum class Kind { kFinite, kInfinite, kNan };
  Kind kind = Kind::kFinite;
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
};

// Decimal(word): sign, digits with "_" between, point, exponent, "inf",
// "infinity", "nan" and "snan" in any case. ASCII digits only; exponents
// beyond 18 digits are refused, as there. nullopt: Decimal raises.
std::optional<PythonDecimal> ParsePythonDecimal(absl::string_view word);

// Decimal.__eq__: NaN equals nothing.
bool SameDecimal(const PythonDecimal& a, const PythonDecimal& b);

// Whether two lines have the same number of blank-separated words, all of them
// decimals, pair by pair equal. Two empty lines are.
bool SameDecimals(absl::string_view a, absl::string_view b);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_PYTHON_DECIMAL_H_
