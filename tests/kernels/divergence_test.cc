#include "kernels/divergence.h"

#include <gtest/gtest.h>

namespace limbeck::kernels {
namespace {

TEST(Divergence, NamesReadBack) {
  for (int i = 0; i < 8; ++i) {
    const auto divergence = static_cast<Divergence>(i);
    EXPECT_EQ(ParseDivergence(DivergenceName(divergence)), divergence);
  }
  EXPECT_EQ(DivergenceName(Divergence::kSkewReverseKl), "skew_reverse_kl");
  EXPECT_EQ(ParseDivergence("kl"), std::nullopt);
}

TEST(Tail, NamesReadBack) {
  for (int i = 0; i < 3; ++i) {
    const auto tail = static_cast<Tail>(i);
    EXPECT_EQ(ParseTail(TailName(tail)), tail);
  }
  EXPECT_EQ(ParseTail(""), std::nullopt);
}

}  // namespace
}  // namespace limbeck::kernels
