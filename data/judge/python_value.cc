#include "data/judge/python_value.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

template <typename T>
const T* As(const PythonValue& value) {
  return std::get_if<T>(&value.value);
}

bool IsNumber(const PythonValue& value) {
  return As<bool>(value) != nullptr || As<int64_t>(value) != nullptr ||
         As<BigInteger>(value) != nullptr || As<double>(value) != nullptr;
}

// The digits of an integer, or of a float that is one; nullopt: neither.
std::optional<std::string> IntegerDigits(const PythonValue& value) {
  if (const bool* truth = As<bool>(value)) return *truth ? "1" : "0";
  if (const int64_t* integer = As<int64_t>(value)) {
    return absl::StrCat(*integer);
  }
  if (const BigInteger* big = As<BigInteger>(value)) return big->digits;
  const double number = *As<double>(value);
  if (!std::isfinite(number) || number != std::trunc(number)) {
    return std::nullopt;
  }
  // "%.0f" writes every digit of an integral double; -0.0 is 0.
  return number == 0 ? "0" : absl::StrFormat("%.0f", number);
}

bool EqualNumbers(const PythonValue& a, const PythonValue& b) {
  const double* float_a = As<double>(a);
  const double* float_b = As<double>(b);
  if (float_a != nullptr && float_b != nullptr) return *float_a == *float_b;
  const int64_t* integer_a = As<int64_t>(a);
  const int64_t* integer_b = As<int64_t>(b);
  if (integer_a != nullptr && integer_b != nullptr) {
    return *integer_a == *integer_b;
  }
  const std::optional<std::string> digits = IntegerDigits(a);
  return digits.has_value() && digits == IntegerDigits(b);
}

double NumberOf(const PythonValue& value) {
  if (const double* number = As<double>(value)) return *number;
  if (const int64_t* integer = As<int64_t>(value)) {
    return static_cast<double>(*integer);
  }
  if (const bool* truth = As<bool>(value)) return *truth ? 1 : 0;
  return std::strtod(As<BigInteger>(value)->digits.c_str(), nullptr);
}

bool CloseNumbers(const PythonValue& result, const PythonValue& expected,
                  double tolerance) {
  if (EqualNumbers(result, expected)) return true;
  if (As<double>(result) == nullptr && As<double>(expected) == nullptr) {
    return false;
  }
  const double wanted = NumberOf(expected);
  const double given = NumberOf(result);
  if (std::isnan(wanted)) return std::isnan(given);
  if (!std::isfinite(wanted) || !std::isfinite(given)) return false;
  // Beside an integer the room does not grow: 1000000006.0 is not 1000000007.
  const bool floats =
      As<double>(result) != nullptr && As<double>(expected) != nullptr;
  const double scale = floats ? std::max(1.0, std::abs(wanted)) : 1.0;
  return std::abs(given - wanted) <= tolerance * scale;
}

bool EqualItems(const PythonSequence& a, const PythonSequence& b) {
  return a.is_tuple == b.is_tuple && a.items.size() == b.items.size() &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(),
                    PythonEqual);
}

// Whether the dicts have the same keys, and same(value of a, value of b). Keys
// of JSON are strings, and so are all of `b`; another key equals none of them.
template <typename Same>
bool MatchDicts(const PythonDict& a, const PythonDict& b, const Same& same) {
  if (a.keys.size() != b.keys.size()) return false;
  std::map<absl::string_view, const PythonValue*> values;
  for (size_t i = 0; i < b.keys.size(); ++i) {
    const std::string* name = As<std::string>(b.keys[i]);
    if (name == nullptr) return false;
    values[*name] = &b.values[i];
  }
  for (size_t i = 0; i < a.keys.size(); ++i) {
    const std::string* name = As<std::string>(a.keys[i]);
    const auto found = name == nullptr ? values.end() : values.find(*name);
    if (found == values.end() || !same(a.values[i], *found->second)) {
      return false;
    }
  }
  return true;
}

absl::StatusOr<PythonValue> UntagEntry(PythonValue tagged) {
  PythonSequence* pair = std::get_if<PythonSequence>(&tagged.value);
  if (pair == nullptr || pair->items.size() != 2) {
    return absl::InvalidArgumentError("tagged dict entry is no pair");
  }
  for (PythonValue& item : pair->items) {
    LIMBECK_ASSIGN_OR_RETURN(item, UntagPythonValue(std::move(item)));
  }
  return tagged;
}

