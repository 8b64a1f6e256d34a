// pass@k and G-Pass@k against exact integers for n up to 200.
#include <flint/fmpz.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "eval/metrics.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

constexpr int kMaxSamples = 200;

// Pascal's triangle.
class Binomials {
 public:
  Binomials() : values_((kMaxSamples + 1) * (kMaxSamples + 1)) {
    for (int n = 0; n <= kMaxSamples; ++n) {
      for (int k = 0; k <= n; ++k) {
        fmpz_init(At(n, k));
        if (k == 0 || k == n) {
          fmpz_one(At(n, k));
        } else {
          fmpz_add(At(n, k), At(n - 1, k - 1), At(n - 1, k));
        }
      }
    }
  }
  ~Binomials() {
    for (int n = 0; n <= kMaxSamples; ++n) {
      for (int k = 0; k <= n; ++k) fmpz_clear(At(n, k));
    }
  }

  fmpz* At(int n, int k) { return &values_[n * (kMaxSamples + 1) + k]; }

 private:
  std::vector<fmpz> values_;
};

// Rounded twice: within 3 * 2^-53 of the exact quotient.
double Quotient(const fmpz_t over, const fmpz_t under) {
  return fmpz_get_d(over) / fmpz_get_d(under);
}

TEST(ExactMetrics, PassAtKForAllUpTo200) {
  Binomials choose;
  fmpz_t some_right;
  fmpz_init(some_right);
  double worst = 0;
  for (int n = 1; n <= kMaxSamples; ++n) {
    for (int c = 0; c <= n; ++c) {
      for (int k = 1; k <= n; ++k) {
        fmpz_set(some_right, choose.At(n, k));
        if (k <= n - c) {
          fmpz_sub(some_right, some_right, choose.At(n - c, k));
        }
        const double exact = Quotient(some_right, choose.At(n, k));
        worst = std::max(worst, std::abs(PassAtK(n, c, k) - exact));
      }
    }
  }
  fmpz_clear(some_right);
  EXPECT_LT(worst, 1e-13);
}

TEST(ExactMetrics, AtLeastRightAndMgPass) {
  Binomials choose;
  fmpz_t sum, term;
  fmpz_init(sum);
  fmpz_init(term);
  double worst = 0, worst_mean = 0;
  for (int n : {1, 2, 5, 16, 48, 64, 137, 200}) {
    for (int c = 0; c <= n; c += 1 + n / 40) {
      for (int k = 1; k <= n; k += 1 + n / 40) {
        const std::vector<double> found = AtLeastRight(n, c, k);
        fmpz_zero(sum);
        double mean = 0;
        for (int i = k; i >= 0; --i) {
          if (i <= c && k - i <= n - c) {
            fmpz_mul(term, choose.At(c, i), choose.At(n - c, k - i));
            fmpz_add(sum, sum, term);
          }
          const double exact = Quotient(sum, choose.At(n, k));
          worst = std::max(worst, std::abs(found[i] - exact));
          if (i >= (k + 1) / 2 + 1) mean += 2 * exact / k;
        }
        worst_mean = std::max(worst_mean, std::abs(MgPassAtK(n, c, k) - mean));
      }
    }
  }
  fmpz_clear(sum);
  fmpz_clear(term);
  EXPECT_LT(worst, 1e-12);
  EXPECT_LT(worst_mean, 1e-12);
}

}  // namespace
}  // namespace limbeck
