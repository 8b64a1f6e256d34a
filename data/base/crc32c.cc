#include "data/base/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace limbeck {
namespace {

constexpr uint32_t kReversedPolynomial = 0x82F63B78u;  // of 0x1EDC6F41

using ByteTable = std::array<uint32_t, 256>;

// tables[k][b]: the register after byte b and k zero bytes ("slicing-by-8",
// Kounavis and Berry, 2005).
constexpr std::array<ByteTable, 8> MakeSlicingTables() {
  std::array<ByteTable, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    }
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<ByteTable, 8> kSlicing = MakeSlicingTables();

inline uint64_t Load64(const char* data) {
  uint64_t value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}

inline uint32_t ExtendByte(uint32_t crc, char byte) {
  return (crc >> 8) ^
         kSlicing[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
}

#if defined(__x86_64__)

// Three streams hide the instruction's latency of three cycles.
constexpr size_t kStreamBytes = 1024;

// tables[k][b]: the register b << 8k after kStreamBytes zero bytes; the
// register is linear in its bits, so 32 single bits give all.
constexpr std::array<ByteTable, 4> MakeSkipTables() {
  std::array<uint32_t, 32> of_bit{};
  for (size_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = uint32_t{1} << bit;
    for (size_t i = 0; i < kStreamBytes; ++i) {
      crc = (crc >> 8) ^ kSlicing[0][crc & 0xFF];
    }
    of_bit[bit] = crc;
  }
  std::array<ByteTable, 4> tables{};
  for (size_t k = 0; k < 4; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      for (size_t bit = 0; bit < 8; ++bit) {
        if ((byte >> bit & 1) != 0) tables[k][byte] ^= of_bit[8 * k + bit];
      }
    }
  }
  return tables;
}

constexpr std::array<ByteTable, 4> kSkip = MakeSkipTables();

inline uint32_t SkipStream(uint32_t crc) {
  return kSkip[0][crc & 0xFF] ^ kSkip[1][crc >> 8 & 0xFF] ^
         kSkip[2][crc >> 16 & 0xFF] ^ kSkip[3][crc >> 24];
}

__attribute__((target("sse4.2"))) uint32_t Crc32cHardware(
    absl::string_view bytes, uint32_t crc) {
  const char* data = bytes.data();
  size_t left = bytes.size();
  uint64_t a = ~crc;
  for (; left >= 3 * kStreamBytes; left -= 3 * kStreamBytes) {
    uint64_t b = 0;
    uint64_t c = 0;
    for (size_t i = 0; i < kStreamBytes; i += 8) {
      a = _mm_crc32_u64(a, Load64(data + i));
      b = _mm_crc32_u64(b, Load64(data + kStreamBytes + i));
      c = _mm_crc32_u64(c, Load64(data + 2 * kStreamBytes + i));
    }
    a = SkipStream(static_cast<uint32_t>(a)) ^ b;
    a = SkipStream(static_cast<uint32_t>(a)) ^ c;
    data += 3 * kStreamBytes;
  }
  for (; left >= 8; left -= 8, data += 8) a = _mm_crc32_u64(a, Load64(data));
  uint32_t tail = static_cast<uint32_t>(a);
  for (; left > 0; --left, ++data) {
    tail = _mm_crc32_u8(tail, static_cast<unsigned char>(*data));
  }
  return ~tail;
}

#endif

}  // namespace

uint32_t Crc32c(absl::string_view bytes, uint32_t crc) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return Crc32cHardware(bytes, crc);
#endif
  return Crc32cPortable(bytes, crc);
}

uint32_t Crc32cPortable(absl::string_view bytes, uint32_t crc) {
  crc = ~crc;
  const char* data = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, data += 8) {
    // Byte by byte, so that the order of bytes in memory does not matter.
    uint32_t next = 0;
    for (size_t i = 0; i < 8; ++i) {
      uint32_t byte = static_cast<unsigned char>(data[i]);
      if (i < 4) byte ^= crc >> (8 * i) & 0xFF;
      next ^= kSlicing[7 - i][byte];
    }
    crc = next;
  }
  for (; left > 0; --left, ++data) crc = ExtendByte(crc, *data);
  return ~crc;
}

uint32_t MaskCrc32c(uint32_t crc) {
  constexpr uint32_t kMaskDelta = 0xA282EAD8u;
  return ((crc >> 15) | (crc << 17)) + kMaskDelta;
}

}  // namespace limbeck
