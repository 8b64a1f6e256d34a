// Figures against enumeration of all draws, in exact fractions.
#include "eval/metrics.h"

#include <bit>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A fraction with 128-bit parts, always reduced.
struct Fraction {
  __int128 over = 0;
  __int128 under = 1;
};

__int128 Gcd(__int128 a, __int128 b) { return b == 0 ? a : Gcd(b, a % b); }

Fraction Reduce(__int128 over, __int128 under) {
  const __int128 divisor = Gcd(over < 0 ? -over : over, under);
  return {over / divisor, under / divisor};
}

Fraction Times(Fraction a, Fraction b) {
  const Fraction left = Reduce(a.over, b.under);
  const Fraction right = Reduce(b.over, a.under);
  return {left.over * right.over, left.under * right.under};
}

double Value(Fraction f) {
  return static_cast<double>(f.over) / static_cast<double>(f.under);
}

// Draws, out of all subsets of k of n, with at least `needed` of the first c.
double ByEnumeration(int n, int c, int k, int needed) {
  int64_t all = 0, enough = 0;
  for (uint32_t set = 0; set < uint32_t{1} << n; ++set) {
    if (std::popcount(set) != k) continue;
    ++all;
    const uint32_t right = set & ((uint32_t{1} << c) - 1);
    enough += std::popcount(right) >= needed ? 1 : 0;
  }
  return static_cast<double>(enough) / static_cast<double>(all);
}

TEST(PassAtK, EqualsEnumeration) {
  for (int n = 1; n <= 9; ++n) {
    for (int c = 0; c <= n; ++c) {
      for (int k = 1; k <= n; ++k) {
        EXPECT_NEAR(PassAtK(n, c, k), ByEnumeration(n, c, k, 1), 1e-14)
            << n << " " << c << " " << k;
      }
    }
  }
}

// 1 - C(n-c, k) / C(n, k) as a product of fractions.
TEST(PassAtK, EqualsExactFractionsUpTo60) {
  for (int64_t n : {10, 37, 60}) {
    for (int64_t c = 0; c <= n; c += 3) {
      for (int64_t k = 1; k <= n; k += 4) {
        if (n - c < k) {
          EXPECT_EQ(PassAtK(n, c, k), 1.0);
          continue;
        }
        Fraction all_wrong{1, 1};
        for (int64_t i = 0; i < k; ++i) {
          all_wrong = Times(all_wrong, Reduce(n - c - i, n - i));
        }
        const Fraction pass =
            Reduce(all_wrong.under - all_wrong.over, all_wrong.under);
        EXPECT_NEAR(PassAtK(n, c, k), Value(pass), 1e-13)
            << n << " " << c << " " << k;
      }
    }
  }
}

TEST(PassAtK, OfOneIsTheShare) {
  for (int64_t c = 0; c <= 64; ++c) {
    EXPECT_NEAR(PassAtK(64, c, 1), static_cast<double>(c) / 64, 1e-14);
  }
}

TEST(AtLeastRight, EqualsEnumeration) {
  for (int n = 1; n <= 9; ++n) {
    for (int c = 0; c <= n; ++c) {
      for (int k = 1; k <= n; ++k) {
        const std::vector<double> found = AtLeastRight(n, c, k);
        ASSERT_EQ(found.size(), static_cast<size_t>(k) + 1);
        for (int needed = 0; needed <= k; ++needed) {
          EXPECT_NEAR(found[needed], ByEnumeration(n, c, k, needed), 1e-12)
              << n << " " << c << " " << k << " " << needed;
        }
      }
    }
  }
}

