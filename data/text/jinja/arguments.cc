// Binding follows Python: positional first, then by name.
#include "data/text/jinja/arguments.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace limbeck::jinja {

absl::StatusOr<List> Bind(absl::string_view what, const Arguments& arguments,
                          std::initializer_list<absl::string_view> parameters) {
  if (arguments.positional.size() > parameters.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " takes ", parameters.size(), " arguments, given ",
                     arguments.positional.size()));
  }
  List bound = arguments.positional;
  bound.resize(parameters.size(), Value(Undefined{"argument"}));
  for (const auto& [name, value] : arguments.named) {
    size_t place = 0;
    for (absl::string_view parameter : parameters) {
      if (parameter == name) break;
      ++place;
    }
    if (place == parameters.size()) {
      return absl::UnimplementedError(
          absl::StrCat(what, " has no argument '", name, "'"));
    }
    if (place < arguments.positional.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " is given '", name, "' twice"));
    }
    bound[place] = value;
  }
  return bound;
}

absl::StatusOr<std::string> TextOf(absl::string_view what, const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_undefined()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": '", value.undefined().name, "' is undefined"));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      what, " takes a str, given is a value of type ", value.TypeName()));
}

absl::StatusOr<int64_t> IntegerOf(absl::string_view what, const Value& value) {
  if (value.is_int() || value.is_bool()) return value.integer();
  return absl::InvalidArgumentError(absl::StrCat(
      what, " takes an int, given is a value of type ", value.TypeName()));
}

absl::StatusOr<List> ItemsOf(const Value& value) {
  if (value.is_list()) return value.list();
  if (value.is_undefined()) return List();
  List items;
  if (value.is_string()) {
    for (std::string& character : Characters(value.string())) {
      items.emplace_back(std::move(character));
    }
    return items;
  }
  if (value.is_dict()) {
    for (const auto& [key, member] : value.dict()) items.emplace_back(key);
    return items;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a value of type ", value.TypeName(), " has no items"));
}

}  // namespace limbeck::jinja
