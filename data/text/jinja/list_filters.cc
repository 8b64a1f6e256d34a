// map, select and their kin take the name of another filter or test.
#include "data/text/jinja/list_filters.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/filters.h"
#include "data/text/jinja/operators.h"

namespace limbeck::jinja {
namespace {

constexpr std::array<absl::string_view, 14> kNames = {
    "first",  "last",       "list",       "join",  "reverse",  "map",  "select",
    "reject", "selectattr", "rejectattr", "items", "dictsort", "sort", "sum"};

// item.a.b, item[0]
absl::StatusOr<Value> Path(const Value& item, const Value& path) {
  if (!path.is_string()) return GetItem(item, path);
  Value found = item;
  absl::string_view rest = path.string();
  while (!rest.empty()) {
    const size_t dot = rest.find('.');
    LIMBECK_ASSIGN_OR_RETURN(
        found, GetItem(found, Value(std::string(rest.substr(0, dot)))));
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  return found;
}

// The arguments behind the first `count`.
Arguments Behind(const Arguments& arguments, size_t count) {
  Arguments rest;
  for (size_t i = count; i < arguments.positional.size(); ++i) {
    rest.positional.push_back(arguments.positional[i]);
  }
  rest.named = arguments.named;
  return rest;
}

absl::StatusOr<Value> Map(const List& items, const Arguments& arguments) {
  List result;
  if (arguments.positional.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(const List bound,
                             Bind("map", arguments, {"attribute", "default"}));
    for (const Value& item : items) {
      LIMBECK_ASSIGN_OR_RETURN(Value found, Path(item, bound[0]));
      if (found.is_undefined() && !bound[1].is_undefined()) found = bound[1];
      result.push_back(std::move(found));
    }
    return Value(std::move(result));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string filter,
                           TextOf("map", arguments.positional[0]));
  const Arguments rest = Behind(arguments, 1);
  for (const Value& item : items) {
    LIMBECK_ASSIGN_OR_RETURN(Value mapped, ApplyFilter(filter, item, rest));
    result.push_back(std::move(mapped));
  }
  return Value(std::move(result));
}

// select, reject (by the item), selectattr, rejectattr (by a member).
absl::StatusOr<Value> Select(absl::string_view name, const List& items,
                             const Arguments& arguments) {
  const bool by_member = name == "selectattr" || name == "rejectattr";
  const bool wanted = name == "select" || name == "selectattr";
  size_t used = 0;
  Value member;
  if (by_member) {
    if (arguments.positional.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(name, " takes a name"));
    }
    member = arguments.positional[used++];
  }
  std::string test;  // empty: truth
  if (used < arguments.positional.size()) {
    LIMBECK_ASSIGN_OR_RETURN(test, TextOf(name, arguments.positional[used++]));
  }
  const Arguments rest = Behind(arguments, used);
  List result;
  for (const Value& item : items) {
    Value tested = item;
    if (by_member) {
      LIMBECK_ASSIGN_OR_RETURN(tested, Path(item, member));
    }
    bool holds = tested.IsTrue();
    if (!test.empty()) {
      LIMBECK_ASSIGN_OR_RETURN(holds, ApplyTest(test, tested, rest));
    }
    if (holds == wanted) result.push_back(item);
  }
  return Value(std::move(result));
}

absl::StatusOr<Value> Join(const List& items, const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const List bound,
                           Bind("join", arguments, {"d", "attribute"}));
  std::string separator;
  if (!bound[0].is_undefined()) {
    LIMBECK_ASSIGN_OR_RETURN(separator, TextOf("join", bound[0]));
  }
  std::string joined;
  for (size_t i = 0; i < items.size(); ++i) {
    Value item = items[i];
    if (!bound[1].is_undefined()) {
      LIMBECK_ASSIGN_OR_RETURN(item, Path(item, bound[1]));
    }
    LIMBECK_ASSIGN_OR_RETURN(const std::string text, ToText(item));
    absl::StrAppend(&joined, i > 0 ? separator : "", text);
  }
  return Value(std::move(joined));
}

struct SortKey {
  Value key;
  Value item;
};

// Texts compare without regard to (ASCII) case unless asked for.
absl::StatusOr<List> Sorted(std::vector<SortKey> keys, bool reverse,
                            bool case_sensitive) {
  for (SortKey& entry : keys) {
    if (case_sensitive || !entry.key.is_string()) continue;
    LIMBECK_ASSIGN_OR_RETURN(entry.key, ApplyFilter("lower", entry.key, {}));
  }
  absl::Status status;
  std::stable_sort(keys.begin(), keys.end(),
                   [&](const SortKey& a, const SortKey& b) {
                     const absl::StatusOr<bool> less =
                         reverse ? IsLess(b.key, a.key) : IsLess(a.key, b.key);
                     if (!less.ok()) status = less.status();
                     return less.ok() && *less;
                   });
  LIMBECK_RETURN_IF_ERROR(status);
  List sorted;
  for (SortKey& entry : keys) sorted.push_back(std::move(entry.item));
  return sorted;
}

absl::StatusOr<Value> Sort(const List& items, const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(
      const List bound,
      Bind("sort", arguments, {"reverse", "case_sensitive", "attribute"}));
  std::vector<SortKey> keys;
  for (const Value& item : items) {
    Value key = item;
    if (!bound[2].is_undefined()) {
      LIMBECK_ASSIGN_OR_RETURN(key, Path(item, bound[2]));
    }
    keys.push_back({std::move(key), item});
  }
  LIMBECK_ASSIGN_OR_RETURN(
      List sorted,
      Sorted(std::move(keys), bound[0].IsTrue(), bound[1].IsTrue()));
  return Value(std::move(sorted));
}

absl::StatusOr<Value> DictSort(const Value& value, const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(
      const List bound,
      Bind("dictsort", arguments, {"case_sensitive", "by", "reverse"}));
  if (!value.is_dict()) {
    return absl::InvalidArgumentError("dictsort takes a dict");
  }
  const bool by_value = bound[1].is_string() && bound[1].string() == "value";
  std::vector<SortKey> keys;
  for (const auto& [name, member] : value.dict()) {
    keys.push_back({by_value ? member : Value(name),
                    Value::Tuple(List{Value(name), member})});
  }
  LIMBECK_ASSIGN_OR_RETURN(
      List sorted,
      Sorted(std::move(keys), bound[2].IsTrue(), bound[0].IsTrue()));
  return Value(std::move(sorted));
}

absl::StatusOr<Value> Items(const Value& value) {
  if (value.is_undefined()) return Value(List());
  if (!value.is_dict()) {
    return absl::InvalidArgumentError("items takes a dict");
  }
  List pairs;
  for (const auto& [name, member] : value.dict()) {
    pairs.push_back(Value::Tuple(List{Value(name), member}));
  }
  return Value(std::move(pairs));
}

absl::StatusOr<Value> Reverse(const Value& value, List items) {
  std::reverse(items.begin(), items.end());
  if (!value.is_string()) return Value(std::move(items));
  std::string text;
  for (const Value& character : items) text += character.string();
  return Value(std::move(text));
}

absl::StatusOr<Value> Sum(const List& items) {
  Value total(int64_t{0});
  for (const Value& item : items) {
    LIMBECK_ASSIGN_OR_RETURN(total, ApplyBinary("+", total, item));
  }
  return total;
}

}  // namespace

bool IsListFilter(absl::string_view name) {
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

absl::StatusOr<Value> ApplyListFilter(absl::string_view name,
                                      const Value& value,
                                      const Arguments& arguments) {
  if (name == "dictsort") return DictSort(value, arguments);
  if (name == "items") return Items(value);
  // As in jinja2, map and select take anything without truth as empty.
  const bool maps = name == "map" || name == "select" || name == "reject" ||
                    name == "selectattr" || name == "rejectattr";
  if (maps && !value.IsTrue()) return Value(List());
  LIMBECK_ASSIGN_OR_RETURN(List items, ItemsOf(value));
  if (name == "map") return Map(items, arguments);
  if (name == "join") return Join(items, arguments);
  if (name == "sort") return Sort(items, arguments);
  if (maps) return Select(name, items, arguments);
  LIMBECK_RETURN_IF_ERROR(Bind(name, arguments, {}).status());
  if (name == "list") return Value(std::move(items));
  if (name == "sum") return Sum(items);
  if (name == "reverse") return Reverse(value, std::move(items));
  if (items.empty()) return Value(Undefined{std::string(name)});
  return name == "first" ? items.front() : items.back();
}

}  // namespace limbeck::jinja
