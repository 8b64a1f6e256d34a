// Mixed types that Python refuses are refused as well.
#include "data/text/jinja/operators.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/arguments.h"
#include "data/text/jinja/methods.h"

namespace limbeck::jinja {
namespace {

constexpr size_t kMaxTextBytes = size_t{64} << 20;

absl::Status Unsupported(absl::string_view text, const Value& a,
                         const Value& b) {
  for (const Value* value : {&a, &b}) {
    if (!value->is_undefined()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("'", value->undefined().name, "' is undefined"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' does not take values of type ", a.TypeName(),
                   " and ", b.TypeName()));
}

absl::StatusOr<Value> Integers(absl::string_view text, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (text == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (text == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (text == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (b == 0) {
    return absl::InvalidArgumentError("division by zero");
  } else if (b == -1) {
    overflow = text == "//" && __builtin_sub_overflow(int64_t{0}, a, &result);
  } else {
    const int64_t remainder = a % b;
    const bool differs = remainder != 0 && (remainder < 0) != (b < 0);
    result = text == "//" ? a / b - (differs ? 1 : 0)
                          : remainder + (differs ? b : 0);
  }
  if (overflow) {
    return absl::OutOfRangeError(
        absl::StrCat(a, " ", text, " ", b, " does not fit into 64 bits"));
  }
  return Value(result);
}

absl::StatusOr<Value> Numbers(absl::string_view text, const Value& a,
                              const Value& b) {
  if (!a.is_float() && !b.is_float() && text != "/") {
    return Integers(text, a.integer(), b.integer());
  }
  const double x = a.number();
  const double y = b.number();
  if (text == "+") return Value(x + y);
  if (text == "-") return Value(x - y);
  if (text == "*") return Value(x * y);
  if (y == 0.0) return absl::InvalidArgumentError("division by zero");
  if (text == "/") return Value(x / y);
  if (text == "//") return Value(std::floor(x / y));
  const double remainder = std::fmod(x, y);
  const bool differs = remainder != 0.0 && (remainder < 0.0) != (y < 0.0);
  return Value(differs ? remainder + y : remainder);
}

absl::StatusOr<Value> Repeat(const std::string& text, int64_t count) {
  if (count <= 0 || text.empty()) return Value(std::string());
  if (static_cast<uint64_t>(count) > kMaxTextBytes / text.size()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a text of ", text.size(), " bytes ", count, " times"));
  }
  std::string result;
  for (int64_t i = 0; i < count; ++i) result += text;
  return Value(std::move(result));
}

absl::StatusOr<Value> Arithmetic(absl::string_view text, const Value& a,
                                 const Value& b) {
  if (a.is_number() && b.is_number()) return Numbers(text, a, b);
  if (text == "+" && a.is_string() && b.is_string()) {
    return Value(a.string() + b.string());
  }
  if (text == "+" && a.is_list() && b.is_list()) {
    List joined = a.list();
    joined.insert(joined.end(), b.list().begin(), b.list().end());
    return Value(std::move(joined));
  }
  if (text == "*" && a.is_string() && (b.is_int() || b.is_bool())) {
    return Repeat(a.string(), b.integer());
  }
  if (text == "*" && b.is_string() && (a.is_int() || a.is_bool())) {
    return Repeat(b.string(), a.integer());
  }
  return Unsupported(text, a, b);
}

absl::StatusOr<bool> Contains(const Value& container, const Value& item) {
  if (container.is_string()) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string text, TextOf("'in'", item));
    return container.string().find(text) != std::string::npos;
  }
  LIMBECK_ASSIGN_OR_RETURN(const List items, ItemsOf(container));
  return std::any_of(items.begin(), items.end(), [&](const Value& value) {
    return Value::Equal(value, item);
  });
}

// Python's clamping of a slice's bound for a length and a direction.
int64_t Clamped(int64_t bound, int64_t length, bool forward) {
  if (bound < 0) bound += length;
  if (forward) return std::clamp<int64_t>(bound, 0, length);
  return std::clamp<int64_t>(bound, -1, length - 1);
}

struct Slice {
  int64_t begin;
  int64_t end;
  int64_t step;
};

absl::StatusOr<Slice> ResolveSlice(const std::array<Value, 3>& bounds,
                                   int64_t length) {
  Slice slice = {0, length, 1};
  if (!bounds[2].is_none()) {
    LIMBECK_ASSIGN_OR_RETURN(slice.step, IntegerOf("a slice", bounds[2]));
  }
  if (slice.step == 0) {
    return absl::InvalidArgumentError("the step of a slice is 0");
  }
  const bool forward = slice.step > 0;
  if (!forward) slice = {length - 1, -1, slice.step};
  if (!bounds[0].is_none()) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t begin,
                             IntegerOf("a slice", bounds[0]));
    slice.begin = Clamped(begin, length, forward);
  }
  if (!bounds[1].is_none()) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t end,
                             IntegerOf("a slice", bounds[1]));
    slice.end = Clamped(end, length, forward);
  }
  return slice;
}

}  // namespace

