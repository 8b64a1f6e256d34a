#include "data/judge/python_text.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace limbeck {
namespace {

// Blanks outside ASCII, in UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A,
// U+2028, U+2029, U+202F, U+205F, U+3000 (str.isspace of Python 3).
constexpr absl::string_view kWideBlanks[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80",
    "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84",
    "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88",
    "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9",
    "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

bool IsNarrowBlank(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return (byte >= 0x09 && byte <= 0x0D) || (byte >= 0x1C && byte <= 0x20);
}

// Bytes of the blank that `text` begins with; 0: none.
size_t LeadingBlank(absl::string_view text) {
  if (text.empty()) return 0;
  if (IsNarrowBlank(text[0])) return 1;
  if (static_cast<unsigned char>(text[0]) < 0xC2) return 0;
  for (absl::string_view blank : kWideBlanks) {
    if (absl::StartsWith(text, blank)) return blank.size();
  }
  return 0;
}

size_t TrailingBlank(absl::string_view text) {
  if (text.empty()) return 0;
  if (IsNarrowBlank(text.back())) return 1;
  if (static_cast<unsigned char>(text.back()) < 0x80) return 0;
  for (absl::string_view blank : kWideBlanks) {
    if (absl::EndsWith(text, blank)) return blank.size();
  }
  return 0;
}

}  // namespace

absl::string_view StripPython(absl::string_view text) {
  while (const size_t blank = LeadingBlank(text)) text.remove_prefix(blank);
  while (const size_t blank = TrailingBlank(text)) text.remove_suffix(blank);
  return text;
}

std::vector<absl::string_view> SplitPython(absl::string_view text) {
  std::vector<absl::string_view> words;
  size_t begin = 0;  // of the word that is being read
  size_t at = 0;
  while (at < text.size()) {
    const size_t blank = LeadingBlank(text.substr(at));
    if (blank == 0) {
      ++at;
      continue;
    }
    if (at > begin) words.push_back(text.substr(begin, at - begin));
    at += blank;
    begin = at;
  }
  if (at > begin) words.push_back(text.substr(begin));
  return words;
}

std::vector<absl::string_view> StrippedPythonLines(absl::string_view text) {
  std::vector<absl::string_view> lines =
      absl::StrSplit(StripPython(text), '\n');
  for (absl::string_view& line : lines) line = StripPython(line);
  return lines;
}

}  // namespace limbeck
