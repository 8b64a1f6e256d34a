// Printable bytes stand for themselves, the others for U+0100 and on.
#include "data/text/byte_alphabet.h"

#include <array>
#include <utility>

#include "data/base/utf8.h"
#include "data/text/unicode_classes.h"

namespace limbeck {
namespace {

constexpr uint32_t kNumAlphabetCodes = 0x144;  // U+0100 .. U+0143 at the end

struct Alphabet {
  std::array<std::string, 256> characters;
  std::array<int16_t, kNumAlphabetCodes> bytes;  // by code point; -1: none
};

Alphabet MakeAlphabet() {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) ||
                           (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    const uint32_t code = printable ? byte : next++;
    AppendUtf8(code, &alphabet.characters[byte]);
    alphabet.bytes[code] = static_cast<int16_t>(byte);
  }
  return alphabet;
}

const Alphabet& GetAlphabet() {
  static const Alphabet* alphabet = new Alphabet(MakeAlphabet());
  return *alphabet;
}

}  // namespace

const std::string& PrintableByte(uint8_t byte) {
  return GetAlphabet().characters[byte];
}

bool BytesOfPrintable(absl::string_view token, std::string* bytes) {
  const Alphabet& alphabet = GetAlphabet();
  std::string found;
  found.reserve(token.size());
  for (size_t at = 0; at < token.size();) {
    const Character character = ReadCharacter(token, at);
    if (character.code >= kNumAlphabetCodes ||
        alphabet.bytes[character.code] < 0) {
      return false;
    }
    found.push_back(static_cast<char>(alphabet.bytes[character.code]));
    at += character.bytes;
  }
  *bytes = std::move(found);
  return true;
}

}  // namespace limbeck
