// One function per group of names.
#include "data/text/jinja/methods.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"
#include "data/text/unicode_classes.h"

namespace limbeck::jinja {
namespace {

constexpr std::array<absl::string_view, 17> kTextMethods = {
    "strip",    "lstrip",  "rstrip",     "split",   "rsplit", "startswith",
    "endswith", "replace", "upper",      "lower",   "title",  "capitalize",
    "find",     "count",   "splitlines", "isdigit", "join"};
constexpr std::array<absl::string_view, 4> kDictMethods = {"items", "keys",
                                                           "values", "get"};
constexpr std::array<absl::string_view, 5> kBuiltins = {
    "range", "namespace", "dict", "raise_exception", "strftime_now"};
constexpr int64_t kMaxRange = 100'000;  // jinja2.sandbox.MAX_RANGE

template <typename Names>
bool Holds(const Names& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

List SplitByBlanks(const std::string& text, int64_t max_splits) {
  List pieces;
  size_t at = 0;
  const auto skip = [&](bool blanks) {
    while (at < text.size()) {
      const Character character = ReadCharacter(text, at);
      if (IsPythonSpace(character) != blanks) break;
      at += character.bytes;
    }
  };
  for (;;) {
    skip(true);
    if (at >= text.size()) return pieces;
    const size_t begin = at;
    const bool is_last =
        max_splits >= 0 && static_cast<int64_t>(pieces.size()) >= max_splits;
    if (is_last) {
      at = text.size();
    } else {
      skip(false);
    }
    pieces.emplace_back(text.substr(begin, at - begin));
  }
}

absl::StatusOr<bool> HasEdge(const std::string& text, const Value& wanted,
                             bool at_start) {
  if (wanted.is_list()) {
    for (const Value& one : wanted.list()) {
      LIMBECK_ASSIGN_OR_RETURN(const bool found, HasEdge(text, one, at_start));
      if (found) return true;
    }
    return false;
  }
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string edge,
      TextOf(at_start ? "startswith" : "endswith", wanted));
  return at_start ? absl::StartsWith(text, edge) : absl::EndsWith(text, edge);
}

absl::StatusOr<Value> ReplaceIn(const std::string& text, const List& bound) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string from, TextOf("replace", bound[0]));
  LIMBECK_ASSIGN_OR_RETURN(const std::string to, TextOf("replace", bound[1]));
  int64_t left = -1;
  if (!bound[2].is_undefined()) {
    LIMBECK_ASSIGN_OR_RETURN(left, IntegerOf("replace", bound[2]));
  }
  if (from.empty()) {
    return absl::UnimplementedError("replace of an empty text");
  }
  std::string result;
  size_t at = 0;
  for (; left != 0; --left) {
    const size_t found = text.find(from, at);
    if (found == std::string::npos) break;
    absl::StrAppend(&result, absl::string_view(text).substr(at, found - at),
                    to);
    at = found + from.size();
  }
  return Value(result + text.substr(at));
}

absl::StatusOr<Value> SplitLines(const std::string& text) {
  List lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = text.find_first_of("\r\n", begin);
    lines.emplace_back(text.substr(begin, end - begin));
    if (end == std::string::npos) break;
    const bool pair = text.compare(end, 2, "\r\n") == 0;
    begin = end + (pair ? 2 : 1);
  }
  return Value(std::move(lines));
}

// rsplit with a separator and a number of splits.
absl::StatusOr<Value> SplitFromRight(const std::string& text,
                                     const Value& separator, int64_t splits) {
  if (splits < 0 || separator.is_none()) {
    if (splits >= 0) {
      return absl::UnimplementedError("rsplit by blanks with a limit");
    }
    LIMBECK_ASSIGN_OR_RETURN(List pieces, SplitText(text, separator, -1));
    return Value(std::move(pieces));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string by, TextOf("rsplit", separator));
  if (by.empty()) return absl::InvalidArgumentError("an empty separator");
  List pieces;
  size_t end = text.size();
  for (; splits > 0 && end >= by.size(); --splits) {
    const size_t found = text.rfind(by, end - by.size());
    if (found == std::string::npos) break;
    pieces.emplace_back(
        text.substr(found + by.size(), end - found - by.size()));
    end = found;
  }
  pieces.emplace_back(text.substr(0, end));
  std::reverse(pieces.begin(), pieces.end());
  return Value(std::move(pieces));
}

