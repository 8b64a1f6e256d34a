// The character classes that tokenizers' patterns use. Tables of Unicode 16.0,
// written by data/text/make_unicode_tables.py.
#ifndef LIMBECK_DATA_TEXT_UNICODE_CLASSES_H_
#define LIMBECK_DATA_TEXT_UNICODE_CLASSES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

// General categories as far as patterns tell them apart, and the property
// White_Space, whose characters are in none of the others.
enum class CharacterClass : uint8_t {
  kOther,        // controls, unassigned, bytes that are no UTF-8
  kUppercase,    // Lu, Lt
  kLowercase,    // Ll
  kOtherLetter,  // Lm, Lo
  kMark,         // M
  kNumber,       // N
  kPunctuation,  // P
  kSymbol,       // S
  kBlank,
};

// A set of classes, one bit each.
using ClassSet = uint16_t;
constexpr ClassSet SetOf(CharacterClass one) {
  return static_cast<ClassSet>(1u << static_cast<unsigned>(one));
}
inline constexpr ClassSet kLetters = SetOf(CharacterClass::kUppercase) |
                                     SetOf(CharacterClass::kLowercase) |
                                     SetOf(CharacterClass::kOtherLetter);
inline constexpr ClassSet kMarks = SetOf(CharacterClass::kMark);
inline constexpr ClassSet kNumbers = SetOf(CharacterClass::kNumber);
inline constexpr ClassSet kBlanks = SetOf(CharacterClass::kBlank);
inline constexpr ClassSet kPunctuationAndSymbols =
    SetOf(CharacterClass::kPunctuation) | SetOf(CharacterClass::kSymbol);
inline constexpr ClassSet kAllClasses = 0x1FF;

// Lengths and classes (as numbers) of the runs from code point 0 on.
struct CharacterClassRun {
  uint32_t length;
  uint8_t value;
};
absl::Span<const CharacterClassRun> CharacterClassRuns();
// The same of 0 and 1: \w, next to which a single_word token does not match.
absl::Span<const CharacterClassRun> WordRuns();

// kOther above 0x10FFFF.
CharacterClass ClassOf(uint32_t code_point);

inline bool IsLetter(uint32_t code) {
  return (kLetters & SetOf(ClassOf(code))) != 0;
}
inline bool IsNumber(uint32_t code) {
  return ClassOf(code) == CharacterClass::kNumber;
}
inline bool IsWhiteSpace(uint32_t code) {  // \s: the property White_Space
  return ClassOf(code) == CharacterClass::kBlank;
}

bool IsWordCharacter(uint32_t code);  // \w, see WordRuns; <= 0x10FFFF

// Code point of one well-formed UTF-8 sequence, 1 to 4 bytes.
uint32_t CodePointOf(absl::string_view sequence);

// One character of a text. A byte that is no UTF-8 is one of class kOther.
struct Character {
  uint32_t code = UINT32_MAX;  // UINT32_MAX: no character
  uint8_t bytes = 0;           // 0: the end of the text
  CharacterClass kind = CharacterClass::kOther;

  bool In(ClassSet set) const { return bytes > 0 && (set & SetOf(kind)) != 0; }
};

Character ReadCharacterSlowly(absl::string_view text, size_t at);
using AsciiTable = std::array<CharacterClass, 128>;
extern const AsciiTable kAsciiClasses;

// The character that begins at byte `at`; at the end one without bytes.
inline Character ReadCharacter(absl::string_view text, size_t at) {
  if (at >= text.size()) return {};
  const auto byte = static_cast<uint8_t>(text[at]);
  if (byte < 0x80) return {byte, 1, kAsciiClasses[byte]};
  return ReadCharacterSlowly(text, at);
}

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_UNICODE_CLASSES_H_
