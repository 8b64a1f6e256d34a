// Memory beyond inputs and gradients: the formula of docs/operators.md, and
// that it does not grow with the number of tokens.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "tests/kernels/devices.h"
#include "tests/kernels/loss_case.h"
#include "tests/kernels/peak_meter.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kChunk = 64;
constexpr int64_t kWidth = 16;
constexpr int64_t kTeacherWidth = 24;
constexpr int64_t kColumns = 2003;
constexpr int64_t kEntries = 9;

// Most bytes that forward and backward held at once, dX included.
int64_t PeakBytes(const LossCase& loss_case, const LossData& data,
                  const LinearOptions& linear) {
  return PeakBytesOf(
      [&] { RunLinear(loss_case, data, linear).loss.backward(); });
}

class Memory : public ::testing::TestWithParam<
                   std::tuple<Family, at::ScalarType, at::DeviceType>> {
 protected:
  void SetUp() override {
    if (!HasDevice(device_)) GTEST_SKIP() << kNoDevice;
  }

  int64_t Extra(int64_t tokens) const {
    LossCase loss_case;
    loss_case.family = family_;
    DataShape shape;
    shape.tokens = tokens;
    shape.hidden = kWidth;
    shape.teacher_hidden = kTeacherWidth;
    shape.columns = shape.teacher_columns = kColumns;
    shape.entries = kEntries;
    LossData data = OnDevice(MakeData(81, shape, type_), device_);
    RequireGradients(data);
    LinearOptions linear;
    linear.chunk_tokens = kChunk;
    linear.weight_grad =
        at::zeros(data.weight.sizes(), at::TensorOptions(device_));
    return PeakBytes(loss_case, data, linear) -
           tokens * kWidth * ElementBytes();  // dX
  }

  int64_t Sides() const { return family_ == Family::kDense ? 2 : 1; }

  int64_t TokenBytes() const {
    return 40 + (family_ == Family::kTopK ? 16 * kEntries + 8 : 0);
  }

  // The formula of docs/operators.md with weight_grad and a bias.
  int64_t Formula(int64_t tokens) const {
    const int64_t widths = kWidth + (Sides() == 2 ? kTeacherWidth : 0);
    const int64_t stride = kColumns + 8;  // rows aligned on the GPU
    int64_t bytes = kChunk * stride * 4 * Sides() + TokenBytes() * tokens;
    if (device_.is_cuda()) {
      bytes += kChunk * (widths + kWidth) * ElementBytes();
    } else {
      bytes += (kChunk * (widths + kWidth) + kColumns * widths) * 4;
    }
    // Bias and its gradients, as stored and in float32; small tensors, each
    // rounded up by the allocator.
    return bytes + 6 * stride * 4 + 64 * 512;
  }

  int64_t ElementBytes() const {
    return static_cast<int64_t>(c10::elementSize(type_));
  }

  const Family family_ = std::get<0>(GetParam());
  const at::ScalarType type_ = std::get<1>(GetParam());
  const at::Device device_ = std::get<2>(GetParam());
};

TEST_P(Memory, StaysBelowTheFormula) {
  Extra(kChunk);  // what is allocated once per process
  for (const int64_t tokens : {kChunk, 2 * kChunk, 8 * kChunk}) {
    EXPECT_LE(Extra(tokens), Formula(tokens)) << tokens;
    // That the meter sees what it shall.
    EXPECT_GE(Extra(tokens), kChunk * kColumns * 4 * Sides()) << tokens;
  }
}

TEST_P(Memory, GrowsByAFewBytesPerToken) {
  Extra(kChunk);
  const int64_t growth = Extra(16 * kChunk) - Extra(4 * kChunk);
  EXPECT_LE(growth, 12 * kChunk * TokenBytes() + 16 * 512);
}

std::string MemoryName(
    const ::testing::TestParamInfo<Memory::ParamType>& test) {
  const auto& [family, type, device] = test.param;
  const char* name = family == Family::kTopK    ? "topk_"
                     : family == Family::kDense ? "dense_"
                                                : "cross_entropy_";
  return name + std::string(c10::toString(type)) + "_" + DeviceName(device);
}

INSTANTIATE_TEST_SUITE_P(
    All, Memory,
    ::testing::Combine(::testing::Values(Family::kCrossEntropy, Family::kDense,
                                         Family::kTopK),
                       ::testing::Values(at::kFloat, at::kBFloat16),
                       ::testing::Values(at::kCPU, at::kCUDA)),
    MemoryName);

}  // namespace
}  // namespace limbeck::kernels