absl::StatusOr<Value> CallSplit(const std::string& text, absl::string_view name,
                                const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(List bound,
                           Bind(name, arguments, {"sep", "maxsplit"}));
  if (bound[0].is_undefined()) bound[0] = Value();
  int64_t splits = -1;
  if (!bound[1].is_undefined()) {
    LIMBECK_ASSIGN_OR_RETURN(splits, IntegerOf(name, bound[1]));
  }
  if (name == "rsplit") return SplitFromRight(text, bound[0], splits);
  LIMBECK_ASSIGN_OR_RETURN(List pieces, SplitText(text, bound[0], splits));
  return Value(std::move(pieces));
}

absl::StatusOr<Value> JoinBy(const std::string& separator, const Value& list) {
  LIMBECK_ASSIGN_OR_RETURN(const List items, ItemsOf(list));
  std::string joined;
  for (size_t i = 0; i < items.size(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string text, TextOf("join", items[i]));
    absl::StrAppend(&joined, i > 0 ? separator : "", text);
  }
  return Value(std::move(joined));
}

absl::StatusOr<Value> FindOrCount(const std::string& text,
                                  absl::string_view name, const Value& what) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string wanted, TextOf(name, what));
  if (name == "find") {
    const size_t found = text.find(wanted);
    if (found == std::string::npos) return Value(int64_t{-1});
    const absl::string_view before(text.data(), found);
    return Value(static_cast<int64_t>(NumCharacters(before)));
  }
  if (wanted.empty()) return absl::UnimplementedError("count of an empty text");
  int64_t count = 0;
  for (size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + wanted.size())) {
    ++count;
  }
  return Value(count);
}

absl::StatusOr<Value> CallTextMethod(const std::string& text,
                                     absl::string_view name,
                                     const Arguments& arguments) {
  if (name == "split" || name == "rsplit") {
    return CallSplit(text, name, arguments);
  }
  if (name == "replace") {
    LIMBECK_ASSIGN_OR_RETURN(const List bound,
                             Bind(name, arguments, {"old", "new", "count"}));
    return ReplaceIn(text, bound);
  }
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    LIMBECK_ASSIGN_OR_RETURN(const List bound,
                             Bind(name, arguments, {"chars"}));
    LIMBECK_ASSIGN_OR_RETURN(
        std::string stripped,
        Strip(text, bound[0], name != "rstrip", name != "lstrip"));
    return Value(std::move(stripped));
  }
  if (name == "startswith" || name == "endswith") {
    LIMBECK_ASSIGN_OR_RETURN(const List bound, Bind(name, arguments, {"edge"}));
    LIMBECK_ASSIGN_OR_RETURN(const bool found,
                             HasEdge(text, bound[0], name == "startswith"));
    return Value(found);
  }
  if (name == "find" || name == "count" || name == "join") {
    LIMBECK_ASSIGN_OR_RETURN(const List bound, Bind(name, arguments, {"sub"}));
    return name == "join" ? JoinBy(text, bound[0])
                          : FindOrCount(text, name, bound[0]);
  }
  LIMBECK_RETURN_IF_ERROR(Bind(name, arguments, {}).status());
  if (name == "splitlines") return SplitLines(text);
  if (name == "isdigit") {
    return Value(!text.empty() &&
                 std::all_of(text.begin(), text.end(), [](char c) {
                   return absl::ascii_isdigit(static_cast<unsigned char>(c));
                 }));
  }
  const Case wanted = name == "upper"   ? Case::kUpper
                      : name == "lower" ? Case::kLower
                      : name == "title" ? Case::kTitle
                                        : Case::kCapitalize;
  LIMBECK_ASSIGN_OR_RETURN(std::string changed, ChangeCase(text, wanted));
  return Value(std::move(changed));
}

