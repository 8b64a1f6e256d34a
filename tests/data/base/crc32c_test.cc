#include "data/base/crc32c.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

std::string RandomText(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(RandomBits(/*key=*/1, i));
  }
  return text;
}

// The definition, bit by bit.
uint32_t SlowCrc(const std::string& bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
    }
  }
  return ~crc;
}

// RFC 3720, appendix B.4 (its bytes are the value's, lowest first), and the
// usual check value of "123456789".
TEST(Crc32c, PublishedVectors) {
  std::string rising(32, '\0');
  for (size_t i = 0; i < 32; ++i) rising[i] = static_cast<char>(i);
  std::string falling = rising;
  std::reverse(falling.begin(), falling.end());
  const std::string scsi_read(
      "\x01\xC0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\0\0\x04\0\0\0\0\x14\0\0\0"
      "\x18\x28\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0",
      48);
  const std::vector<std::pair<std::string, uint32_t>> vectors = {
      {"", 0},
      {"123456789", 0xE3069283},
      {std::string(32, '\0'), 0x8A9136AA},
      {std::string(32, '\xFF'), 0x62A8AB43},
      {rising, 0x46DD794E},
      {falling, 0x113FDB5C},
      {scsi_read, 0xD9963A56}};
  for (const auto& [bytes, crc] : vectors) {
    EXPECT_EQ(Crc32c(bytes), crc);
    EXPECT_EQ(Crc32cPortable(bytes), crc);
  }
}

TEST(Crc32c, BothPathsFollowTheDefinition) {
  // Around the lengths at which the paths change: 8 and 3 * 1024.
  for (const size_t size : {0, 1, 7, 8, 9, 63, 1023, 3071, 3072, 3073, 3080,
                            6143, 6144, 6151, 20000}) {
    const std::string text = RandomText(size);
    const uint32_t expected = SlowCrc(text);
    EXPECT_EQ(Crc32c(text), expected) << size;
    EXPECT_EQ(Crc32cPortable(text), expected) << size;
  }
}

TEST(Crc32c, PiecesGiveTheWhole) {
  const std::string text = RandomText(7000);
  const uint32_t whole = Crc32c(text);
  for (size_t cut = 0; cut <= text.size(); cut += 61) {
    const std::string front = text.substr(0, cut);
    const std::string back = text.substr(cut);
    EXPECT_EQ(Crc32c(back, Crc32c(front)), whole) << cut;
    EXPECT_EQ(Crc32cPortable(back, Crc32cPortable(front)), whole) << cut;
  }
}

TEST(Crc32c, AlignmentDoesNotMatter) {
  const std::string text = RandomText(5000);
  for (size_t shift = 0; shift < 16; ++shift) {
    const std::string moved = std::string(shift, 'x') + text;
    EXPECT_EQ(Crc32c(absl::string_view(moved).substr(shift)), SlowCrc(text));
  }
}

// Rotation by 15 and the constant of TensorFlow's core/lib/hash/crc32c.h.
TEST(Crc32c, Mask) {
  EXPECT_EQ(MaskCrc32c(0), 0xA282EAD8u);
  EXPECT_EQ(MaskCrc32c(1), 0xA282EAD8u + 0x20000u);
  EXPECT_EQ(MaskCrc32c(0x8000), 0xA282EAD9u);
}

}  // namespace
}  // namespace limbeck
