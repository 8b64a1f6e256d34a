// RMSNorm, SwiGLU and bundled linear layers, in every instruction set.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/layers/linear_bundle.h"
#include "kernels/layers/rms_norm.h"
#include "kernels/layers/swiglu.h"
#include "kernels/reference/attention_reference.h"
#include "tests/kernels/attention/instruction_sets.h"

namespace limbeck::kernels {
namespace {

constexpr double kEpsilon = 1e-5;

at::Tensor Wave(at::IntArrayRef shape, double phase) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return (at::arange(count, at::kDouble) * 1.7 + phase)
      .sin()
      .mul(2.0)
      .to(at::kFloat)
      .view(shape);
}

std::vector<double> Values(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.to(at::kDouble).contiguous();
  const double* data = wide.const_data_ptr<double>();
  return std::vector<double>(data, data + wide.numel());
}

class LayerLoops : public ::testing::TestWithParam<const CpuKernels*> {};

INSTANTIATE_TEST_SUITE_P(InstructionSets, LayerLoops,
                         ::testing::ValuesIn(RunnableKernels()), KernelsName);

TEST_P(LayerLoops, RmsNormEqualsReference) {
  for (const int64_t width : {1, 7, 8, 16, 19, 64}) {
    const at::Tensor x = Wave({5, width}, 0.3);
    const at::Tensor weight = Wave({width}, 1.0);
    const at::Tensor y = at::empty_like(x);
    const at::Tensor inverse = at::empty({5});
    GetParam()->rms_norm_forward({.x = x.const_data_ptr<float>(),
                                  .weight = weight.const_data_ptr<float>(),
                                  .y = y.data_ptr<float>(),
                                  .inverse = inverse.data_ptr<float>(),
                                  .width = width,
                                  .epsilon = static_cast<float>(kEpsilon)},
                                 0, 5);
    const at::Tensor expected =
        at::tensor(RmsNormReference(Values(x), Values(weight), kEpsilon))
            .view_as(y);
    EXPECT_TRUE(
        at::allclose(y.to(at::kDouble), expected.to(at::kDouble), 1e-5, 1e-6))
        << width;
  }
}

TEST_P(LayerLoops, RmsNormBackwardEqualsAutogradInDouble) {
  for (const int64_t width : {1, 7, 16, 19, 64}) {
    const at::Tensor x = Wave({6, width}, 0.3);
    const at::Tensor weight = Wave({width}, 1.0);
    const at::Tensor y_grad = Wave({6, width}, 2.0);
    const at::Tensor wide_x = x.to(at::kDouble).requires_grad_(true);
    const at::Tensor wide_weight = weight.to(at::kDouble).requires_grad_(true);
    RmsNormComposite(wide_x, wide_weight, kEpsilon)
        .backward(y_grad.to(at::kDouble));
    const at::Tensor inverse =
        at::rsqrt(x.square().mean({-1}) + kEpsilon).contiguous();
    const at::Tensor x_grad = at::empty_like(x);
    const at::Tensor weight_grad = at::zeros_like(weight);
    GetParam()->rms_norm_backward({.x = x.const_data_ptr<float>(),
                                   .weight = weight.const_data_ptr<float>(),
                                   .inverse = inverse.const_data_ptr<float>(),
                                   .y_grad = y_grad.const_data_ptr<float>(),
                                   .x_grad = x_grad.data_ptr<float>(),
                                   .width = width},
                                  0, 6, weight_grad.data_ptr<float>());
    EXPECT_TRUE(at::allclose(x_grad.to(at::kDouble), wide_x.grad(), 1e-4, 1e-5))
        << width;
    EXPECT_TRUE(at::allclose(weight_grad.to(at::kDouble), wide_weight.grad(),
                             1e-4, 1e-5))
        << width;
  }
}

TEST_P(LayerLoops, SwiGluEqualsReference) {
  for (const int64_t inner : {1, 7, 16, 24, 37}) {
    const at::Tensor gate_up = Wave({4, 2 * inner}, 0.1) * 4.0;
    const at::Tensor y = at::empty({4, inner});
    GetParam()->swiglu_forward({.gate_up = gate_up.const_data_ptr<float>(),
                                .y = y.data_ptr<float>(),
                                .inner = inner},
                               0, 4);
    const std::vector<double> expected =
        SwiGluReference(Values(gate_up), inner);
    const std::vector<double> ours = Values(y);
    for (size_t i = 0; i < ours.size(); ++i) {
      ASSERT_NEAR(ours[i], expected[i], 1e-6 * (1.0 + std::abs(expected[i])));
    }
  }
}

TEST_P(LayerLoops, SwiGluBackwardEqualsAutogradInDouble) {
  for (const int64_t inner : {1, 7, 16, 24, 37}) {
    const at::Tensor gate_up = Wave({4, 2 * inner}, 0.1) * 4.0;
    const at::Tensor y_grad = Wave({4, inner}, 0.7);
    const at::Tensor wide = gate_up.to(at::kDouble).requires_grad_(true);
    SwiGluComposite(wide).backward(y_grad.to(at::kDouble));
    const at::Tensor ours = at::empty_like(gate_up);
    GetParam()->swiglu_backward({.gate_up = gate_up.const_data_ptr<float>(),
                                 .y_grad = y_grad.const_data_ptr<float>(),
                                 .gate_up_grad = ours.data_ptr<float>(),
                                 .inner = inner},
                                0, 4);
    EXPECT_TRUE(at::allclose(ours.to(at::kDouble), wide.grad(), 1e-5, 1e-5));
  }
}

TEST_P(LayerLoops, SwiGluAtTheEnds) {
  const float huge = 3e38f;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> gate_up = {-huge, -100.0f, 100.0f, nan,
                                      1.0f,  1.0f,    1.0f,   1.0f};
  std::vector<float> y(4);
  GetParam()->swiglu_forward(
      {.gate_up = gate_up.data(), .y = y.data(), .inner = 4}, 0, 1);
  EXPECT_LE(std::abs(y[1]), 1e-35f);
  EXPECT_EQ(y[2], 100.0f);
  EXPECT_TRUE(std::isnan(y[3]));
}

TEST(RmsNorm, FusedGradientsOverManyRowsEqualDouble) {
  const at::Tensor x = Wave({200, 24}, 0.3).requires_grad_(true);
  const at::Tensor weight = Wave({24}, 1.0).requires_grad_(true);
  const at::Tensor wide_x = x.detach().to(at::kDouble).requires_grad_(true);
  const at::Tensor wide_weight =
      weight.detach().to(at::kDouble).requires_grad_(true);
  RmsNorm(x, weight, kEpsilon).square().sum().backward();
  RmsNorm(wide_x, wide_weight, kEpsilon).square().sum().backward();
  EXPECT_TRUE(
      at::allclose(x.grad().to(at::kDouble), wide_x.grad(), 1e-4, 1e-4));
  EXPECT_TRUE(at::allclose(weight.grad().to(at::kDouble), wide_weight.grad(),
                           1e-4, 1e-4));
}

TEST(LinearBundle, EqualsSeparateLayers) {
  // Neighbours in memory, and pieces of their own.
  const at::Tensor flat = Wave({9 * 5}, 0.0);
  const std::vector<at::Tensor> neighbours = {
      flat.narrow(0, 0, 20).view({4, 5}), flat.narrow(0, 20, 25).view({5, 5})};
  const std::vector<at::Tensor> apart = {neighbours[0].clone(),
                                         neighbours[1].clone()};
  const std::vector<at::Tensor> biases = {Wave({4}, 0.2), Wave({5}, 0.9)};
  const at::Tensor x = Wave({7, 5}, 0.5);
  for (const std::vector<at::Tensor>& weights : {neighbours, apart}) {
    std::vector<at::Tensor> leaves = {x.detach().requires_grad_(true)};
    std::vector<at::Tensor> plain = {x.detach().clone().requires_grad_(true)};
    for (size_t i = 0; i < 2; ++i) {
      leaves.push_back(weights[i].detach().requires_grad_(true));
      plain.push_back(weights[i].detach().clone().requires_grad_(true));
    }
    for (size_t i = 0; i < 2; ++i) {
      leaves.push_back(biases[i].detach().requires_grad_(true));
      plain.push_back(biases[i].detach().clone().requires_grad_(true));
    }
    const at::Tensor ours =
        LinearBundle(leaves[0], {leaves[1], leaves[2]}, {leaves[3], leaves[4]});
    const at::Tensor expected =
        at::cat({at::linear(plain[0], plain[1], plain[3]),
                 at::linear(plain[0], plain[2], plain[4])},
                -1);
    EXPECT_TRUE(at::allclose(ours, expected, 1e-5, 1e-5));
    ours.square().sum().backward();
    expected.square().sum().backward();
    for (size_t i = 0; i < leaves.size(); ++i) {
      EXPECT_TRUE(at::allclose(leaves[i].grad(), plain[i].grad(), 1e-4, 1e-4))
          << i;
    }
  }
}

TEST(LinearBundle, ErrorsNameShapes) {
  try {
    LinearBundle(at::zeros({3, 4}), {at::zeros({2, 5})}, {});
    FAIL();
  } catch (const c10::Error& error) {
    EXPECT_NE(std::string(error.what_without_backtrace()).find("weight 0"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace limbeck::kernels
