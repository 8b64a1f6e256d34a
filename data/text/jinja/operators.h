// Operators and access to members, as in Python.
#ifndef LIMBECK_DATA_TEXT_JINJA_OPERATORS_H_
#define LIMBECK_DATA_TEXT_JINJA_OPERATORS_H_

#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/jinja/value.h"

namespace limbeck::jinja {

// "+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in",
// "not in".
absl::StatusOr<Value> ApplyBinary(absl::string_view text, const Value& a,
                                  const Value& b);

// "-" and "+" of a number.
absl::StatusOr<Value> ApplySign(absl::string_view text, const Value& value);

// container[key]; undefined where there is none.
absl::StatusOr<Value> GetItem(const Value& container, const Value& key);

// value.name: a method or a member. Names that begin with '_' are refused.
absl::StatusOr<Value> GetAttribute(const Value& value, absl::string_view name);

// container[begin:end:step], None where a bound is not given.
absl::StatusOr<Value> GetSlice(const Value& container,
                               const std::array<Value, 3>& bounds);

// Less than, for numbers and for texts.
absl::StatusOr<bool> IsLess(const Value& a, const Value& b);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_OPERATORS_H_