absl::StatusOr<Value> CallDictMethod(const Value& self, absl::string_view name,
                                     const Arguments& arguments) {
  if (name == "get") {
    LIMBECK_ASSIGN_OR_RETURN(List bound,
                             Bind(name, arguments, {"key", "default"}));
    LIMBECK_ASSIGN_OR_RETURN(const std::string key, TextOf(name, bound[0]));
    const Value* found = self.Find(key);
    if (found != nullptr) return *found;
    return bound[1].is_undefined() ? Value() : bound[1];
  }
  LIMBECK_RETURN_IF_ERROR(Bind(name, arguments, {}).status());
  List list;
  for (const auto& [key, value] : self.dict()) {
    if (name == "keys") {
      list.emplace_back(key);
    } else if (name == "values") {
      list.push_back(value);
    } else {
      list.push_back(Value::Tuple(List{Value(key), value}));
    }
  }
  return Value(std::move(list));
}

absl::StatusOr<Value> Range(const Arguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const List bound,
                           Bind("range", arguments, {"a", "b", "c"}));
  std::array<int64_t, 3> numbers = {0, 0, 1};
  for (size_t i = 0; i < 3; ++i) {
    if (bound[i].is_undefined()) continue;
    LIMBECK_ASSIGN_OR_RETURN(numbers[i], IntegerOf("range", bound[i]));
  }
  if (bound[1].is_undefined()) numbers = {0, numbers[0], 1};
  const int64_t step = numbers[2];
  if (step == 0) return absl::InvalidArgumentError("the step of a range is 0");
  List list;
  for (int64_t i = numbers[0]; step > 0 ? i < numbers[1] : i > numbers[1];) {
    if (static_cast<int64_t>(list.size()) == kMaxRange) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a range of more than ", kMaxRange, " numbers"));
    }
    list.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return Value(std::move(list));
}

absl::StatusOr<Value> FormatDate(const std::string& format,
                                 const std::string& date) {
  std::tm day{};
  int year = 0;
  int month = 0;
  if (date.empty() || std::sscanf(date.c_str(), "%4d-%2d-%2d", &year, &month,
                                  &day.tm_mday) != 3) {
    return absl::FailedPreconditionError(
        "the template asks for today's date: give it as date, \"YYYY-MM-DD\"");
  }
  day.tm_year = year - 1900;
  day.tm_mon = month - 1;
  day.tm_isdst = -1;
  day.tm_hour = 12;
  if (timegm(&day) == -1) return absl::InvalidArgumentError("a bad date");
  for (size_t at = format.find('%'); at != std::string::npos;
       at = format.find('%', at + 2)) {
    const char code = at + 1 < format.size() ? format[at + 1] : '\0';
    if (!absl::StrContains("YmdBbAajy%", code) || code == '\0') {
      return absl::UnimplementedError(
          absl::StrCat("strftime_now('", format, "'): only the day is known"));
    }
  }
  std::array<char, 256> text{};
  if (format.size() > 64) return absl::InvalidArgumentError("a long format");
  const size_t length =
      std::strftime(text.data(), text.size(), format.c_str(), &day);
  return Value(std::string(text.data(), length));
}

}  // namespace

bool HasMethod(const Value& value, absl::string_view name) {
  if (value.is_string()) return Holds(kTextMethods, name);
  if (value.is_dict()) return Holds(kDictMethods, name);
  return false;
}

absl::StatusOr<Value> CallMethod(const Value& self, absl::string_view name,
                                 const Arguments& arguments) {
  if (self.is_dict()) return CallDictMethod(self, name, arguments);
  return CallTextMethod(self.string(), name, arguments);
}

