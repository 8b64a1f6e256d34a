// Packed attention in every instruction set against plain double loops.
#include "kernels/attention/packed_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/base/random.h"
#include "kernels/attention/packed_attention_cpu.h"
#include "kernels/reference/attention_reference.h"
#include "tests/kernels/attention/instruction_sets.h"

namespace limbeck::kernels {
namespace {

struct Case {
  AttentionShape shape;
  std::vector<int64_t> starts;
};

// One token; lengths around the widths of tiles and vectors; grouped heads;
// head widths below, at, above and between multiples of a vector; windows below
// and above those widths; values wider and narrower than keys; other scales.
std::vector<Case> Cases() {
  return {{{2, 1, 2}, {0, 1}},           {{4, 2, 16}, {0, 7, 8, 16, 25, 58}},
          {{3, 1, 24}, {0, 33, 34, 50}}, {{2, 2, 32}, {0, 15, 31, 48}},
          {{6, 3, 6}, {0, 4, 12}},       {{2, 1, 72}, {0, 40}},
          {{2, 1, 16, 0, 1}, {0, 9}},    {{2, 1, 16, 0, 3}, {0, 40, 41}},
          {{4, 2, 8, 0, 18}, {0, 75}},   {{2, 2, 6, 20, 0, 0.7}, {0, 21, 37}},
          {{3, 3, 24, 5, 11}, {0, 50}},  {{2, 1, 16, 0, 64}, {0, 40}}};
}

std::vector<double> Normals(int64_t count, uint64_t key, double size) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t counter = static_cast<uint64_t>(2 * i);
    values.push_back(static_cast<double>(static_cast<float>(
        size * std::sqrt(-2.0 * std::log(RandomUniform(key, counter))) *
        std::cos(6.283185307 * RandomUniform(key, counter + 1)))));
  }
  return values;
}

AttentionReferenceInput MakeInput(const Case& tested, uint64_t seed) {
  const AttentionShape& shape = tested.shape;
  const int64_t tokens = tested.starts.back();
  AttentionReferenceInput input = {
      .qkv = Normals(tokens * shape.RowWidth(),
                     RandomKey(seed, RandomPurpose::kTest), 1.5),
      .cosine = {},
      .sine = {},
      .starts = tested.starts,
      .heads = shape.heads,
      .kv_heads = shape.kv_heads,
      .head_dim = shape.head_dim,
      .value_dim = shape.value_dim,
      .window = shape.window,
      .scale = shape.scale};
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t d = 0; d < shape.head_dim; ++d) {
      const double angle = static_cast<double>(t) /
                           static_cast<double>(1 + d % (shape.head_dim / 2));
      input.cosine.push_back(
          static_cast<double>(static_cast<float>(std::cos(angle))));
      input.sine.push_back(
          static_cast<double>(static_cast<float>(std::sin(angle))));
    }
  }
  return input;
}

std::vector<float> Narrow(const std::vector<double>& values) {
  std::vector<float> narrow;
  for (const double value : values) narrow.push_back(static_cast<float>(value));
  return narrow;
}

// The fused loops on plain memory.
struct FusedRun {
  FusedRun(const AttentionReferenceInput& input, const CpuKernels& chosen)
      : starts(input.starts),
        kernels(chosen),
        qkv(Narrow(input.qkv)),
        cosine(Narrow(input.cosine)),
        sine(Narrow(input.sine)) {
    const int64_t tokens = input.starts.back();
    out.resize(static_cast<size_t>(tokens * input.heads * input.ValueDim()));
    log_sum_exp.resize(static_cast<size_t>(tokens * input.heads));
    args = {
        .qkv = qkv.data(),
        .cosine = cosine.data(),
        .sine = sine.data(),
        .out = out.data(),
        .log_sum_exp = log_sum_exp.data(),
        .tokens = tokens,
        .heads = input.heads,
        .kv_heads = input.kv_heads,
        .head_dim = input.head_dim,
        .value_dim = input.ValueDim(),
        .window = input.window,
        .scale = input.scale != 0.0
                     ? static_cast<float>(input.scale)
                     : 1.0f / std::sqrt(static_cast<float>(input.head_dim))};
    RunPackedAttentionForward(args, starts, kernels);
  }

  std::vector<float> Backward(const std::vector<float>& out_grad) const {
    // Poisoned: every element must be written.
    std::vector<float> qkv_grad(qkv.size(),
                                std::numeric_limits<float>::quiet_NaN());
    RunPackedAttentionBackward({.forward = args,
                                .out_grad = out_grad.data(),
                                .qkv_grad = qkv_grad.data()},
                               starts, kernels);
    return qkv_grad;
  }

  std::vector<int64_t> starts;
  const CpuKernels& kernels;
  std::vector<float> qkv, cosine, sine, out, log_sum_exp;
  PackedAttentionForward args;
};

