// Filters of texts and numbers here, those of lists in list_filters.cc.
#include "data/text/jinja/filters.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/list_filters.h"
#include "data/text/jinja/methods.h"

namespace limbeck::jinja {
namespace {

absl::StatusOr<Value> Default(const Value& value, const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(
      const List bound,
      Bind("default", arguments, {"default_value", "boolean"}));
  const bool missing =
      value.is_undefined() || (bound[1].IsTrue() && !value.IsTrue());
  if (!missing) return value;
  return bound[0].is_undefined() ? Value(std::string()) : bound[0];
}

// json.dumps as transformers calls it, not jinja2's own filter.
absl::StatusOr<Value> ToJsonFilter(const Value& value,
                                   const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const List bound, Bind("tojson", arguments,
                                                  {"ensure_ascii", "indent",
                                                   "separators", "sort_keys"}));
  JsonStyle style;
  style.ensure_ascii = bound[0].IsTrue();
  style.sort_keys = bound[3].IsTrue();
  if (!bound[1].is_undefined() && !bound[1].is_none()) {
    LIMBECK_ASSIGN_OR_RETURN(style.indent, IntegerOf("tojson", bound[1]));
    if (style.indent < 0 || style.indent > 64) {
      return absl::InvalidArgumentError("tojson: the indent is not in [0, 64]");
    }
  }
  style.item_separator = style.indent >= 0 ? "," : ", ";
  style.key_separator = ": ";
  if (bound[2].is_list() && bound[2].list().size() == 2) {
    LIMBECK_ASSIGN_OR_RETURN(style.item_separator,
                             TextOf("tojson", bound[2].list()[0]));
    LIMBECK_ASSIGN_OR_RETURN(style.key_separator,
                             TextOf("tojson", bound[2].list()[1]));
  }
  LIMBECK_ASSIGN_OR_RETURN(std::string text, ToJson(value, style));
  return Value(std::move(text));
}

absl::StatusOr<Value> Indent(const Value& value, const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(
      const List bound, Bind("indent", arguments, {"width", "first", "blank"}));
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, TextOf("indent", value));
  std::string margin = "    ";
  if (bound[0].is_string()) {
    margin = bound[0].string();
  } else if (!bound[0].is_undefined()) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t width,
                             IntegerOf("indent", bound[0]));
    if (width < 0 || width > 1000) {
      return absl::InvalidArgumentError("indent: not in [0, 1000]");
    }
    margin = std::string(static_cast<size_t>(width), ' ');
  }
  std::string result = bound[1].IsTrue() ? margin : "";
  for (size_t at = 0; at < text.size(); ++at) {
    result.push_back(text[at]);
    if (text[at] != '\n') continue;
    const bool is_blank = at + 1 == text.size() || text[at + 1] == '\n';
    if (bound[2].IsTrue() || !is_blank) result += margin;
  }
  return Value(std::move(result));
}

absl::StatusOr<Value> ToInteger(const Value& value,
                                const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const List bound,
                           Bind("int", arguments, {"default"}));
  const Value fallback = bound[0].is_undefined() ? Value(int64_t{0}) : bound[0];
  if (value.is_float()) {
    const double number = std::trunc(value.number());
    if (!(std::abs(number) < 9e18)) return fallback;
    return Value(static_cast<int64_t>(number));
  }
  if (value.is_number()) return Value(value.integer());
  int64_t number = 0;
  double real = 0;
  if (!value.is_string()) return fallback;
  if (absl::SimpleAtoi(value.string(), &number)) return Value(number);
  if (absl::SimpleAtod(value.string(), &real) && std::abs(real) < 9e18) {
    return Value(static_cast<int64_t>(real));
  }
  return fallback;
}

absl::StatusOr<Value> ToFloat(const Value& value, const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const List bound,
                           Bind("float", arguments, {"default"}));
  double number = 0;
  if (value.is_number()) return Value(value.number());
  if (value.is_string() && absl::SimpleAtod(value.string(), &number)) {
    return Value(number);
  }
  return bound[0].is_undefined() ? Value(0.0) : bound[0];
}

absl::StatusOr<Value> Length(const Value& value) {
  if (value.is_string()) {
    return Value(static_cast<int64_t>(NumCharacters(value.string())));
  }
  LIMBECK_ASSIGN_OR_RETURN(const List items, ItemsOf(value));
  return Value(static_cast<int64_t>(items.size()));
}

// Filters that are methods of texts.
absl::StatusOr<Value> TextFilter(absl::string_view name, const Value& value,
                                 const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ToText(value));
  const absl::string_view method = name == "trim" ? "strip" : name;
  return CallMethod(Value(text), method, arguments);
}

}  // namespace

absl::StatusOr<Value> ApplyFilter(absl::string_view name, const Value& value,
                                  const Arguments& arguments) {
  if (name == "default" || name == "d") return Default(value, arguments);
  if (name == "tojson") return ToJsonFilter(value, arguments);
  if (name == "indent") return Indent(value, arguments);
  if (name == "int") return ToInteger(value, arguments);
  if (name == "float") return ToFloat(value, arguments);
  if (name == "trim" || name == "upper" || name == "lower" ||
      name == "capitalize" || name == "replace") {
    return TextFilter(name, value, arguments);
  }
  if (IsListFilter(name)) return ApplyListFilter(name, value, arguments);
  LIMBECK_RETURN_IF_ERROR(Bind(name, arguments, {}).status());
  if (name == "length" || name == "count") return Length(value);
  if (name == "safe") return value;
  if (name == "string") {
    LIMBECK_ASSIGN_OR_RETURN(std::string text, ToText(value));
    return Value(std::move(text));
  }
  if (name == "abs") {
    if (value.is_float()) return Value(std::abs(value.number()));
    LIMBECK_ASSIGN_OR_RETURN(const int64_t number, IntegerOf("abs", value));
    return Value(number < 0 ? -number : number);
  }
  return absl::UnimplementedError(absl::StrCat("unknown filter '", name, "'"));
}

}  // namespace limbeck::jinja
