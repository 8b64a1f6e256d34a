// Follows jinja2's lexer: which blanks a tag takes is decided where it begins
// and where it ends.
#include "data/text/jinja/lexer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/text/jinja/value.h"
#include "data/text/unicode_classes.h"

namespace limbeck::jinja {
namespace {

using Kind = Token::Kind;

bool IsNameStart(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool IsNamePart(char c) {
  return IsNameStart(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

size_t BlanksAt(absl::string_view text, size_t at) {
  size_t end = at;
  for (;;) {
    const Character next = ReadCharacter(text, end);
    if (!IsPythonSpace(next)) return end - at;
    end += next.bytes;
  }
}

absl::string_view WithoutBlanksAtEnd(absl::string_view text) {
  size_t end = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t blanks = BlanksAt(text, at);
    at += blanks > 0 ? blanks : ReadCharacter(text, at).bytes;
    if (blanks == 0) end = at;
  }
  return text.substr(0, end);
}

class Lexer {
 public:
  explicit Lexer(absl::string_view source)
      : source_(absl::StrReplaceAll(source, {{"\r\n", "\n"}, {"\r", "\n"}})) {
    if (absl::EndsWith(source_, "\n")) source_.pop_back();
  }

  absl::StatusOr<std::vector<Token>> Run() {
    while (at_ < source_.size()) {
      const size_t tag = FindTag();
      AddText(tag);
      if (tag == std::string::npos) break;
      LIMBECK_RETURN_IF_ERROR(ReadTag());
    }
    Add(Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", what));
  }

  void Add(Kind kind, std::string text) {
    tokens_.push_back({kind, std::move(text), line_});
  }

  void Advance(size_t count) {
    line_ += static_cast<int>(std::count(
        source_.begin() + static_cast<ptrdiff_t>(at_),
        source_.begin() + static_cast<ptrdiff_t>(at_ + count), '\n'));
    at_ += count;
  }

  bool Starts(absl::string_view text) const {
    return absl::StartsWith(absl::string_view(source_).substr(at_), text);
  }

  size_t FindTag() const {
    for (size_t i = at_; i + 1 < source_.size(); ++i) {
      const char next = source_[i + 1];
      if (source_[i] == '{' && (next == '{' || next == '%' || next == '#')) {
        return i;
      }
    }
    return std::string::npos;
  }

  // The text up to a tag (npos: the end), without what the tag takes of it.
  void AddText(size_t tag) {
    const bool is_last = tag == std::string::npos;
    const size_t end = is_last ? source_.size() : tag;
    absl::string_view text = absl::string_view(source_).substr(at_, end - at_);
    std::string kept(text);
    if (!is_last) {
      const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
      if (sign == '-') {
        kept = std::string(WithoutBlanksAtEnd(text));
      } else if (sign != '+' && source_[tag + 1] != '{') {
        const size_t line = text.rfind('\n') + 1;  // 0: none
        const bool begins_line = line > 0 || line_starts_;
        if (begins_line && BlanksAt(text, line) == text.size() - line) {
          kept = std::string(text.substr(0, line));
        }
      }
    }
    if (!kept.empty()) Add(Kind::kText, std::move(kept));
    Advance(text.size());
  }

  absl::Status ReadTag() {
    const char kind = source_[at_ + 1];
    const int begin_line = line_;
    Advance(2);
    const char sign = at_ < source_.size() ? source_[at_] : '\0';
    if (kind == '#') return SkipComment(begin_line);
    if (sign == '-' || (sign == '+' && kind == '%')) Advance(1);
    const bool is_block = kind == '%';
    Add(is_block ? Kind::kBlockBegin : Kind::kVariableBegin, "");
    return ReadInside(is_block);
  }

  absl::Status SkipComment(int begin_line) {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) {
      line_ = begin_line;
      return Error("the comment is not closed");
    }
    const bool strips = end > at_ && source_[end - 1] == '-';
    const bool keeps = end > at_ && source_[end - 1] == '+';
    Advance(end + 2 - at_);
    EndTag(strips, !keeps);
    return absl::OkStatus();
  }

  // strips: "-" before the end. trims: a line break behind it goes.
  void EndTag(bool strips, bool trims) {
    const size_t before = at_;
    if (strips) {
      Advance(BlanksAt(source_, at_));
    } else if (trims && at_ < source_.size() && source_[at_] == '\n') {
      Advance(1);
    }
    line_starts_ = at_ > before && source_[at_ - 1] == '\n';
  }

  absl::Status ReadInside(bool is_block) {
    const absl::string_view end = is_block ? "%}" : "}}";
    open_ = 0;
    for (;;) {
      Advance(BlanksAt(source_, at_));
      if (at_ >= source_.size()) return Error("the tag is not closed");
      const bool strips = Starts(absl::StrCat("-", end));
      const bool keeps = is_block && Starts(absl::StrCat("+", end));
      if (open_ == 0 && (strips || keeps || Starts(end))) {
        Add(is_block ? Kind::kBlockEnd : Kind::kVariableEnd, "");
        Advance(end.size() + (strips || keeps ? 1 : 0));
        EndTag(strips, is_block && !keeps);
        return absl::OkStatus();
      }
      LIMBECK_RETURN_IF_ERROR(ReadToken());
    }
  }

  absl::Status ReadToken() {
    const char c = source_[at_];
    if (c == '\'' || c == '"') return ReadString(c);
    if (IsNameStart(c)) {
      size_t end = at_;
      while (end < source_.size() && IsNamePart(source_[end])) ++end;
      Add(Kind::kName, source_.substr(at_, end - at_));
      Advance(end - at_);
      return absl::OkStatus();
    }
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) return ReadNumber();
    return ReadOperator();
  }

  absl::Status ReadNumber() {
    size_t end = at_;
    bool is_float = false;
    const auto digit = [&](size_t i) {
      return i < source_.size() &&
             absl::ascii_isdigit(static_cast<unsigned char>(source_[i]));
    };
    while (digit(end)) ++end;
    if (end < source_.size() && source_[end] == '.' && digit(end + 1)) {
      is_float = true;
      ++end;
      while (digit(end)) ++end;
    }
    if (end < source_.size() && (source_[end] | 0x20) == 'e') {
      const char sign = end + 1 < source_.size() ? source_[end + 1] : '\0';
      const size_t digits = end + (sign == '+' || sign == '-' ? 2 : 1);
      if (digit(digits)) {
        is_float = true;
        end = digits;
        while (digit(end)) ++end;
      }
    }
    if (end < source_.size() && IsNamePart(source_[end])) {
      return Error("only plain decimal numbers are read");
    }
    Add(is_float ? Kind::kFloat : Kind::kInt, source_.substr(at_, end - at_));
    Advance(end - at_);
    return absl::OkStatus();
  }

  absl::Status ReadOperator() {
    static constexpr std::array<absl::string_view, 29> kOperators = {
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/",
        "%",  "~",  "<",  ">",  "=",  "(",  ")", "[", "]", "{",
        "}",  ",",  ":",  ".",  "|",  ";",  "!", "@", "?"};
    for (absl::string_view known : kOperators) {
      if (!Starts(known)) continue;
      if (known == "(" || known == "[" || known == "{") ++open_;
      if (known == ")" || known == "]" || known == "}") --open_;
      if (open_ < 0) return Error(absl::StrCat("'", known, "' closes nothing"));
      Add(Kind::kOperator, std::string(known));
      Advance(known.size());
      return absl::OkStatus();
    }
    return Error(
        absl::StrCat("unexpected character '", source_.substr(at_, 1), "'"));
  }

  absl::Status ReadString(char quote) {
    std::string text;
    size_t at = at_ + 1;
    for (; at < source_.size() && source_[at] != quote; ++at) {
      if (source_[at] != '\\') {
        text.push_back(source_[at]);
        continue;
      }
      LIMBECK_ASSIGN_OR_RETURN(at, ReadEscape(at, &text));
    }
    if (at >= source_.size()) return Error("the text is not closed");
    Add(Kind::kString, std::move(text));
    Advance(at + 1 - at_);
    return absl::OkStatus();
  }

  // The escape at byte `at`; returns its last byte.
  absl::StatusOr<size_t> ReadEscape(size_t at, std::string* text) const {
    if (at + 1 >= source_.size()) return Error("the text is not closed");
    const char c = source_[at + 1];
    static constexpr absl::string_view kNames = "ntrbfav0\\'\"\n";
    static constexpr absl::string_view kValues{"\n\t\r\b\f\a\v\0\\'\"", 11};
    if (c == 'x' || c == 'u' || c == 'U') {
      const size_t digits = c == 'x' ? 2 : (c == 'u' ? 4 : 8);
      uint32_t code = 0;
      for (size_t i = 0; i < digits; ++i) {
        const char digit =
            at + 2 + i < source_.size() ? source_[at + 2 + i] : 0;
        if (!absl::ascii_isxdigit(static_cast<unsigned char>(digit))) {
          return Error("a bad escape in a text");
        }
        const char lower =
            absl::ascii_tolower(static_cast<unsigned char>(digit));
        code = code * 16 + static_cast<uint32_t>(
                               lower <= '9' ? lower - '0' : lower - 'a' + 10);
      }
      if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        return Error("an escape of no character in a text");
      }
      AppendUtf8(code, text);
      return at + 1 + digits;
    }
    const size_t place = kNames.find(c);
    if (place == absl::string_view::npos) {  // Python keeps both
      text->push_back('\\');
      text->push_back(c);
    } else if (place < kValues.size()) {
      text->push_back(kValues[place]);
    }
    return at + 1;
  }

  std::string source_;
  size_t at_ = 0;
  int line_ = 1;
  int open_ = 0;             // brackets inside a tag
  bool line_starts_ = true;  // the text begins at the start of a line
  std::vector<Token> tokens_;
};

}  // namespace

absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view source) {
  return Lexer(source).Run();
}

}  // namespace limbeck::jinja
