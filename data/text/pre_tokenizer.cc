// One scanner per alternative of the patterns, tried in the patterns' order.
// All are linear: a run of white space is looked at twice at most.
#include "data/text/pre_tokenizer.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/utf8.h"
#include "data/text/unicode_classes.h"

namespace limbeck {
namespace {

constexpr absl::string_view kLlama3Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kQwen2Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kGpt2Pattern =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
    "|\\s+(?!\\S)|\\s+";

enum class CharClass : uint8_t { kLetter, kNumber, kBlank, kOther };

struct Char {
  uint32_t begin;  // byte in the text
  uint32_t code;   // code point; a byte that is no UTF-8: 0xFFFFFFFF
  CharClass kind;
};

CharClass ClassOf(uint32_t code) {
  if (IsLetter(code)) return CharClass::kLetter;
  if (IsNumber(code)) return CharClass::kNumber;
  return IsWhiteSpace(code) ? CharClass::kBlank : CharClass::kOther;
}

std::vector<Char> ReadChars(absl::string_view text) {
  std::vector<Char> chars;
  chars.reserve(text.size() + 1);
  for (size_t at = 0; at < text.size();) {
    const absl::string_view rest = text.substr(at);
    const size_t length = Utf8SequenceBytes(rest);
    const uint32_t code =
        length == 0 ? UINT32_MAX : CodePointOf(rest.substr(0, length));
    chars.push_back({static_cast<uint32_t>(at), code,
                     length == 0 ? CharClass::kOther : ClassOf(code)});
    at += std::max<size_t>(length, 1);
  }
  return chars;
}

bool IsLineBreak(uint32_t code) { return code == '\r' || code == '\n'; }

// Each Match... returns the number of characters that its alternative takes
// at `at`; 0 where it does not match.
class Scanner {
 public:
  Scanner(absl::string_view text, SplitRule rule)
      : text_(text), chars_(ReadChars(text)), rule_(rule) {}

  std::vector<absl::string_view> Run() const {
    std::vector<absl::string_view> pieces;
    for (size_t at = 0; at < chars_.size();) {
      const size_t length = Match(at);
      const size_t begin = chars_[at].begin;
      at += length;
      const size_t end = at < chars_.size() ? chars_[at].begin : text_.size();
      pieces.push_back(text_.substr(begin, end - begin));
    }
    return pieces;
  }

 private:
  size_t Match(size_t at) const {
    switch (rule_) {
      case SplitRule::kGpt2:
        return MatchGpt2(at);
      case SplitRule::kLlama3:
        return MatchLlama(at, 3);
      case SplitRule::kQwen2:
        return MatchLlama(at, 1);
      case SplitRule::kSingleDigits:
        return MatchDigits(at, 1);
      case SplitRule::kRunsOfDigits:
        return MatchDigits(at, SIZE_MAX);
    }
    return 1;
  }

  size_t MatchGpt2(size_t at) const {
    if (const size_t n = MatchContraction(at, false)) return n;
    for (CharClass kind :
         {CharClass::kLetter, CharClass::kNumber, CharClass::kOther}) {
      if (const size_t n = MatchWithSpace(at, kind)) return n;
    }
    return MatchBlanks(at);
  }

  size_t MatchLlama(size_t at, size_t max_digits) const {
    if (const size_t n = MatchContraction(at, true)) return n;
    if (const size_t n = MatchWordWithPrefix(at)) return n;
    if (const size_t n = Run(at, CharClass::kNumber, max_digits)) return n;
    if (size_t n = MatchWithSpace(at, CharClass::kOther)) {
      while (IsLineBreakAt(at + n)) ++n;
      return n;
    }
    if (const size_t n = MatchLineBreaks(at)) return n;
    return MatchBlanks(at);
  }

  size_t MatchDigits(size_t at, size_t max_digits) const {
    const bool number = Is(at, CharClass::kNumber);
    if (number) return Run(at, CharClass::kNumber, max_digits);
    size_t n = 1;
    while (at + n < chars_.size() && !Is(at + n, CharClass::kNumber)) ++n;
    return n;
  }

