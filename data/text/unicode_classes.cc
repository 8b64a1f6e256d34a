// Lookups in the generated tables.
#include "data/text/unicode_classes.h"

#include <algorithm>
#include <cstddef>

namespace limbeck {
namespace {

bool Contains(absl::Span<const CodePointRange> ranges, uint32_t code_point) {
  const auto after = std::upper_bound(
      ranges.begin(), ranges.end(), code_point,
      [](uint32_t value, const CodePointRange& r) { return value < r.first; });
  return after != ranges.begin() && code_point <= (after - 1)->last;
}

}  // namespace

uint32_t CodePointOf(absl::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(sequence[i]); };
  if (sequence.size() == 1) return byte(0);
  uint32_t code = byte(0) & (0x7Fu >> sequence.size());
  for (size_t i = 1; i < sequence.size(); ++i) {
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  return code;
}

bool IsLetter(uint32_t code_point) {
  if (code_point < 0x80) {
    return (code_point | 0x20) >= 'a' && (code_point | 0x20) <= 'z';
  }
  return Contains(LetterRanges(), code_point);
}

bool IsNumber(uint32_t code_point) {
  if (code_point < 0x80) return code_point >= '0' && code_point <= '9';
  return Contains(NumberRanges(), code_point);
}

bool IsWhiteSpace(uint32_t code_point) {
  switch (code_point) {
    case 0x20:
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return (code_point >= 0x09 && code_point <= 0x0D) ||
             (code_point >= 0x2000 && code_point <= 0x200A);
  }
}

bool MayChangeInNfc(uint32_t code_point) {
  if (code_point < 0x300) return false;
  return Contains(NfcSensitiveRanges(), code_point);
}

}  // namespace limbeck
