// Float8 codes against ATen's, factors of blocks against plain loops.
#include "student/checkpoint/fp8_blocks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace limbeck {
namespace {

TEST(Fp8Blocks, EveryCodeIsThatOfTorch) {
  const at::Tensor codes =
      at::arange(256).to(at::kByte).view(at::kFloat8_e4m3fn).to(at::kFloat);
  const float* expected = codes.const_data_ptr<float>();
  for (size_t code = 0; code < 256; ++code) {
    const float value = E4m3Values()[code];
    if (std::isnan(expected[code])) {
      EXPECT_TRUE(std::isnan(value)) << code;
      continue;
    }
    EXPECT_EQ(value, expected[code]) << code;
    EXPECT_EQ(std::signbit(value), code >= 128) << code;
  }
  EXPECT_EQ(E4m3Values()[0x7E], 448.0f);
  EXPECT_EQ(E4m3Values()[0x01], std::ldexp(1.0f, -9));
}

// 5 x 7 in blocks of 2 x 3: the last ones are cut on both sides.
struct CutBlocks {
  CutBlocks() {
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<uint8_t>(i * 37 % 127 + 128 * (i % 2));
    }
    for (size_t i = 0; i < factors.size(); ++i) {
      factors[i] = 0.1f + static_cast<float>(i);
    }
  }
  Fp8Matrix Matrix() const {
    return {codes.data(),
            5,
            7,
            reinterpret_cast<const char*>(factors.data()),
            {2, 3}};
  }

  std::vector<uint8_t> codes = std::vector<uint8_t>(35);
  std::vector<float> factors = std::vector<float>(9);
};

TEST(Fp8Blocks, EveryElementMeetsTheFactorOfItsBlock) {
  const CutBlocks blocks;
  EXPECT_EQ(blocks.Matrix().FactorRows(), 3);
  EXPECT_EQ(blocks.Matrix().FactorColumns(), 3);
  std::vector<float> out(35);
  EXPECT_EQ(DecodeFp8(blocks.Matrix(), 0, 35, out.data()), -1);
  for (size_t row = 0; row < 5; ++row) {
    for (size_t column = 0; column < 7; ++column) {
      const size_t i = row * 7 + column;
      EXPECT_EQ(out[i], E4m3Values()[blocks.codes[i]] *
                            blocks.factors[row / 2 * 3 + column / 3])
          << row << ", " << column;
    }
  }
}

TEST(Fp8Blocks, PiecesAreThoseOfTheWhole) {
  const CutBlocks blocks;
  std::vector<float> whole(35);
  DecodeFp8(blocks.Matrix(), 0, 35, whole.data());
  for (int64_t first = 0; first < 35; ++first) {
    for (int64_t count = 0; first + count <= 35; ++count) {
      std::vector<float> piece(static_cast<size_t>(count));
      EXPECT_EQ(DecodeFp8(blocks.Matrix(), first, count, piece.data()), -1);
      EXPECT_TRUE(
          std::equal(piece.begin(), piece.end(), whole.begin() + first));
    }
  }
}

TEST(Fp8Blocks, TheFirstValueThatIsNotFiniteIsFound) {
  for (const int64_t bad : {0, 6, 17, 34}) {
    CutBlocks blocks;
    blocks.codes[static_cast<size_t>(bad)] = 0x7F;
    blocks.codes.back() = 0xFF;
    std::vector<float> out(35);
    EXPECT_EQ(DecodeFp8(blocks.Matrix(), 0, 35, out.data()), bad);
  }
  CutBlocks blocks;
  blocks.factors[4] = INFINITY;  // rows 2 and 3, columns 3 to 5
  std::vector<float> out(35);
  EXPECT_EQ(DecodeFp8(blocks.Matrix(), 0, 35, out.data()), 2 * 7 + 3);
}

}  // namespace
}  // namespace limbeck
