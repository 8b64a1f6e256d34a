// The generated runs, laid out as one byte per code point.
#include "data/text/unicode_classes.h"

#include <array>
#include <vector>

#include "data/base/check.h"
#include "data/base/utf8.h"

namespace limbeck {
namespace {

constexpr size_t kNumCodePoints = 0x110000;

std::vector<uint8_t> LayOut(absl::Span<const CharacterClassRun> runs) {
  std::vector<uint8_t> values;
  values.reserve(kNumCodePoints);
  for (const CharacterClassRun& run : runs) {
    values.insert(values.end(), run.length, run.value);
  }
  LIMBECK_CHECK(values.size() == kNumCodePoints);
  return values;
}

constexpr CharacterClass AsciiClass(int code) {
  const auto in = [code](int first, int last) {
    return code >= first && code <= last;
  };
  if (in('A', 'Z')) return CharacterClass::kUppercase;
  if (in('a', 'z')) return CharacterClass::kLowercase;
  if (in('0', '9')) return CharacterClass::kNumber;
  if (code == ' ' || in(0x09, 0x0D)) return CharacterClass::kBlank;
  if (code < 0x20 || code == 0x7F) return CharacterClass::kOther;
  for (char symbol : {'$', '+', '<', '=', '>', '^', '`', '|', '~'}) {
    if (code == symbol) return CharacterClass::kSymbol;
  }
  return CharacterClass::kPunctuation;
}

constexpr AsciiTable MakeAsciiTable() {
  AsciiTable table{};
  for (size_t code = 0; code < table.size(); ++code) {
    table[code] = AsciiClass(static_cast<int>(code));
  }
  return table;
}

}  // namespace

const AsciiTable kAsciiClasses = MakeAsciiTable();

CharacterClass ClassOf(uint32_t code_point) {
  static const auto* classes =
      new std::vector<uint8_t>(LayOut(CharacterClassRuns()));
  if (code_point >= kNumCodePoints) return CharacterClass::kOther;
  return static_cast<CharacterClass>((*classes)[code_point]);
}

bool IsWordCharacter(uint32_t code) {
  static const auto* words = new std::vector<uint8_t>(LayOut(WordRuns()));
  return (*words)[code] != 0;
}

uint32_t CodePointOf(absl::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(sequence[i]); };
  if (sequence.size() == 1) return byte(0);
  uint32_t code = byte(0) & (0x7Fu >> sequence.size());
  for (size_t i = 1; i < sequence.size(); ++i) {
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  return code;
}

Character ReadCharacterSlowly(absl::string_view text, size_t at) {
  const absl::string_view rest = text.substr(at);
  const size_t bytes = Utf8SequenceBytes(rest);
  if (bytes == 0) return {UINT32_MAX, 1, CharacterClass::kOther};
  const uint32_t code = CodePointOf(rest.substr(0, bytes));
  return {code, static_cast<uint8_t>(bytes), ClassOf(code)};
}

}  // namespace limbeck