TEST(GPassAtK, NeedsTheCeilingOfTauK) {
  EXPECT_NEAR(GPassAtK(8, 3, 4, 0.25), ByEnumeration(8, 3, 4, 1), 1e-12);
  EXPECT_NEAR(GPassAtK(8, 3, 5, 0.25), ByEnumeration(8, 3, 5, 2), 1e-12);
  EXPECT_NEAR(GPassAtK(8, 6, 4, 0.75), ByEnumeration(8, 6, 4, 3), 1e-12);
  EXPECT_NEAR(GPassAtK(8, 6, 4, 1.0), ByEnumeration(8, 6, 4, 4), 1e-12);
  EXPECT_EQ(GPassAtK(8, 8, 8, 1.0), 1.0);
  EXPECT_EQ(GPassAtK(8, 0, 8, 0.0), 0.0);
}

TEST(GPassAtK, WithTauNearZeroIsPassAtK) {
  for (int64_t c = 0; c <= 10; ++c) {
    EXPECT_NEAR(GPassAtK(10, c, 4, 0.01), PassAtK(10, c, 4), 1e-12);
  }
}

TEST(MgPassAtK, SumsTheUpperHalf) {
  for (int k = 1; k <= 6; ++k) {
    double sum = 0;
    for (int i = (k + 1) / 2 + 1; i <= k; ++i) {
      sum += ByEnumeration(8, 5, k, i);
    }
    EXPECT_NEAR(MgPassAtK(8, 5, k), 2 * sum / k, 1e-12) << k;
  }
  EXPECT_NEAR(MgPassAtK(16, 16, 16), 1.0, 1e-12);
  EXPECT_EQ(MgPassAtK(4, 4, 1), 0.0);
}

TEST(SampleCounts, ArePowersOfTwoAndAll) {
  EXPECT_THAT(SampleCounts(0), IsEmpty());
  EXPECT_THAT(SampleCounts(1), ElementsAre(1));
  EXPECT_THAT(SampleCounts(8), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(SampleCounts(10), ElementsAre(1, 2, 4, 8, 10));
}

// "a" is right, "-" is no answer.
std::vector<Vote> Votes(const std::string& answers) {
  std::vector<Vote> votes;
  for (char answer : answers) {
    votes.push_back({std::string(1, answer), answer != '-', answer == 'a'});
  }
  return votes;
}

Consensus VoteAll(const std::string& answers) {
  return MajorityVote(Votes(answers));
}

TEST(MajorityVote, Table) {
  EXPECT_EQ(VoteAll("aab").value, 1.0);
  EXPECT_EQ(VoteAll("abb").value, 0.0);
  EXPECT_EQ(VoteAll("a---").value, 1.0);
  EXPECT_EQ(VoteAll("----").value, 0.0);
  EXPECT_EQ(VoteAll("ab").value, 0.5);
  EXPECT_NEAR(VoteAll("abc").value, 1.0 / 3, 1e-15);
  EXPECT_FALSE(VoteAll("aab").tied);
  EXPECT_TRUE(VoteAll("aabbc").tied);
  EXPECT_FALSE(VoteAll("----").tied);
}

TEST(ConsensusAtK, AveragesOverAllSubsets) {
  // Pairs of "aabb": aa, bb and four times ab.
  EXPECT_NEAR(ConsensusAtK(Votes("aabb"), 2, 7), (1 + 0 + 4 * 0.5) / 6, 1e-15);
  EXPECT_NEAR(ConsensusAtK(Votes("aab-"), 1, 7), 0.5, 1e-15);
  EXPECT_EQ(ConsensusAtK(Votes("aab"), 3, 7), 1.0);
}

TEST(ConsensusAtK, DrawnSubsetsComeCloseToAll) {
  // 24 choose 12 is too many: the expectation of a hypergeometric draw.
  const std::string answers = std::string(14, 'a') + std::string(10, 'b');
  const std::vector<double> at_least = AtLeastRight(24, 14, 12);
  const double exact = at_least[7] + 0.5 * (at_least[6] - at_least[7]);
  const double drawn = ConsensusAtK(Votes(answers), 12, 7);
  EXPECT_NEAR(drawn, exact, 0.08);  // four standard errors of 512 draws
  EXPECT_EQ(drawn, ConsensusAtK(Votes(answers), 12, 7));
}

}  // namespace
}  // namespace limbeck