  // 's|'t|'re|'ve|'m|'ll|'d, in any case if asked.
  size_t MatchContraction(size_t at, bool any_case) const {
    if (chars_[at].code != '\'') return 0;
    const uint32_t first = LowerCodeAt(at + 1, any_case);
    const uint32_t second = LowerCodeAt(at + 2, any_case);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    const bool pair = (first == 'r' && second == 'e') ||
                      (first == 'v' && second == 'e') ||
                      (first == 'l' && second == 'l');
    return pair ? 3 : 0;
  }

  //  ?X+
  size_t MatchWithSpace(size_t at, CharClass kind) const {
    const size_t space = chars_[at].code == ' ' ? 1 : 0;
    const size_t run = Run(at + space, kind);
    return run > 0 ? space + run : 0;
  }

  // [^\r\n\p{L}\p{N}]?\p{L}+
  size_t MatchWordWithPrefix(size_t at) const {
    const bool prefix = !Is(at, CharClass::kLetter) &&
                        !Is(at, CharClass::kNumber) && !IsLineBreakAt(at);
    const size_t skip = prefix ? 1 : 0;
    const size_t run = Run(at + skip, CharClass::kLetter);
    return run > 0 ? skip + run : 0;
  }

  // \s*[\r\n]+: a run of blanks up to its last line break.
  size_t MatchLineBreaks(size_t at) const {
    size_t n = Run(at, CharClass::kBlank);
    while (n > 0 && !IsLineBreakAt(at + n - 1)) --n;
    return n;
  }

  // \s+(?!\S)|\s+: the last blank before a word is left to the word.
  size_t MatchBlanks(size_t at) const {
    const size_t run = Run(at, CharClass::kBlank);
    return at + run < chars_.size() && run > 1 ? run - 1 : run;
  }

  size_t Run(size_t at, CharClass kind, size_t limit = SIZE_MAX) const {
    size_t n = 0;
    while (n < limit && at + n < chars_.size() && Is(at + n, kind)) ++n;
    return n;
  }

  bool Is(size_t at, CharClass kind) const { return chars_[at].kind == kind; }

  bool IsLineBreakAt(size_t at) const {
    return at < chars_.size() && IsLineBreak(chars_[at].code);
  }

  uint32_t LowerCodeAt(size_t at, bool any_case) const {
    if (at >= chars_.size()) return 0;
    const uint32_t code = chars_[at].code;
    if (!any_case) return code;
    constexpr uint32_t kLongS = 0x17F;  // folds to s
    if (code == kLongS) return 's';
    return code >= 'A' && code <= 'Z' ? code | 0x20 : code;
  }

  const absl::string_view text_;
  const std::vector<Char> chars_;
  const SplitRule rule_;
};

}  // namespace

absl::StatusOr<SplitRule> RuleOfPattern(absl::string_view pattern) {
  if (pattern == kLlama3Pattern) return SplitRule::kLlama3;
  if (pattern == kQwen2Pattern) return SplitRule::kQwen2;
  if (pattern == kGpt2Pattern) return SplitRule::kGpt2;
  return absl::UnimplementedError(
      absl::StrCat("unknown pre-tokenizer pattern '", pattern,
                   "'; known are those of GPT-2, Llama 3 and Qwen2"));
}

std::vector<absl::string_view> SplitByRule(absl::string_view text,
                                           SplitRule rule) {
  return Scanner(text, rule).Run();
}

std::vector<absl::string_view> SplitByRules(
    absl::string_view text, const std::vector<SplitRule>& rules) {
  std::vector<absl::string_view> pieces;
  if (!text.empty()) pieces.push_back(text);
  for (SplitRule rule : rules) {
    std::vector<absl::string_view> finer;
    for (absl::string_view piece : pieces) {
      for (absl::string_view part : SplitByRule(piece, rule)) {
        finer.push_back(part);
      }
    }
    pieces = std::move(finer);
  }
  return pieces;
}

}  // namespace limbeck
