// Text to Json values (RFC 8259): recursive descent with a depth cap.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"

namespace limbeck {
namespace {

// Up to here comparing all pairs is quicker than sorting.
constexpr size_t kFewMembers = 16;

class Parser {
 public:
  Parser(absl::string_view text, int max_depth)
      : text_(text), max_depth_(max_depth) {}

  absl::StatusOr<Json> ParseDocument();

 private:
  absl::StatusOr<Json> ParseValue(int depth);
  absl::StatusOr<Json> ParseWord(absl::string_view word, Json value);
  absl::StatusOr<Json> ParseArray(int depth);
  absl::StatusOr<Json> ParseObject(int depth);
  absl::StatusOr<JsonMember> ParseMember(int depth);
  absl::StatusOr<Json> ParseNumber();
  absl::StatusOr<std::string> ParseString();
  absl::Status ParseEscape(std::string* out);
  absl::Status ParseUnicodeEscape(std::string* out);
  absl::StatusOr<uint32_t> ParseFourDigits();
  absl::Status CheckKeys(const JsonObject& object,
                         const std::vector<size_t>& key_positions) const;

  void SkipSpace();
  bool Consume(char wanted);
  size_t SkipDigits();
  bool at_end() const { return position_ == text_.size(); }
  char Peek() const { return at_end() ? '\0' : text_[position_]; }

  absl::Status ErrorAt(size_t position, absl::string_view problem) const;
  absl::Status Expected(absl::string_view wanted) const;

  const absl::string_view text_;
  const int max_depth_;
  size_t position_ = 0;
};

absl::Status Parser::ErrorAt(size_t position, absl::string_view problem) const {
  const absl::string_view before = text_.substr(0, position);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  // Columns count characters: continuation bytes do not add one.
  const auto column =
      std::count_if(before.begin() + static_cast<ptrdiff_t>(line_start),
                    before.end(), [](char c) { return (c & 0xC0) != 0x80; }) +
      1;
  return absl::InvalidArgumentError(absl::StrCat(
      "line ", line, ", column ", column, " (byte ", position, "): ", problem));
}

absl::Status Parser::Expected(absl::string_view wanted) const {
  const std::string found =
      at_end() ? "the end of the text"
               : absl::StrCat("'", absl::CHexEscape(text_.substr(position_, 1)),
                              "'");
  return ErrorAt(position_,
                 absl::StrCat("expected ", wanted, ", found ", found));
}

void Parser::SkipSpace() {
  while (!at_end() && (Peek() == ' ' || Peek() == '\n' || Peek() == '\t' ||
                       Peek() == '\r')) {
    ++position_;
  }
}

bool Parser::Consume(char wanted) {
  if (at_end() || Peek() != wanted) return false;
  ++position_;
  return true;
}

absl::StatusOr<Json> Parser::ParseDocument() {
  if (absl::StartsWith(text_, "\xEF\xBB\xBF")) {
    return ErrorAt(0, "the text starts with a byte order mark; remove it");
  }
  LIMBECK_ASSIGN_OR_RETURN(Json value, ParseValue(/*depth=*/0));
  SkipSpace();
  if (!at_end()) return Expected("the end of the text after the value");
  return value;
}

absl::StatusOr<Json> Parser::ParseValue(int depth) {
  SkipSpace();
  switch (Peek()) {
    case '{':
    case '[':
      if (depth >= max_depth_) {
        return ErrorAt(position_, absl::StrCat("more than ", max_depth_,
                                               " levels of nesting"));
      }
      return Peek() == '{' ? ParseObject(depth) : ParseArray(depth);
    case '"': {
      LIMBECK_ASSIGN_OR_RETURN(std::string text, ParseString());
      return Json(std::move(text));
    }
    case 't':
      return ParseWord("true", Json(true));
    case 'f':
      return ParseWord("false", Json(false));
    case 'n':
      return ParseWord("null", Json());
    default:
      return ParseNumber();
  }
}

absl::StatusOr<Json> Parser::ParseWord(absl::string_view word, Json value) {
  if (!absl::StartsWith(text_.substr(position_), word)) {
    return ErrorAt(position_, absl::StrCat("expected a value, perhaps ", word));
  }
  position_ += word.size();
  return value;
}

absl::StatusOr<Json> Parser::ParseArray(int depth) {
  ++position_;
  JsonArray array;
  SkipSpace();
  if (Consume(']')) return Json(std::move(array));
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(Json value, ParseValue(depth + 1));
    array.push_back(std::move(value));
    SkipSpace();
    if (Consume(']')) return Json(std::move(array));
    if (!Consume(',')) return Expected("',' or ']' after a value");
  }
}

absl::StatusOr<JsonMember> Parser::ParseMember(int depth) {
  if (Peek() != '"') return Expected("a key in double quotes");
  LIMBECK_ASSIGN_OR_RETURN(std::string key, ParseString());
  SkipSpace();
  if (!Consume(':')) return Expected("':' after a key");
  LIMBECK_ASSIGN_OR_RETURN(Json value, ParseValue(depth + 1));
  return JsonMember(std::move(key), std::move(value));
}

absl::StatusOr<Json> Parser::ParseObject(int depth) {
  ++position_;
  JsonObject object;
  std::vector<size_t> key_positions;
  SkipSpace();
  if (Consume('}')) return Json(std::move(object));
  while (true) {
    SkipSpace();
    key_positions.push_back(position_);
    LIMBECK_ASSIGN_OR_RETURN(JsonMember member, ParseMember(depth));
    object.push_back(std::move(member));
    SkipSpace();
    if (Consume('}')) break;
    if (!Consume(',')) return Expected("',' or '}' after a member");
  }
  LIMBECK_RETURN_IF_ERROR(CheckKeys(object, key_positions));
  return Json(std::move(object));
}

absl::Status Parser::CheckKeys(const JsonObject& object,
                               const std::vector<size_t>& key_positions) const {
  const auto repeated = [&](size_t index) {
    return ErrorAt(
        key_positions[index],
        absl::StrCat("the key \"", absl::CHexEscape(object[index].first),
                     "\" appears twice in one object"));
  };
  if (object.size() <= kFewMembers) {
    for (size_t i = 1; i < object.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (object[i].first == object[j].first) return repeated(i);
      }
    }
    return absl::OkStatus();
  }
  std::vector<size_t> order(object.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int compared = object[a].first.compare(object[b].first);
    return compared != 0 ? compared < 0 : a < b;
  });
  size_t first_repeated = object.size();
  for (size_t i = 1; i < order.size(); ++i) {
    if (object[order[i]].first == object[order[i - 1]].first) {
      first_repeated = std::min(first_repeated, order[i]);
    }
  }
  if (first_repeated < object.size()) return repeated(first_repeated);
  return absl::OkStatus();
}

