#include "data/base/little_endian.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace limbeck {
namespace {

TEST(LittleEndian, LowestByteComesFirst) {
  std::string bytes;
  AppendLittleEndian(uint32_t{0x01020304}, &bytes);
  AppendLittleEndian(int64_t{-2}, &bytes);
  AppendLittleEndian(uint8_t{0xAB}, &bytes);
  EXPECT_EQ(bytes, "\x04\x03\x02\x01\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xAB");
  EXPECT_EQ(ReadLittleEndian<uint32_t>(bytes, 0), 0x01020304u);
  EXPECT_EQ(ReadLittleEndian<int64_t>(bytes, 4), -2);
  EXPECT_EQ(ReadLittleEndian<uint8_t>(bytes, 12), 0xAB);
}

TEST(LittleEndianDeathTest, ReadingBeyondTheEndIsCaught) {
  EXPECT_DEATH(ReadLittleEndian<uint32_t>("abc", 0), "check failed");
  EXPECT_DEATH(ReadLittleEndian<uint32_t>("abcd", SIZE_MAX), "check failed");
}

}  // namespace
}  // namespace limbeck
