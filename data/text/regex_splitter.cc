// The reference library matches with Oniguruma in Ruby's syntax and with the
// properties of Unicode 16. Constructs that mean something else to PCRE2 are
// refused, \s is spelled out, and texts with characters whose class PCRE2's
// data does not know are refused too, so that no piece is ever approximate.
#include "data/text/regex_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/text/unicode_classes.h"

namespace limbeck {
namespace {

constexpr uint32_t kMatchLimit = 1'000'000;  // backtracking steps of a match
constexpr uint32_t kNumCodePoints = 0x110000;

constexpr absl::string_view kWhiteSpace =  // the property White_Space
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}"
    "\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
using Code = std::unique_ptr<pcre2_code, CodeDeleter>;

struct MatchDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using MatchData = std::unique_ptr<pcre2_match_data, MatchDeleter>;

struct ContextDeleter {
  void operator()(pcre2_match_context* context) const {
    pcre2_match_context_free(context);
  }
};
using MatchContext = std::unique_ptr<pcre2_match_context, ContextDeleter>;

std::string ErrorText(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

absl::StatusOr<Code> Compile(absl::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()),
                          pattern.size(), PCRE2_UTF | PCRE2_UCP, &error,
                          &offset, nullptr));
  if (code == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern '", pattern.substr(0, 200),
                     "' is wrong at byte ", offset, ": ", ErrorText(error)));
  }
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // optional
  return code;
}

// Calls visit(begin, end) for all matches that are not empty. valid_utf8: the
// text need not be checked.
absl::Status ForEachMatch(const pcre2_code* code, absl::string_view text,
                          absl::FunctionRef<void(size_t, size_t)> visit) {
  const MatchData data(pcre2_match_data_create_from_pattern(code, nullptr));
  const MatchContext context(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), kMatchLimit);
  size_t at = 0;
  while (at < text.size()) {
    const int count = pcre2_match(
        code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
        PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data.get(), context.get());
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the pattern gave up at byte ", at, " of ", text.size(),
                       ": ", ErrorText(count)));
    }
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
    visit(range[0], range[1]);
    at = range[1];
  }
  return absl::OkStatus();
}

// Code points whose class PCRE2 knows otherwise than our tables.
std::vector<bool> FindStrangeCodePoints() {
  constexpr std::array<std::pair<const char*, CharacterClass>, 7> kClasses = {
      {{"[\\p{Lu}\\p{Lt}]+", CharacterClass::kUppercase},
       {"\\p{Ll}+", CharacterClass::kLowercase},
       {"[\\p{Lm}\\p{Lo}]+", CharacterClass::kOtherLetter},
       {"\\p{M}+", CharacterClass::kMark},
       {"\\p{N}+", CharacterClass::kNumber},
       {"\\p{P}+", CharacterClass::kPunctuation},
       {"\\p{S}+", CharacterClass::kSymbol}}};
  std::string all;
  std::vector<uint32_t> code_at;  // by byte
  for (uint32_t code = 0; code < kNumCodePoints; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    AppendUtf8(code, &all);
    code_at.resize(all.size(), code);
  }
  std::vector<CharacterClass> found(kNumCodePoints, CharacterClass::kOther);
  for (const auto& [pattern, kind] : kClasses) {
    const auto mark = [&, kind = kind](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) found[code_at[i]] = kind;
    };
    const absl::StatusOr<Code> code = Compile(pattern);
    if (!code.ok() || !ForEachMatch(code->get(), all, mark).ok()) {
      return std::vector<bool>(kNumCodePoints, true);
    }
  }
  std::vector<bool> strange(kNumCodePoints);
  for (uint32_t code = 0; code < kNumCodePoints; ++code) {
    const CharacterClass ours = ClassOf(code);
    const bool is_blank = ours == CharacterClass::kBlank;
    strange[code] = found[code] != (is_blank ? CharacterClass::kOther : ours);
  }
  return strange;
}

bool IsStrange(uint32_t code) {
  static const auto* strange = new std::vector<bool>(FindStrangeCodePoints());
  return (*strange)[code];
}

absl::Status CheckText(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Character character = ReadCharacter(text, at);
    if (character.code == UINT32_MAX) {
      return absl::InvalidArgumentError(
          absl::StrCat("byte ", at,
                       " of the text is no UTF-8, which this tokenizer's "
                       "pattern cannot match"));
    }
    if (character.code >= 0x80 && IsStrange(character.code)) {
      return absl::UnimplementedError(absl::StrCat(
          "the text holds U+", absl::Hex(character.code, absl::kZeroPad4),
          ", which the installed PCRE2 does not know and this tokenizer's "
          "pattern asks for"));
    }
    at += character.bytes;
  }
  return absl::OkStatus();
}

