// Numbers compared within a tolerance, for measured and computed quantities.
#ifndef LIMBECK_DATA_VERIFY_NUMERIC_H_
#define LIMBECK_DATA_VERIFY_NUMERIC_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

// A number and what stands behind it: "9.81 \text{ m/s}^2" is 9.81, "m/s^2".
struct Quantity {
  double value = 0;
  std::string unit;  // without blanks, braces and \text; empty: none
};

// Decimal numbers with sign, thousands separators, exponent ("1.5e3",
// "1.5 \times 10^{3}"), fractions of those ("3/4", "\frac{3}{4}"); finite.
std::optional<Quantity> ParseQuantity(absl::string_view text);

// Tolerances must be finite and not negative.
absl::Status CheckTolerances(const AnswerOptions& options);

// |answer - gold| <= max(absolute, relative * |gold|); differences within the
// rounding of the two decimal numbers (4 ulp) count as none.
bool WithinTolerance(double gold, double answer, const AnswerOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_NUMERIC_H_
