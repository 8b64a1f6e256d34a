// The products of a linear head against three loops, on every device.
#include "kernels/gemm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "kernels/reference/product_reference.h"
#include "tests/kernels/devices.h"
#include "tests/kernels/loss_case.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kRows = 7;
constexpr int64_t kWidth = 24;
constexpr int64_t kColumns = 45;  // no multiple of anything
constexpr int64_t kStride = 48;   // of logits and gradient

reference::Matrix ToMatrix(const at::Tensor& tensor) {
  const at::Tensor values = tensor.cpu().to(at::kDouble).contiguous();
  const double* data = values.const_data_ptr<double>();
  return {values.size(0), values.size(1), {data, data + values.numel()}};
}

at::Tensor ToTensor(const reference::Matrix& matrix) {
  return at::tensor(matrix.values, at::kDouble)
      .view({matrix.rows, matrix.columns});
}

class Gemm : public ::testing::TestWithParam<
                 std::tuple<at::DeviceType, at::ScalarType>> {
 protected:
  void SetUp() override {
    if (!HasDevice(device_)) GTEST_SKIP() << kNoDevice;
    hidden_ = Make(1, {kRows, kWidth});
    weight_ = Make(2, {kColumns, kWidth});
    // As the driver hands it over: rows further apart than they are long, in
    // the stored dtype on CUDA and in float32 on the CPU.
    gradient_ = Make(3, {kRows, kStride}).narrow(1, 0, kColumns);
    if (device_.is_cpu()) gradient_ = gradient_.to(result_type_).contiguous();
  }

  at::Tensor Make(uint64_t seed, at::IntArrayRef shape) const {
    return Normal(seed, shape).to(type_).to(device_);
  }
  at::Tensor Result(at::IntArrayRef shape) const {
    return at::zeros(shape, at::TensorOptions(device_).dtype(result_type_));
  }
  void ExpectNear(const at::Tensor& ours, const reference::Matrix& expected,
                  double tolerance = 2e-6) const {
    EXPECT_LE(RelativeError(ours.cpu(), ToTensor(expected)), tolerance);
  }

  const at::Device device_ = std::get<0>(GetParam());
  const at::ScalarType type_ = std::get<1>(GetParam());
  const at::ScalarType result_type_ = GemmResultType(type_);
  at::Tensor hidden_;
  at::Tensor weight_;
  at::Tensor gradient_;
};

TEST_P(Gemm, Logits) {
  at::Tensor logits = Result({kRows, kStride}).narrow(1, 0, kColumns);
  if (device_.is_cpu()) logits = logits.contiguous();
  logits.fill_(7.0);
  const at::Tensor hidden = GemmOperand(hidden_);
  const at::Tensor weight = GemmOperand(weight_);
  LogitsGemm(hidden, weight, false, logits);
  const reference::Matrix expected =
      Product(ToMatrix(hidden_), Transposed(ToMatrix(weight_)));
  ExpectNear(logits, expected);
  LogitsGemm(hidden, weight, true, logits);
  ExpectNear(logits * 0.5, expected);
}

TEST_P(Gemm, HiddenGradient) {
  const reference::Matrix expected =
      Product(ToMatrix(gradient_), ToMatrix(weight_));
  const at::Tensor weight = GemmOperand(weight_);
  const at::Tensor gradient = gradient_;
  at::Tensor out = Result({kRows, kWidth});
  HiddenGradientGemm(gradient, weight, out);
  const bool rounds = gradient.scalar_type() != gradient_.scalar_type();
  ExpectNear(out, expected, rounds ? 3e-3 : 2e-6);
  if (device_.is_cpu()) return;
  at::Tensor stored = out.to(type_);
  HiddenGradientGemm(gradient, weight, stored);
  ExpectNear(stored, expected, 3e-3);
}

TEST_P(Gemm, WeightGradientAddsScaled) {
  const reference::Matrix expected =
      Product(Transposed(ToMatrix(gradient_)), ToMatrix(hidden_));
  const at::Tensor weight = GemmOperand(weight_);
  const at::Tensor gradient = gradient_;
  const bool rounds = gradient.scalar_type() != gradient_.scalar_type();
  const double tolerance = rounds ? 3e-3 : 2e-6;
  at::Tensor out = Result({kColumns, kWidth});
  out.fill_(7.0);
  const at::Tensor hidden = GemmOperand(hidden_);
  WeightGradientGemm(gradient, hidden, {}, false, out);
  ExpectNear(out, expected, tolerance);
  const at::Tensor scale = at::full({}, 3.0, out.options());
  WeightGradientGemm(gradient, hidden, scale, true, out);
  ExpectNear(out * 0.25, expected, tolerance);
}

TEST_P(Gemm, BitsRepeat) {
  const at::Tensor weight = GemmOperand(weight_);
  const at::Tensor hidden = GemmOperand(hidden_);
  at::Tensor first = Result({kRows, kColumns});
  at::Tensor second = Result({kRows, kColumns});
  LogitsGemm(hidden, weight, false, first);
  LogitsGemm(hidden, weight, false, second);
  EXPECT_TRUE(at::equal(first, second));
}

std::string GemmName(const ::testing::TestParamInfo<Gemm::ParamType>& test) {
  return std::string(DeviceName(std::get<0>(test.param))) + "_" +
         c10::toString(std::get<1>(test.param));
}

INSTANTIATE_TEST_SUITE_P(Cpu, Gemm,
                         ::testing::Combine(::testing::Values(at::kCPU),
                                            ::testing::Values(at::kDouble,
                                                              at::kFloat,
                                                              at::kBFloat16)),
                         GemmName);
INSTANTIATE_TEST_SUITE_P(Cuda, Gemm,
                         ::testing::Combine(::testing::Values(at::kCUDA),
                                            ::testing::Values(at::kFloat,
                                                              at::kBFloat16)),
                         GemmName);

}  // namespace
}  // namespace limbeck::kernels