// Walks over a pattern, refuses what is not known to mean the same in both
// libraries, and spells out white space.
class PatternReader {
 public:
  explicit PatternReader(absl::string_view pattern) : pattern_(pattern) {}

  absl::StatusOr<std::string> Read() {
    while (at_ < pattern_.size()) LIMBECK_RETURN_IF_ERROR(ReadOne());
    return result_;
  }

 private:
  absl::Status Refused(absl::string_view what) const {
    return absl::UnimplementedError(absl::StrCat(
        "unknown pre-tokenizer pattern '", pattern_, "' with ", what,
        " at byte ", at_, ", which may mean something else to PCRE2"));
  }

  char Next(size_t ahead) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }

  void Copy(size_t count) {
    absl::StrAppend(&result_, pattern_.substr(at_, count));
    at_ += count;
  }

  absl::Status ReadOne() {
    const char c = pattern_[at_];
    if (c == '\\') return ReadEscape();
    if (in_class_) {
      if (c == '[' || (c == '&' && Next(1) == '&')) {
        return Refused("a class inside a class");
      }
      if (c == ']') in_class_ = false;
    } else if (c == '[') {
      in_class_ = true;
      Copy(Next(1) == '^' ? 2 : 1);
      if (Next(0) == ']') return Refused("an empty class");
      return absl::OkStatus();
    } else if (c == '^' || c == '$' || c == '.') {
      return Refused(absl::StrCat("'", absl::string_view(&c, 1), "'"));
    } else if (c == '(' && Next(1) == '?') {
      return ReadGroup();
    } else if (c == '}' && Next(1) == '+') {
      return Refused("a possessive range");
    }
    Copy(1);
    return absl::OkStatus();
  }

  absl::Status ReadGroup() {
    for (absl::string_view known :
         {"(?:", "(?i:", "(?=", "(?!", "(?<!", "(?<=", "(?>"}) {
      if (pattern_.substr(at_, known.size()) != known) continue;
      Copy(known.size());
      return absl::OkStatus();
    }
    return Refused("a group of an unknown kind");
  }

  absl::Status ReadEscape() {
    const char c = Next(1);
    if (c == 's') {
      at_ += 2;
      absl::StrAppend(&result_, in_class_ ? "" : "[", kWhiteSpace,
                      in_class_ ? "" : "]");
      return absl::OkStatus();
    }
    if (c == 'S' && !in_class_) {
      at_ += 2;
      absl::StrAppend(&result_, "[^", kWhiteSpace, "]");
      return absl::OkStatus();
    }
    if (c == 'p' || c == 'P') return ReadProperty();
    const bool is_control = c == 'r' || c == 'n' || c == 't';
    const bool is_mark =
        c > 0 && (kPunctuationAndSymbols &
                  SetOf(kAsciiClasses[static_cast<uint8_t>(c)])) != 0;
    if (!is_control && !is_mark) {
      return Refused(absl::StrCat("'\\", absl::string_view(&c, 1), "'"));
    }
    Copy(2);
    return absl::OkStatus();
  }

  absl::Status ReadProperty() {
    for (absl::string_view known : {"{L}", "{Lu}", "{Ll}", "{Lt}", "{Lm}",
                                    "{Lo}", "{M}", "{N}", "{P}", "{S}"}) {
      if (pattern_.substr(at_ + 2, known.size()) != known) continue;
      Copy(2 + known.size());
      return absl::OkStatus();
    }
    return Refused("an unknown property");
  }

  const absl::string_view pattern_;
  std::string result_;
  size_t at_ = 0;
  bool in_class_ = false;
};

class Pcre2Splitter : public RegexSplitter {
 public:
  Pcre2Splitter(absl::string_view pattern, Code code)
      : pattern_(pattern), code_(std::move(code)) {}

  const std::string& pattern() const override { return pattern_; }

  absl::Status Visit(
      absl::string_view text, bool matches_only,
      absl::FunctionRef<void(absl::string_view)> visit) const override {
    LIMBECK_RETURN_IF_ERROR(CheckText(text));
    size_t gap = 0;
    const auto take = [&](size_t begin, size_t end) {
      if (gap < begin && !matches_only) visit(text.substr(gap, begin - gap));
      visit(text.substr(begin, end - begin));
      gap = end;
    };
    LIMBECK_RETURN_IF_ERROR(ForEachMatch(code_.get(), text, take));
    if (gap < text.size() && !matches_only) visit(text.substr(gap));
    return absl::OkStatus();
  }

 private:
  const std::string pattern_;
  const Code code_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const RegexSplitter>> RegexSplitter::Create(
    absl::string_view pattern) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string adapted,
                           PatternReader(pattern).Read());
  LIMBECK_ASSIGN_OR_RETURN(Code code, Compile(adapted));
  return std::make_shared<Pcre2Splitter>(pattern, std::move(code));
}

}  // namespace limbeck