absl::StatusOr<bool> IsLess(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return a.number() < b.number();
    return a.integer() < b.integer();
  }
  if (a.is_string() && b.is_string()) return a.string() < b.string();
  return Unsupported("<", a, b);
}

absl::StatusOr<Value> ApplyBinary(absl::string_view text, const Value& a,
                                  const Value& b) {
  if (text == "==") return Value(Value::Equal(a, b));
  if (text == "!=") return Value(!Value::Equal(a, b));
  if (text == "in" || text == "not in") {
    LIMBECK_ASSIGN_OR_RETURN(const bool found, Contains(b, a));
    return Value(found == (text == "in"));
  }
  if (text == "~") {
    LIMBECK_ASSIGN_OR_RETURN(const std::string left, ToText(a));
    LIMBECK_ASSIGN_OR_RETURN(const std::string right, ToText(b));
    return Value(left + right);
  }
  if (text == "<" || text == ">=") {
    LIMBECK_ASSIGN_OR_RETURN(const bool less, IsLess(a, b));
    return Value(less == (text == "<"));
  }
  if (text == ">" || text == "<=") {
    LIMBECK_ASSIGN_OR_RETURN(const bool less, IsLess(b, a));
    return Value(less == (text == ">"));
  }
  return Arithmetic(text, a, b);
}

absl::StatusOr<Value> ApplySign(absl::string_view text, const Value& value) {
  if (!value.is_number()) return Unsupported(text, value, value);
  if (value.is_float()) {
    return Value(text == "-" ? -value.number() : value.number());
  }
  if (text == "+") return Value(value.integer());
  return Integers("-", 0, value.integer());
}

absl::StatusOr<Value> GetItem(const Value& container, const Value& key) {
  const std::string name = key.is_string() ? key.string() : "item";
  if (container.is_undefined()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", container.undefined().name, "' is undefined"));
  }
  if (container.is_dict() || container.is_namespace()) {
    const Value* found = key.is_string() ? container.Find(name) : nullptr;
    return found != nullptr ? *found : Value(Undefined{name});
  }
  const bool is_index = key.is_int() || key.is_bool();
  if (!is_index || (!container.is_list() && !container.is_string())) {
    return Value(Undefined{name});
  }
  List characters;
  if (container.is_string()) {
    LIMBECK_ASSIGN_OR_RETURN(characters, ItemsOf(container));
  }
  const List& items = container.is_list() ? container.list() : characters;
  const auto length = static_cast<int64_t>(items.size());
  const int64_t at = key.integer() < 0 ? key.integer() + length : key.integer();
  if (at < 0 || at >= length) return Value(Undefined{name});
  return items[static_cast<size_t>(at)];
}

absl::StatusOr<Value> GetAttribute(const Value& value, absl::string_view name) {
  if (value.is_undefined()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", value.undefined().name, "' is undefined"));
  }
  if (name[0] == '_') {
    return absl::PermissionDeniedError(
        absl::StrCat("the attribute '", name, "' is not allowed"));
  }
  if (HasMethod(value, name)) {
    return Value(
        Method{std::make_shared<const Value>(value), std::string(name)});
  }
  const Value* found = value.Find(name);
  return found != nullptr ? *found : Value(Undefined{std::string(name)});
}

absl::StatusOr<Value> GetSlice(const Value& container,
                               const std::array<Value, 3>& bounds) {
  if (!container.is_list() && !container.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a value of type ", container.TypeName(), " cannot be sliced"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const List items, ItemsOf(container));
  LIMBECK_ASSIGN_OR_RETURN(
      const Slice slice,
      ResolveSlice(bounds, static_cast<int64_t>(items.size())));
  List picked;
  const bool forward = slice.step > 0;
  for (int64_t i = slice.begin; forward ? i < slice.end : i > slice.end;) {
    picked.push_back(items[static_cast<size_t>(i)]);
    if (__builtin_add_overflow(i, slice.step, &i)) break;
  }
  if (container.is_list()) return Value(std::move(picked));
  std::string text;
  for (const Value& character : picked) text += character.string();
  return Value(std::move(text));
}

}  // namespace limbeck::jinja
