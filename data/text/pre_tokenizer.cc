// Known patterns are recognised by their text, with line breaks escaped.
#include "data/text/pre_tokenizer.h"

#include <array>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "data/base/status_macros.h"
#include "data/text/unicode_classes.h"
#include "data/text/word_pattern.h"

namespace limbeck {
namespace {

constexpr absl::string_view kLlama3Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kQwen2Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kQwen35Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
    "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kGpt2Pattern =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
    "|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kDeepSeekWordsPattern =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr absl::string_view kDeepSeekCjkPattern =  // [一-龥぀-ゟ゠-ヿ]+
    "[\xE4\xB8\x80-\xE9\xBE\xA5\xE3\x81\x80-\xE3\x82\x9F\xE3\x82\xA0-"
    "\xE3\x83\xBF]+";

struct KnownPattern {
  absl::string_view text;
  SplitRule rule;
};
constexpr std::array<KnownPattern, 7> kKnownPatterns = {
    {{kGpt2Pattern, SplitRule::kGpt2},
     {kLlama3Pattern, SplitRule::kLlama3},
     {kQwen2Pattern, SplitRule::kQwen2},
     {kQwen35Pattern, SplitRule::kQwen35},
     {"\\p{N}{1,3}", SplitRule::kTripleDigits},
     {kDeepSeekCjkPattern, SplitRule::kDeepSeekCjk},
     {kDeepSeekWordsPattern, SplitRule::kDeepSeekWords}}};

constexpr ClassSet Except(ClassSet set) {
  return static_cast<ClassSet>(kAllClasses & ~set);
}

constexpr WordPattern kGpt2Words = {
    .contractions = WordPattern::Contractions::kLowerCase,
    .word_prefix_is_space = true,
    .max_digits = SIZE_MAX,
    .number_prefix_is_space = true,
    .other_classes = Except(kBlanks | kLetters | kNumbers),
    .line_breaks = false};
constexpr WordPattern kLlama3Words = {
    .word_prefixes = Except(kLetters | kNumbers),
    .max_digits = 3,
    .other_classes = Except(kBlanks | kLetters | kNumbers)};
constexpr WordPattern kQwen2Words = {
    .word_prefixes = Except(kLetters | kNumbers),
    .other_classes = Except(kBlanks | kLetters | kNumbers)};
constexpr WordPattern kQwen35Words = {
    .word_prefixes = Except(kLetters | kNumbers),
    .word_classes = kLetters | kMarks,
    .other_classes = Except(kBlanks | kLetters | kMarks | kNumbers)};
constexpr WordPattern kDeepSeekWordsWords = {
    .contractions = WordPattern::Contractions::kNone,
    .ascii_words = true,
    .word_prefixes = Except(kLetters | kPunctuationAndSymbols),
    .word_classes = kLetters | kMarks,
    .max_digits = 0,
    .other_classes = kPunctuationAndSymbols};

// Calls visit for the matches and, unless matches_only, for what lies between.
// match(at) returns the bytes that match at byte `at`, 0 for none.
template <typename Match>
void VisitMatches(absl::string_view text, bool matches_only, PieceVisitor visit,
                  const Match& match) {
  size_t gap = 0;  // where the text without match began
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = match(at);
    if (length == 0) {
      at += ReadCharacter(text, at).bytes;
      continue;
    }
    if (gap < at && !matches_only) visit(text.substr(gap, at - gap));
    visit(text.substr(at, length));
    at += length;
    gap = at;
  }
  if (gap < at && !matches_only) visit(text.substr(gap));
}

size_t MatchDigits(absl::string_view text, size_t at, size_t limit) {
  size_t end = at;
  for (size_t digits = 0; digits < limit; ++digits) {
    const Character next = ReadCharacter(text, end);
    if (!next.In(kNumbers)) break;
    end += next.bytes;
  }
  return end - at;
}

bool IsDeepSeekCjk(uint32_t code) {
  return (code >= 0x4E00 && code <= 0x9FA5) ||
         (code >= 0x3040 && code <= 0x30FF);
}

size_t MatchCjk(absl::string_view text, size_t at) {
  size_t end = at;
  for (;;) {
    const Character next = ReadCharacter(text, end);
    if (next.bytes == 0 || !IsDeepSeekCjk(next.code)) return end - at;
    end += next.bytes;
  }
}

absl::Status VisitStep(absl::string_view text, const SplitStep& step,
                       PieceVisitor visit) {
  const auto words = [&](const WordPattern& pattern) {
    VisitMatches(text, step.matches_only, visit,
                 [&](size_t at) { return MatchWord(pattern, text, at); });
  };
  const auto digits = [&](size_t limit) {
    VisitMatches(text, step.matches_only, visit,
                 [&](size_t at) { return MatchDigits(text, at, limit); });
  };
  switch (step.rule) {
    case SplitRule::kGpt2:
      words(kGpt2Words);
      break;
    case SplitRule::kLlama3:
      words(kLlama3Words);
      break;
    case SplitRule::kQwen2:
      words(kQwen2Words);
      break;
    case SplitRule::kQwen35:
      words(kQwen35Words);
      break;
    case SplitRule::kDeepSeekWords:
      words(kDeepSeekWordsWords);
      break;
    case SplitRule::kSingleDigits:
      digits(1);
      break;
    case SplitRule::kRunsOfDigits:
      digits(SIZE_MAX);
      break;
    case SplitRule::kTripleDigits:
      digits(3);
      break;
    case SplitRule::kDeepSeekCjk:
      VisitMatches(text, step.matches_only, visit,
                   [&](size_t at) { return MatchCjk(text, at); });
      break;
    case SplitRule::kRegex:
      return step.regex->Visit(text, step.matches_only, visit);
  }
  return absl::OkStatus();
}

// The steps from `index` on.
absl::Status VisitSteps(absl::string_view text,
                        const std::vector<SplitStep>& steps, size_t index,
                        PieceVisitor visit) {
  if (index + 1 == steps.size()) return VisitStep(text, steps[index], visit);
  absl::Status status;
  const absl::Status own =
      VisitStep(text, steps[index], [&](absl::string_view piece) {
        if (status.ok()) status = VisitSteps(piece, steps, index + 1, visit);
      });
  return own.ok() ? status : own;
}

}  // namespace

absl::StatusOr<SplitStep> StepOfPattern(absl::string_view pattern) {
  const std::string escaped =
      absl::StrReplaceAll(pattern, {{"\r", "\\r"}, {"\n", "\\n"}});
  SplitStep step;
  for (const KnownPattern& known : kKnownPatterns) {
    if (known.text != escaped) continue;
    step.rule = known.rule;
    return step;
  }
  step.rule = SplitRule::kRegex;
  LIMBECK_ASSIGN_OR_RETURN(step.regex, RegexSplitter::Create(pattern));
  return step;
}

absl::Status ForEachPiece(absl::string_view text,
                          const std::vector<SplitStep>& steps,
                          PieceVisitor visit) {
  if (text.empty()) return absl::OkStatus();
  if (steps.empty()) {
    visit(text);
    return absl::OkStatus();
  }
  return VisitSteps(text, steps, 0, visit);
}

}  // namespace limbeck