absl::StatusOr<PythonValue> UntagDict(PythonSequence tagged) {
  PythonDict dict;
  for (size_t i = 1; i < tagged.items.size(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(PythonValue entry,
                             UntagEntry(std::move(tagged.items[i])));
    std::vector<PythonValue>& pair =
        std::get<PythonSequence>(entry.value).items;
    dict.keys.push_back(std::move(pair[0]));
    dict.values.push_back(std::move(pair[1]));
  }
  return PythonValue{std::move(dict)};
}

absl::StatusOr<PythonValue> UntagSequence(PythonSequence tagged,
                                          bool is_tuple) {
  PythonSequence sequence;
  sequence.is_tuple = is_tuple;
  for (size_t i = 1; i < tagged.items.size(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(PythonValue item,
                             UntagPythonValue(std::move(tagged.items[i])));
    sequence.items.push_back(std::move(item));
  }
  return PythonValue{std::move(sequence)};
}

}  // namespace

absl::StatusOr<PythonValue> UntagPythonValue(PythonValue tagged) {
  PythonSequence* list = std::get_if<PythonSequence>(&tagged.value);
  if (list == nullptr) return tagged;
  const std::string* tag =
      list->items.empty() ? nullptr : As<std::string>(list->items[0]);
  if (tag == nullptr) {
    return absl::InvalidArgumentError("tagged value has no tag");
  }
  if (*tag == "l") return UntagSequence(std::move(*list), false);
  if (*tag == "t") return UntagSequence(std::move(*list), true);
  if (*tag == "d") return UntagDict(std::move(*list));
  if (*tag == "o") return PythonValue{PythonObject{false}};
  if (*tag == "e") return PythonValue{PythonObject{true}};
  return absl::InvalidArgumentError(absl::StrCat("unknown tag '", *tag, "'"));
}

bool PythonEqual(const PythonValue& a, const PythonValue& b) {
  const PythonObject* object_a = As<PythonObject>(a);
  const PythonObject* object_b = As<PythonObject>(b);
  if (object_a != nullptr || object_b != nullptr) {
    return (object_a != nullptr && object_a->equals_anything) ||
           (object_b != nullptr && object_b->equals_anything);
  }
  if (IsNumber(a) && IsNumber(b)) return EqualNumbers(a, b);
  if (a.value.index() != b.value.index()) return false;
  if (const std::string* text = As<std::string>(a)) {
    return *text == *As<std::string>(b);
  }
  if (const PythonSequence* sequence = As<PythonSequence>(a)) {
    return EqualItems(*sequence, *As<PythonSequence>(b));
  }
  if (const PythonDict* dict = As<PythonDict>(a)) {
    return MatchDicts(*dict, *As<PythonDict>(b), PythonEqual);
  }
  return true;  // None
}

bool SameResult(const PythonValue& result, const PythonValue& expected,
                double tolerance) {
  if (IsNumber(result) && IsNumber(expected)) {
    return CloseNumbers(result, expected, tolerance);
  }
  const auto same = [&](const PythonValue& a, const PythonValue& b) {
    return SameResult(a, b, tolerance);
  };
  const PythonSequence* list = As<PythonSequence>(result);
  const PythonSequence* wanted = As<PythonSequence>(expected);
  if (list != nullptr && wanted != nullptr) {
    return list->items.size() == wanted->items.size() &&
           std::equal(list->items.begin(), list->items.end(),
                      wanted->items.begin(), same);
  }
  const PythonDict* dict = As<PythonDict>(result);
  const PythonDict* wanted_dict = As<PythonDict>(expected);
  if (dict != nullptr && wanted_dict != nullptr) {
    return MatchDicts(*dict, *wanted_dict, same);
  }
  return As<PythonObject>(result) == nullptr && PythonEqual(result, expected);
}

std::string PythonTypeName(const PythonValue& value) {
  if (As<std::monostate>(value) != nullptr) return "None";
  if (As<bool>(value) != nullptr) return "bool";
  if (As<double>(value) != nullptr) return "float";
  if (IsNumber(value)) return "int";
  if (As<std::string>(value) != nullptr) return "str";
  if (As<PythonDict>(value) != nullptr) return "dict";
  if (const PythonSequence* sequence = As<PythonSequence>(value)) {
    return sequence->is_tuple ? "tuple" : "list";
  }
  return "object";
}

}  // namespace limbeck
