#include "data/base/random.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;

// Known answers of Random123 (examples/kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, KnownAnswers) {
  EXPECT_THAT(Philox(0, 0, 0).word,
              ElementsAre(0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8));
  EXPECT_THAT(Philox(UINT64_MAX, UINT64_MAX, UINT64_MAX).word,
              ElementsAre(0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD));
  EXPECT_THAT(
      Philox(0x299F31D0A4093822, 0x85A308D3243F6A88, 0x0370734413198A2E).word,
      ElementsAre(0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1));
}

TEST(Random, BitsAreTheFirstTwoWords) {
  EXPECT_EQ(RandomBits(0, 0), 0x6627E8D5E169C58Du);
  EXPECT_NE(RandomBits(0, 0, /*stream=*/1), RandomBits(0, 0));
}

TEST(Random, UniformIsOpenAndEven) {
  constexpr int kDraws = 100000;
  constexpr int kCells = 16;
  std::array<int, kCells> counts{};
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double value = RandomUniform(/*key=*/9, i);
    ASSERT_GT(value, 0);
    ASSERT_LT(value, 1);
    ++counts[static_cast<size_t>(value * kCells)];
  }
  double chi_squared = 0;
  constexpr double kExpected = static_cast<double>(kDraws) / kCells;
  for (const int count : counts) {
    chi_squared += (count - kExpected) * (count - kExpected) / kExpected;
  }
  // 15 degrees of freedom: above 44.3 with probability 1e-4.
  EXPECT_LT(chi_squared, 44.3);
}

// The top 52 bits, centred in their cell: 2^52 - 1/2 is still a double.
TEST(Random, UniformIsTheTopBitsCentred) {
  constexpr double kScale = 1.0 / 4503599627370496.0;  // 2^-52
  for (uint64_t i = 0; i < 1000; ++i) {
    const double cell = static_cast<double>(RandomBits(3, i) >> 12);
    EXPECT_EQ(RandomUniform(3, i), (cell + 0.5) * kScale);
  }
  EXPECT_GT(0.5 * kScale, 0);
  EXPECT_LT((static_cast<double>(UINT64_MAX >> 12) + 0.5) * kScale, 1);
}

TEST(Random, BelowCoversItsRange) {
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t value = RandomBelow(7, /*key=*/2, i);
    ASSERT_LT(value, 7);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 7);
  EXPECT_EQ(RandomBelow(1, 2, 3), 0);
}

TEST(Random, KeysOfPurposesAndIdsDiffer) {
  std::set<uint64_t> keys;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (uint64_t purpose = 1; purpose <= 10; ++purpose) {
      for (uint64_t id = 0; id < 100; ++id) {
        keys.insert(RandomKey(seed, static_cast<RandomPurpose>(purpose), id));
      }
    }
  }
  EXPECT_EQ(keys.size(), 4 * 10 * 100);
}

// First output of SplitMix64 for seed 0 (Vigna's splitmix64.c): the finaliser
// of one golden-gamma step.
TEST(Random, MixKeyIsSplitMix64) {
  EXPECT_EQ(MixKey(0, 0), 0xE220A8397B1DCDAFu);
  EXPECT_EQ(MixKey(0, 1), 0x6E789E6AA1B965F4u);
}

// Part of every seed on disk: these values must never change.
TEST(Random, GoldenKey) {
  EXPECT_EQ(RandomKey(1, RandomPurpose::kSampling, 5), MixKey(MixKey(1, 2), 5));
}

}  // namespace
}  // namespace limbeck