double Product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class PackedAttentionLoops
    : public ::testing::TestWithParam<const CpuKernels*> {};

INSTANTIATE_TEST_SUITE_P(InstructionSets, PackedAttentionLoops,
                         ::testing::ValuesIn(RunnableKernels()), KernelsName);

TEST_P(PackedAttentionLoops, ForwardEqualsReference) {
  for (const Case& tested : Cases()) {
    const AttentionReferenceInput input = MakeInput(tested, 1);
    const FusedRun run(input, *GetParam());
    const std::vector<double> expected = PackedAttentionReference(input);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(run.out[i]), expected[i], 5e-6)
          << "head_dim " << tested.shape.head_dim << ", window "
          << tested.shape.window << ", element " << i;
    }
  }
}

TEST_P(PackedAttentionLoops, BackwardEqualsCentralDifferences) {
  constexpr double kStep = 1e-5;
  for (const Case& tested : Cases()) {
    AttentionReferenceInput input = MakeInput(tested, 2);
    const FusedRun run(input, *GetParam());
    const std::vector<double> out_grad =
        Normals(static_cast<int64_t>(run.out.size()),
                RandomKey(3, RandomPurpose::kTest), 1.0);
    const std::vector<float> ours = run.Backward(Narrow(out_grad));
    const size_t stride = ours.size() / 40 * 2 + 1;
    for (size_t n = 0, i = 0; n < 40; ++n, i = (i + stride) % ours.size()) {
      const double kept = input.qkv[i];
      input.qkv[i] = kept + kStep;
      const double above = Product(PackedAttentionReference(input), out_grad);
      input.qkv[i] = kept - kStep;
      const double below = Product(PackedAttentionReference(input), out_grad);
      input.qkv[i] = kept;
      const double expected = (above - below) / (2.0 * kStep);
      ASSERT_NEAR(static_cast<double>(ours[i]), expected,
                  3e-5 * (1.0 + std::abs(expected)))
          << "head_dim " << tested.shape.head_dim << ", window "
          << tested.shape.window << ", element " << i;
    }
    for (const float value : ours) ASSERT_TRUE(std::isfinite(value));
  }
}

// A sequence gives the same bits alone and inside a bin.
TEST_P(PackedAttentionLoops, NeighboursChangeNoBit) {
  const Case packed = {{4, 2, 16}, {0, 21, 58}};
  const AttentionReferenceInput input = MakeInput(packed, 4);
  const FusedRun both(input, *GetParam());
  const std::vector<float> both_grad = both.Backward(both.out);
  AttentionReferenceInput second = input;
  const size_t row = 8 * 16;
  second.qkv.erase(second.qkv.begin(), second.qkv.begin() + 21 * row);
  second.cosine.erase(second.cosine.begin(), second.cosine.begin() + 21 * 16);
  second.sine.erase(second.sine.begin(), second.sine.begin() + 21 * 16);
  second.starts = {0, 37};
  const FusedRun alone(second, *GetParam());
  const std::vector<float> alone_grad = alone.Backward(alone.out);
  EXPECT_TRUE(std::equal(alone.out.begin(), alone.out.end(),
                         both.out.begin() + 21 * 4 * 16));
  EXPECT_TRUE(std::equal(alone_grad.begin(), alone_grad.end(),
                         both_grad.begin() + 21 * row));
}

TEST_P(PackedAttentionLoops, WindowAsLongAsTheSequenceChangesNoBit) {
  AttentionReferenceInput input = MakeInput({{4, 2, 16}, {0, 21, 58}}, 10);
  const FusedRun all(input, *GetParam());
  input.window = 37;
  const FusedRun windowed(input, *GetParam());
  EXPECT_EQ(all.out, windowed.out);
  EXPECT_EQ(all.Backward(all.out), windowed.Backward(all.out));
}

// Whatever stands outside the window, even in the same vector.
TEST_P(PackedAttentionLoops, TokensBeforeTheWindowDoNotReachIn) {
  AttentionReferenceInput input = MakeInput({{2, 1, 16, 0, 6}, {0, 60}}, 11);
  const FusedRun before(input, *GetParam());
  for (size_t i = 0; i < 30 * 64; ++i) input.qkv[i] = 50.0 - input.qkv[i];
  const FusedRun after(input, *GetParam());
  const size_t first = 35 * 2 * 16;  // token 35 sees 30 to 35
  EXPECT_TRUE(std::equal(before.out.begin() + first, before.out.end(),
                         after.out.begin() + first));
  EXPECT_FALSE(std::equal(before.out.begin() + first - 32,
                          before.out.begin() + first,
                          after.out.begin() + first - 32));
}

TEST_P(PackedAttentionLoops, LargeScoresStayFinite) {
  AttentionReferenceInput input = MakeInput({{2, 1, 16}, {0, 20}}, 5);
  for (double& value : input.qkv) value *= 100.0;
  const FusedRun run(input, *GetParam());
  for (const float value : run.out) ASSERT_TRUE(std::isfinite(value));
  for (const float value : run.Backward(run.out)) {
    ASSERT_TRUE(std::isfinite(value));
  }
}

