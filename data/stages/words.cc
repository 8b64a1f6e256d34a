#include "data/stages/words.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace limbeck {
namespace {

bool IsWordByte(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || absl::ascii_isalnum(byte);
}

}  // namespace

std::vector<Word> ContentWords(absl::string_view text) {
  std::vector<Word> words;
  size_t at = 0;
  while (at < text.size()) {
    if (!IsWordByte(text[at])) {
      ++at;
      continue;
    }
    Word word;
    word.begin = at;
    while (at < text.size() && IsWordByte(text[at])) ++at;
    word.end = at;
    word.text = absl::AsciiStrToLower(text.substr(word.begin, at - word.begin));
    words.push_back(std::move(word));
  }
  return words;
}

std::string JoinWords(const std::vector<Word>& words, size_t first,
                      size_t count) {
  std::string joined;
  for (size_t i = first; i < first + count; ++i) {
    if (i > first) joined.push_back(' ');
    joined += words[i].text;
  }
  return joined;
}

}  // namespace limbeck
