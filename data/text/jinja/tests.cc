// "x is NAME": what a value is.
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/filters.h"
#include "data/text/jinja/operators.h"

namespace limbeck::jinja {
namespace {

// The tests of the kind of a value; -1: another name.
int TestKind(absl::string_view name, const Value& value) {
  if (name == "defined") return !value.is_undefined();
  if (name == "undefined") return value.is_undefined();
  if (name == "none") return value.is_none();
  if (name == "boolean") return value.is_bool();
  if (name == "true") return value.is_bool() && value.IsTrue();
  if (name == "false") return value.is_bool() && !value.IsTrue();
  if (name == "integer") return value.is_int();
  if (name == "float") return value.is_float();
  if (name == "number") return value.is_number();
  if (name == "string") return value.is_string();
  if (name == "mapping") return value.is_dict();
  if (name == "callable") return value.is_callable();
  if (name == "sequence" || name == "iterable") {
    return value.is_list() || value.is_dict() || value.is_string() ||
           value.is_undefined();
  }
  return -1;
}

// The operator that a test stands for; empty: none.
absl::string_view OperatorOf(absl::string_view name) {
  if (name == "equalto" || name == "eq" || name == "sameas") return "==";
  if (name == "ne") return "!=";
  if (name == "lt" || name == "lessthan") return "<";
  if (name == "le") return "<=";
  if (name == "gt" || name == "greaterthan") return ">";
  if (name == "ge") return ">=";
  if (name == "in") return "in";
  return "";
}

absl::StatusOr<bool> TestNumber(absl::string_view name, const Value& value,
                                int64_t divisor) {
  LIMBECK_ASSIGN_OR_RETURN(const int64_t number, IntegerOf(name, value));
  if (divisor == 0) return absl::InvalidArgumentError("division by zero");
  const bool divides = divisor == -1 || number % divisor == 0;
  return name == "odd" ? !divides : divides;
}

}  // namespace

absl::StatusOr<bool> ApplyTest(absl::string_view name, const Value& value,
                               const Arguments& arguments) {
  const int kind = TestKind(name, value);
  if (kind >= 0) {
    LIMBECK_RETURN_IF_ERROR(Bind(name, arguments, {}).status());
    return kind == 1;
  }
  if (name == "odd" || name == "even") return TestNumber(name, value, 2);
  const absl::string_view text = OperatorOf(name);
  if (text.empty() && name != "divisibleby") {
    return absl::UnimplementedError(absl::StrCat("unknown test '", name, "'"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const List bound, Bind(name, arguments, {"other"}));
  if (name == "divisibleby") {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t divisor, IntegerOf(name, bound[0]));
    return TestNumber(name, value, divisor);
  }
  LIMBECK_ASSIGN_OR_RETURN(const Value result,
                           ApplyBinary(text, value, bound[0]));
  return result.IsTrue();
}

}  // namespace limbeck::jinja