size_t Parser::SkipDigits() {
  const size_t start = position_;
  while (!at_end() && absl::ascii_isdigit(static_cast<unsigned char>(Peek()))) {
    ++position_;
  }
  return position_ - start;
}

absl::StatusOr<Json> Parser::ParseNumber() {
  const size_t start = position_;
  Consume('-');
  const bool leading_zero = Peek() == '0';
  const size_t digits = SkipDigits();
  if (digits == 0) {
    return Expected(start == position_ ? "a value" : "a digit after '-'");
  }
  if (leading_zero && digits > 1) {
    return ErrorAt(start, "a number must not start with 0");
  }
  bool integer = true;
  if (Consume('.')) {
    integer = false;
    if (SkipDigits() == 0) return Expected("a digit after the point");
  }
  if (Consume('e') || Consume('E')) {
    integer = false;
    if (!Consume('+')) Consume('-');
    if (SkipDigits() == 0) return Expected("a digit in the exponent");
  }
  const char* begin = text_.data() + start;
  const char* end = text_.data() + position_;
  if (int64_t value;
      integer && std::from_chars(begin, end, value).ec == std::errc()) {
    return Json(value);
  }
  if (uint64_t value;
      integer && std::from_chars(begin, end, value).ec == std::errc()) {
    return Json(value);
  }
  double value = 0;
  const auto parsed = absl::from_chars(begin, end, value);
  // Too small a number becomes zero, as everywhere; too large is refused.
  if (parsed.ec == std::errc::result_out_of_range && std::abs(value) > 1) {
    return ErrorAt(start, "the number is beyond the range of a double");
  }
  return Json(value);
}

absl::StatusOr<std::string> Parser::ParseString() {
  const size_t start = position_++;
  std::string out;
  while (true) {
    // Plain runs are copied as a whole.
    const size_t run = position_;
    while (!at_end() && Peek() >= 0x20 && Peek() < 0x7F && Peek() != '"' &&
           Peek() != '\\') {
      ++position_;
    }
    out.append(text_.data() + run, position_ - run);
    if (at_end()) return ErrorAt(start, "the string has no closing quote");
    if (Consume('"')) return out;
    if (Consume('\\')) {
      LIMBECK_RETURN_IF_ERROR(ParseEscape(&out));
      continue;
    }
    if (static_cast<unsigned char>(Peek()) < 0x20) {
      return ErrorAt(position_, "a control character must be escaped");
    }
    const size_t length = Utf8SequenceBytes(text_.substr(position_));
    if (length == 0) return ErrorAt(position_, "this is not valid UTF-8");
    out.append(text_.data() + position_, length);
    position_ += length;
  }
}

absl::Status Parser::ParseEscape(std::string* out) {
  constexpr absl::string_view kLetters = "\"\\/bfnrt";
  constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (Consume('u')) return ParseUnicodeEscape(out);
  const size_t index = at_end() ? kLetters.npos : kLetters.find(Peek());
  if (index == kLetters.npos) {
    return Expected("one of \" \\ / b f n r t u after a backslash");
  }
  out->push_back(kMeanings[index]);
  ++position_;
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> Parser::ParseFourDigits() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(Peek()))) {
      return Expected("four hexadecimal digits after \\u");
    }
    const char digit = absl::ascii_tolower(static_cast<unsigned char>(Peek()));
    value = value * 16 + static_cast<uint32_t>(digit <= '9' ? digit - '0'
                                                            : digit - 'a' + 10);
    ++position_;
  }
  return value;
}

absl::Status Parser::ParseUnicodeEscape(std::string* out) {
  const size_t start = position_ - 2;
  LIMBECK_ASSIGN_OR_RETURN(uint32_t code, ParseFourDigits());
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (!Consume('\\') || !Consume('u')) {
      return ErrorAt(start, "the first half of a surrogate pair stands alone");
    }
    LIMBECK_ASSIGN_OR_RETURN(const uint32_t low, ParseFourDigits());
    if (low < 0xDC00 || low > 0xDFFF) {
      return ErrorAt(start, "the first half of a surrogate pair stands alone");
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return ErrorAt(start, "the second half of a surrogate pair stands alone");
  }
  AppendUtf8(code, out);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text,
                               const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the text has ", text.size(), " bytes, at most ",
                     limits.max_bytes, " are accepted"));
  }
  return Parser(text, limits.max_depth).ParseDocument();
}

}  // namespace limbeck
