// One function per alternative; each returns the byte after its match, or
// where it began for none.
#include "data/text/word_pattern.h"

namespace limbeck {
namespace {

using Contractions = WordPattern::Contractions;

bool IsLineBreak(char c) { return c == '\r' || c == '\n'; }

size_t SkipLineBreaks(absl::string_view text, size_t at) {
  while (at < text.size() && IsLineBreak(text[at])) ++at;
  return at;
}

// After the run of characters of the set.
size_t SkipRun(absl::string_view text, size_t at, ClassSet set) {
  for (;;) {
    const Character next = ReadCharacter(text, at);
    if (!next.In(set)) return at;
    at += next.bytes;
  }
}

bool IsAsciiLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The letter at `at` for a contraction, and how many bytes it has. The long s
// folds to s.
struct FoldedLetter {
  char letter = 0;
  size_t bytes = 0;
};

FoldedLetter Fold(absl::string_view text, size_t at, Contractions mode) {
  if (at >= text.size()) return {};
  if (mode == Contractions::kLowerCase) return {text[at], 1};
  constexpr absl::string_view kLongS = "\xC5\xBF";
  if (text.substr(at, kLongS.size()) == kLongS) return {'s', kLongS.size()};
  const char c = text[at];
  return {IsAsciiLetter(c) ? static_cast<char>(c | 0x20) : c, 1};
}

size_t AfterContraction(absl::string_view text, size_t at, Contractions mode) {
  if (mode == Contractions::kNone || text[at] != '\'') return at;
  const FoldedLetter first = Fold(text, at + 1, mode);
  switch (first.letter) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return at + 1 + first.bytes;
    case 'r':
    case 'v':
    case 'l':
      break;
    default:
      return at;
  }
  const FoldedLetter second = Fold(text, at + 2, mode);
  const bool is_pair =
      first.letter == 'l' ? second.letter == 'l' : second.letter == 'e';
  return is_pair ? at + 2 + second.bytes : at;
}

size_t AfterAsciiWord(absl::string_view text, size_t at) {
  const Character mark = ReadCharacter(text, at);
  if (mark.code >= 0x80 || !mark.In(kPunctuationAndSymbols)) return at;
  size_t end = at + 1;
  while (end < text.size() && IsAsciiLetter(text[end])) ++end;
  return end > at + 1 ? end : at;
}

size_t AfterWord(const WordPattern& pattern, absl::string_view text,
                 size_t at) {
  const Character first = ReadCharacter(text, at);
  if (first.In(pattern.word_classes)) {
    const size_t end = SkipRun(text, at + first.bytes, pattern.word_classes);
    return end;
  }
  const bool may_lead =
      pattern.word_prefix_is_space
          ? first.code == ' '
          : first.In(pattern.word_prefixes) && !IsLineBreak(text[at]);
  if (!may_lead) return at;
  const size_t begin = at + first.bytes;
  const size_t end = SkipRun(text, begin, pattern.word_classes);
  return end > begin ? end : at;
}

size_t AfterNumber(const WordPattern& pattern, absl::string_view text,
                   size_t at) {
  size_t end = at;
  if (pattern.number_prefix_is_space && text[at] == ' ') ++end;
  const size_t begin = end;
  for (size_t digits = 0; digits < pattern.max_digits; ++digits) {
    const Character next = ReadCharacter(text, end);
    if (!next.In(kNumbers)) break;
    end += next.bytes;
  }
  return end > begin ? end : at;
}

size_t AfterOthers(const WordPattern& pattern, absl::string_view text,
                   size_t at) {
  const size_t begin = at + (text[at] == ' ' ? 1 : 0);
  const size_t end = SkipRun(text, begin, pattern.other_classes);
  if (end == begin) return at;
  return pattern.line_breaks ? SkipLineBreaks(text, end) : end;
}

// \s*[\r\n]+: a run of blanks up to its last line break; otherwise
// \s+(?!\S)|\s+: the last blank before a word is left to the word.
size_t AfterBlanks(const WordPattern& pattern, absl::string_view text,
                   size_t at) {
  size_t end = at;
  size_t last = at;              // where the last blank begins
  size_t after_line_break = at;  // of the last one
  for (;;) {
    const Character next = ReadCharacter(text, end);
    if (!next.In(kBlanks)) break;
    last = end;
    end += next.bytes;
    if (IsLineBreak(text[last])) after_line_break = end;
  }
  if (pattern.line_breaks && after_line_break > at) return after_line_break;
  return end < text.size() && last > at ? last : end;
}

}  // namespace

size_t MatchWord(const WordPattern& pattern, absl::string_view text,
                 size_t at) {
  size_t end = AfterContraction(text, at, pattern.contractions);
  if (end > at) return end - at;
  if (pattern.ascii_words) {
    end = AfterAsciiWord(text, at);
    if (end > at) return end - at;
  }
  end = AfterWord(pattern, text, at);
  if (end == at) end = AfterNumber(pattern, text, at);
  if (end == at) end = AfterOthers(pattern, text, at);
  if (end == at) end = AfterBlanks(pattern, text, at);
  return end - at;
}

}  // namespace limbeck
