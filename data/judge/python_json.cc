// ParsePythonJson: the grammar of Python's json module.
#include <algorithm>
#include <cmath>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/judge/python_value.h"

namespace limbeck {
namespace {

constexpr int kMaxDepth = 512;

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<PythonValue> ParseAll() {
    LIMBECK_ASSIGN_OR_RETURN(PythonValue value, ParseValue(0));
    SkipBlanks();
    if (at_ < text_.size()) return Error("extra data");
    return value;
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "no JSON: ", what, " at byte ", at_, " of ", text_.size()));
  }

  void SkipBlanks() {
    at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size());
  }

  bool Take(absl::string_view word) {
    if (!absl::StartsWith(text_.substr(at_), word)) return false;
    at_ += word.size();
    return true;
  }

  // The values with a name of their own; nullopt: none of them.
  std::optional<PythonValue> TakeName() {
    if (Take("null")) return PythonValue{};
    if (Take("true")) return PythonValue{true};
    if (Take("false")) return PythonValue{false};
    if (Take("NaN")) return PythonValue{std::nan("")};
    if (Take("Infinity")) return PythonValue{HUGE_VAL};
    if (Take("-Infinity")) return PythonValue{-HUGE_VAL};
    return std::nullopt;
  }

  absl::StatusOr<PythonValue> ParseValue(int depth) {
    if (depth > kMaxDepth) return Error("more than 512 levels");
    SkipBlanks();
    if (at_ == text_.size()) return Error("the end, expected a value");
    if (std::optional<PythonValue> name = TakeName()) return *std::move(name);
    switch (text_[at_]) {
      case '"': {
        ++at_;
        LIMBECK_ASSIGN_OR_RETURN(std::string text, ParseString());
        return PythonValue{std::move(text)};
      }
      case '[':
        ++at_;
        return ParseList(depth);
      case '{':
        ++at_;
        return ParseDict(depth);
      default:
        return ParseNumber();
    }
  }

  absl::StatusOr<PythonValue> ParseList(int depth) {
    PythonSequence list;
    SkipBlanks();
    if (Take("]")) return PythonValue{std::move(list)};
    while (true) {
      LIMBECK_ASSIGN_OR_RETURN(PythonValue item, ParseValue(depth + 1));
      list.items.push_back(std::move(item));
      SkipBlanks();
      if (Take("]")) return PythonValue{std::move(list)};
      if (!Take(",")) return Error("expected , or ]");
    }
  }

  absl::StatusOr<PythonValue> ParseDict(int depth) {
    PythonDict dict;
    std::unordered_map<std::string, size_t> places;  // of the keys seen
    SkipBlanks();
    if (Take("}")) return PythonValue{std::move(dict)};
    while (true) {
      SkipBlanks();
      if (!Take("\"")) return Error("expected a key");
      LIMBECK_ASSIGN_OR_RETURN(std::string key, ParseString());
      SkipBlanks();
      if (!Take(":")) return Error("expected :");
      LIMBECK_ASSIGN_OR_RETURN(PythonValue value, ParseValue(depth + 1));
      const auto place = places.try_emplace(key, dict.keys.size()).first;
      if (place->second == dict.keys.size()) {
        dict.keys.push_back(PythonValue{std::move(key)});
        dict.values.emplace_back();
      }
      dict.values[place->second] = std::move(value);
      SkipBlanks();
      if (Take("}")) return PythonValue{std::move(dict)};
      if (!Take(",")) return Error("expected , or }");
    }
  }

  size_t TakeDigits() {
    const size_t begin = at_;
    while (at_ < text_.size() && absl::ascii_isdigit(Byte(at_))) ++at_;
    return at_ - begin;
  }

  unsigned char Byte(size_t at) const {
    return static_cast<unsigned char>(text_[at]);
  }

  absl::StatusOr<PythonValue> ParseNumber() {
    const size_t begin = at_;
    Take("-");
    if (!Take("0") && TakeDigits() == 0) return Error("expected a value");
    const size_t end_of_integer = at_;
    if (Take(".") && TakeDigits() == 0) at_ = end_of_integer;
    const size_t end_of_fraction = at_;
    if (Take("e") || Take("E")) {
      if (!Take("-")) Take("+");
      if (TakeDigits() == 0) at_ = end_of_fraction;
    }
    const absl::string_view number = text_.substr(begin, at_ - begin);
    if (at_ > end_of_integer) return PythonValue{ReadDouble(number)};
    int64_t integer = 0;
    if (absl::SimpleAtoi(number, &integer)) return PythonValue{integer};
    return PythonValue{BigInteger{std::string(number)}};
  }

  // Nearest double; infinity beyond the greatest, as float() does.
  static double ReadDouble(absl::string_view number) {
    double value = 0;
    const absl::from_chars_result read =
        absl::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec == std::errc::result_out_of_range && std::abs(value) > 1) {
      return number[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    }
    return value;
  }

  absl::StatusOr<std::string> ParseString() {
    std::string out;
    while (at_ < text_.size()) {
      const size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             Byte(at_) >= 0x20) {
        ++at_;
      }
      absl::StrAppend(&out, text_.substr(begin, at_ - begin));
      if (Take("\"")) return out;
      if (!Take("\\")) break;
      LIMBECK_RETURN_IF_ERROR(ParseEscape(&out));
    }
    return Error("a string without end or with a control character");
  }

  absl::Status ParseEscape(std::string* out) {
    constexpr absl::string_view kNames = "\"\\/bfnrt";
    constexpr absl::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return Error("a string without end");
    const char name = text_[at_++];
    if (name == 'u') return ParseCodePoint(out);
    const size_t index = kNames.find(name);
    if (index == absl::string_view::npos) return Error("unknown escape");
    out->push_back(kMeant[index]);
    return absl::OkStatus();
  }

  absl::StatusOr<uint32_t> ParseHex() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ == text_.size() || !absl::ascii_isxdigit(Byte(at_))) {
        return Error("expected four hexadecimal digits");
      }
      const char digit = absl::ascii_tolower(Byte(at_));
      value = value * 16 + static_cast<uint32_t>(
                               digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return value;
  }

  // A surrogate that has no partner stays one, as three bytes.
  absl::Status ParseCodePoint(std::string* out) {
    LIMBECK_ASSIGN_OR_RETURN(uint32_t code, ParseHex());
    if (code >= 0xD800 && code < 0xDC00 &&
        absl::StartsWith(text_.substr(at_), "\\u")) {
      const size_t before = at_;
      at_ += 2;
      LIMBECK_ASSIGN_OR_RETURN(const uint32_t low, ParseHex());
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = before;
      }
    }
    AppendCodePoint(code, out);
    return absl::OkStatus();
  }

  static void AppendCodePoint(uint32_t code, std::string* out) {
    if (code < 0xD800 || code > 0xDFFF) return AppendUtf8(code, out);
    for (const uint32_t byte :
         {0xE0 | code >> 12, 0x80 | (code >> 6 & 0x3F), 0x80 | (code & 0x3F)}) {
      out->push_back(static_cast<char>(byte));
    }
  }

  const absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<PythonValue> ParsePythonJson(absl::string_view text) {
  return Parser(text).ParseAll();
}

}  // namespace limbeck