bool IsBuiltin(absl::string_view name) { return Holds(kBuiltins, name); }

absl::StatusOr<Value> CallBuiltin(absl::string_view name,
                                  const Arguments& arguments,
                                  const std::string& date) {
  if (name == "range") return Range(arguments);
  if (name == "raise_exception") {
    LIMBECK_ASSIGN_OR_RETURN(const List bound,
                             Bind(name, arguments, {"message"}));
    LIMBECK_ASSIGN_OR_RETURN(std::string message, ToText(bound[0]));
    return absl::AbortedError(message);
  }
  if (name == kClock) {
    LIMBECK_ASSIGN_OR_RETURN(const List bound,
                             Bind(name, arguments, {"format"}));
    LIMBECK_ASSIGN_OR_RETURN(const std::string format, TextOf(name, bound[0]));
    return FormatDate(format, date);
  }
  Dict members;
  for (const Value& dict : arguments.positional) {
    if (!dict.is_dict()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " takes names, or one dict"));
    }
    members = dict.dict();
  }
  for (const auto& [key, value] : arguments.named) {
    SetMember(key, value, &members);
  }
  if (name == "dict") return Value(std::move(members));
  return Value(std::make_shared<Namespace>(Namespace{std::move(members)}));
}

absl::StatusOr<List> SplitText(const std::string& text, const Value& separator,
                               int64_t max_splits) {
  if (separator.is_none()) return SplitByBlanks(text, max_splits);
  LIMBECK_ASSIGN_OR_RETURN(const std::string by, TextOf("split", separator));
  if (by.empty()) return absl::InvalidArgumentError("an empty separator");
  List pieces;
  size_t at = 0;
  while (max_splits < 0 || static_cast<int64_t>(pieces.size()) < max_splits) {
    const size_t found = text.find(by, at);
    if (found == std::string::npos) break;
    pieces.emplace_back(text.substr(at, found - at));
    at = found + by.size();
  }
  pieces.emplace_back(text.substr(at));
  return pieces;
}

absl::StatusOr<std::string> Strip(const std::string& text,
                                  const Value& characters, bool left,
                                  bool right) {
  std::vector<std::string> set;
  const bool by_blanks = characters.is_undefined() || characters.is_none();
  if (!by_blanks) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string all,
                             TextOf("strip", characters));
    set = Characters(all);
  }
  const auto goes = [&](const std::string& one) {
    return by_blanks ? IsPythonSpace(ReadCharacter(one, 0)) : Holds(set, one);
  };
  const std::vector<std::string> all = Characters(text);
  auto begin = all.begin();
  auto end = all.end();
  while (left && begin != end && goes(*begin)) ++begin;
  while (right && begin != end && goes(*(end - 1))) --end;
  std::string result;
  for (; begin != end; ++begin) result += *begin;
  return result;
}

absl::StatusOr<std::string> ChangeCase(const std::string& text, Case wanted) {
  std::string result;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const Character character = ReadCharacter(text, at);
    if (character.code >= 0x80 && character.In(kLetters | kMarks)) {
      const bool has_case = character.kind != CharacterClass::kOtherLetter;
      if (has_case || character.In(kMarks)) {
        return absl::UnimplementedError(
            absl::StrFormat("upper and lower case of U+%04X", character.code));
      }
    }
    const auto c = static_cast<unsigned char>(text[at]);
    const bool upper = wanted == Case::kUpper ||
                       (wanted == Case::kTitle && !in_word) ||
                       (wanted == Case::kCapitalize && at == 0);
    if (character.code < 0x80) {
      result.push_back(upper ? absl::ascii_toupper(c) : absl::ascii_tolower(c));
      in_word = absl::ascii_isalpha(c);
    } else {
      result.append(text, at, character.bytes);
      in_word = false;
    }
    at += character.bytes;
  }
  return result;
}

}  // namespace limbeck::jinja