TEST_P(PackedAttentionLoops, NanStaysInItsSequence) {
  AttentionReferenceInput input = MakeInput({{2, 1, 16}, {0, 20, 45}}, 6);
  input.qkv[5] = std::numeric_limits<double>::quiet_NaN();
  const FusedRun run(input, *GetParam());
  EXPECT_TRUE(std::isnan(run.out[0]));
  for (size_t i = 20 * 2 * 16; i < run.out.size(); ++i) {
    ASSERT_TRUE(std::isfinite(run.out[i])) << i;
  }
}

struct TensorInput {
  at::Tensor qkv, cosine, sine;
};

TensorInput Tensors(const AttentionReferenceInput& input,
                    at::ScalarType dtype) {
  const int64_t tokens = input.starts.back();
  const auto make = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).view({tokens, -1}).to(dtype);
  };
  return {make(input.qkv), make(input.cosine), make(input.sine)};
}

TEST(PackedAttention, CompositeEqualsReference) {
  for (const Case& tested : Cases()) {
    const AttentionReferenceInput input = MakeInput(tested, 7);
    const TensorInput tensors = Tensors(input, at::kDouble);
    const at::Tensor ours = PackedAttention(
        tensors.qkv, tensors.cosine, tensors.sine, tested.starts, tested.shape);
    const at::Tensor expected =
        at::tensor(PackedAttentionReference(input), at::kDouble).view_as(ours);
    EXPECT_LT((ours - expected).abs().max().item<double>(), 1e-12);
  }
}

TEST(PackedAttention, FusedGradientEqualsComposite) {
  for (const Case& tested : Cases()) {
    const AttentionReferenceInput input = MakeInput(tested, 8);
    const TensorInput tensors = Tensors(input, at::kFloat);
    const at::Tensor fused_leaf = tensors.qkv.clone().requires_grad_(true);
    const at::Tensor plain_leaf =
        tensors.qkv.to(at::kDouble).requires_grad_(true);
    const at::Tensor fused = PackedAttention(
        fused_leaf, tensors.cosine, tensors.sine, tested.starts, tested.shape);
    const at::Tensor plain = PackedAttentionComposite(
        plain_leaf, tensors.cosine, tensors.sine, tested.starts, tested.shape);
    fused.square().sum().backward();
    plain.square().sum().backward();
    const at::Tensor difference =
        fused_leaf.grad().to(at::kDouble) - plain_leaf.grad();
    EXPECT_LT(difference.norm().item<double>(),
              2e-6 * plain_leaf.grad().norm().item<double>() + 1e-6);
  }
}

TEST(PackedAttention, SameBytesForAnyNumberOfThreads) {
  const AttentionReferenceInput input =
      MakeInput({{4, 2, 16}, {0, 50, 51, 90, 120}}, 9);
  const TensorInput tensors = Tensors(input, at::kFloat);
  const int threads = at::get_num_threads();
  std::vector<at::Tensor> gradients;
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    const at::Tensor leaf = tensors.qkv.clone().requires_grad_(true);
    PackedAttention(leaf, tensors.cosine, tensors.sine, input.starts,
                    {4, 2, 16})
        .square()
        .sum()
        .backward();
    gradients.push_back(leaf.grad());
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

std::string ErrorOf(const at::Tensor& qkv, const at::Tensor& table,
                    const std::vector<int64_t>& starts,
                    const AttentionShape& shape) {
  try {
    PackedAttention(qkv, table, table, starts, shape);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "";
}

TEST(PackedAttention, ErrorsNameBothValues) {
  const at::Tensor qkv = at::zeros({5, 32});
  const at::Tensor table = at::zeros({5, 8});
  EXPECT_EQ(ErrorOf(qkv, table, {0, 5}, {2, 1, 8}), "");
  EXPECT_NE(ErrorOf(qkv, table, {0, 5}, {3, 2, 8}).find("3 heads"),
            std::string::npos);
  EXPECT_NE(ErrorOf(qkv, table, {0, 5}, {4, 1, 8}).find("[tokens, 48]"),
            std::string::npos);
  EXPECT_NE(ErrorOf(qkv, table, {0, 4}, {2, 1, 8})
                .find("starts end at 4, qkv has 5 tokens"),
            std::string::npos);
  EXPECT_NE(ErrorOf(qkv, table, {0, 3, 3, 5}, {2, 1, 8}).find("starts[1] is 3"),
            std::string::npos);
  EXPECT_NE(ErrorOf(qkv, at::zeros({4, 8}), {0, 5}, {2, 1, 8})
                .find("expected [5, 8]"),
            std::string::npos);
}

}  // namespace
}  // namespace limbeck::kernels
