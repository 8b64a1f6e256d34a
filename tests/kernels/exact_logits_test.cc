// Logits for close pairs: right in every instruction set, no error that grows
// with the hidden width, and the promised gradients at a real width.
#include "kernels/exact_logits.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/divergence.h"
#include "kernels/gemm.h"
#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_distillation.h"
#include "kernels/linear_topk_distillation.h"
#include "tests/kernels/attention/instruction_sets.h"
#include "tests/kernels/loss_case.h"
#include "tests/support/tolerances.h"

namespace limbeck::kernels {
namespace {

using ::limbeck::testing::kFloat32Tolerance;

class ExactLogitsSets : public ::testing::TestWithParam<const CpuKernels*> {};

// No size is a multiple of a tile, and only columns [begin, end) are written.
TEST_P(ExactLogitsSets, MatchDoubleLoops) {
  constexpr int64_t kStride = 131;
  for (const int64_t rows : {1, 31, 33}) {
    for (const int64_t width : {1, 63, 200}) {
      const int64_t panels = (rows + kExactPanel - 1) / kExactPanel;
      const at::Tensor hidden = Normal(1, {rows, width}).to(at::kFloat);
      const at::Tensor weight = Normal(2, {kStride, width + 3}).to(at::kFloat);
      std::vector<float> panel(panels * width * kExactPanel);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t k = 0; k < width; ++k) {
          panel[(r / kExactPanel * width + k) * kExactPanel + r % kExactPanel] =
              hidden[r][k].item<float>();
        }
      }
      at::Tensor logits = at::full({rows, kStride}, 0.5f);
      const ExactLogits problem = {
          panel.data(), rows,
          width,        weight.const_data_ptr<float>(),
          width + 3,    logits.mutable_data_ptr<float>(),
          kStride,      true};
      GetParam()->exact_logits(problem, 2, 128);
      at::Tensor expected = at::full({rows, kStride}, 0.5, at::kDouble);
      expected.narrow(1, 2, 126).add_(at::mm(
          hidden.to(at::kDouble),
          weight.narrow(0, 2, 126).narrow(1, 0, width).to(at::kDouble).t()));
      EXPECT_LE(RelativeError(logits, expected), 3e-7) << rows << " " << width;
      EXPECT_TRUE(
          at::equal(logits.narrow(1, 128, 3), at::full({rows, 3}, 0.5)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ExactLogitsSets,
                         ::testing::ValuesIn(RunnableKernels()), KernelsName);

// Logits near 10 at every width: their last place is 9.5e-7.
TEST(ExactLogits, ErrorDoesNotGrowWithTheWidth) {
  for (const int64_t width : {512, 896, 4096}) {
    const at::Tensor hidden = Normal(3, {20, width}).to(at::kFloat);
    const at::Tensor weight =
        at::cat({hidden, hidden}).mul(10.0 / static_cast<double>(width));
    at::Tensor logits = at::empty({20, 40}, at::kFloat);
    ExactLogitsGemm(hidden, weight, false, logits);
    const at::Tensor gap =
        logits - at::mm(hidden.to(at::kDouble), weight.to(at::kDouble).t());
    EXPECT_LE(gap.abs().max().item<double>(), 1.5e-6) << width;
  }
}

// A student of width 896 and a teacher with its head and a little noise; the
// logits peak near 10, where plain sums cost 3e-5 of the gradient.
class WideClosePair : public ::testing::Test {
 protected:
  static at::Tensor Leaf(const at::Tensor& values) {
    return values.detach().clone().requires_grad_(true);
  }
  // Of the gradient of hidden and of the head in float32.
  template <typename Loss>
  void ExpectExact(const Loss& loss, const std::string& name) const {
    std::vector<at::Tensor> gradients;
    for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
      const at::Tensor hidden = Leaf(hidden_.to(type));
      const at::Tensor weight = Leaf(weight_.to(type));
      loss(hidden, weight).backward();
      gradients.push_back(hidden.grad());
      gradients.push_back(weight.grad());
    }
    EXPECT_LE(RelativeError(gradients[2], gradients[0]),
              kFloat32Tolerance.gradient)
        << name;
    if (!gradients[1].defined()) return;
    EXPECT_LE(RelativeError(gradients[3], gradients[1]),
              kFloat32Tolerance.gradient)
        << name;
  }
  at::Tensor LogP() const {
    return at::log_softmax(
        at::mm(hidden_.to(at::kDouble), teacher_.to(at::kDouble).t()), 1);
  }

  const double scale_ = 1.0 / std::sqrt(896.0);
  const at::Tensor hidden_ = Normal(5, {16, 896}).to(at::kFloat);
  const at::Tensor weight_ =
      Normal(6, {3001, 896}).mul(3.0 * scale_).to(at::kFloat);
  const at::Tensor teacher_ =
      weight_ + Normal(7, {3001, 896}).mul(0.1 * scale_).to(at::kFloat);
};

TEST_F(WideClosePair, Dense) {
  for (const Divergence divergence :
       {Divergence::kForwardKl, Divergence::kReverseKl, Divergence::kJsd,
        Divergence::kSkewForwardKl, Divergence::kSkewReverseKl,
        Divergence::kAdaptiveKl, Divergence::kSymmetricKl}) {
    DistillationOptions options;
    options.divergence = divergence;
    ExpectExact(
        [&](const at::Tensor& hidden, const at::Tensor& weight) {
          const at::ScalarType type = hidden.scalar_type();
          return LinearDistillation(hidden, weight, hidden_.to(type),
                                    teacher_.to(type), {}, {}, options)
              .loss;
        },
        std::string(DivergenceName(divergence)));
  }
}

TEST_F(WideClosePair, TopK) {
  TopKTeacher teacher;
  std::tie(teacher.logprobs, teacher.ids) = LogP().topk(64, 1);
  teacher.logprobs = teacher.logprobs.to(at::kFloat);
  ExpectExact(
      [&](const at::Tensor& hidden, const at::Tensor& weight) {
        return LinearTopKDistillation(hidden, weight, teacher, {}, {}).loss;
      },
      "topk");
}

TEST_F(WideClosePair, Cached) {
  const at::Tensor log_p = LogP();
  const CachedTeacher teacher = {at::mm(log_p.exp(), weight_.to(at::kDouble)),
                                 -(log_p.exp() * log_p).sum(1)};
  ExpectExact(
      [&](const at::Tensor& hidden, const at::Tensor& weight) {
        return LinearCachedDistillation(hidden, weight.detach(), teacher).loss;
      },
      "cached");
}

}  // namespace
}  // namespace limbeck::kernels
