// The training forward against plain loops in double precision.
#include "student/forward.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/student/plain_decoder.h"
#include "tests/support/family_variants.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

using Sequences = std::vector<std::vector<int64_t>>;

struct Bin {
  std::vector<int64_t> starts = {0};
  std::vector<int64_t> ids;
};

Bin Pack(const Sequences& sequences) {
  Bin bin;
  for (const std::vector<int64_t>& ids : sequences) {
    bin.ids.insert(bin.ids.end(), ids.begin(), ids.end());
    bin.starts.push_back(static_cast<int64_t>(bin.ids.size()));
  }
  return bin;
}

at::Tensor HiddenOf(const ModelConfig& config, const ModelWeights& weights,
                    const Sequences& sequences) {
  const Bin bin = Pack(sequences);
  const PackedLayout layout =
      MakePackedLayout(config, bin.starts, weights.embedding.scalar_type());
  return ForwardPacked(config, ParameterStore(weights), layout,
                       at::tensor(bin.ids, at::kLong));
}

at::Tensor LogProbsOf(const ModelConfig& config, const ModelWeights& weights,
                      const Sequences& sequences) {
  const at::Tensor hidden = HiddenOf(config, weights, sequences);
  return at::log_softmax(at::linear(hidden, weights.head), -1);
}

// Mean negative log-likelihood of the next tokens, as PlainLoss.
at::Tensor LossOf(const ModelConfig& config, const ModelWeights& weights,
                  const Sequences& sequences) {
  const at::Tensor logprobs = LogProbsOf(config, weights, sequences);
  const Bin bin = Pack(sequences);
  std::vector<int64_t> rows;
  std::vector<int64_t> targets;
  for (size_t s = 0; s + 1 < bin.starts.size(); ++s) {
    for (int64_t t = bin.starts[s]; t + 1 < bin.starts[s + 1]; ++t) {
      rows.push_back(t);
      targets.push_back(bin.ids[static_cast<size_t>(t + 1)]);
    }
  }
  return -logprobs.index_select(0, at::tensor(rows, at::kLong))
              .gather(1, at::tensor(targets, at::kLong).unsqueeze(1))
              .mean();
}

Sequences ThreeSequences(const ModelConfig& config) {
  return {TinyIds(config, 21, 1), TinyIds(config, 1, 2),
          TinyIds(config, 34, 3)};
}

// Gradients of the loss in every group, by backward.
std::vector<at::Tensor> GradientsOf(const Model& model,
                                    const Sequences& sequences) {
  std::vector<at::Tensor> leaves;
  for (const ParameterGroup& group : model.groups) {
    leaves.push_back(group.flat.detach().requires_grad_(true));
  }
  LossOf(model.config, ViewWeights(model, leaves), sequences).backward();
  std::vector<at::Tensor> gradients;
  // The router's bias chooses, and a choice has no gradient.
  for (const at::Tensor& leaf : leaves) {
    gradients.push_back(leaf.grad().defined() ? leaf.grad()
                                              : at::zeros_like(leaf));
  }
  return gradients;
}

// Rows that nothing else may reach. With experts, the number of rows of a
// matrix product depends on other tokens, and with it the order of its sums.
bool AreTheSame(const ModelConfig& config, const at::Tensor& a,
                const at::Tensor& b) {
  return config.experts ? at::allclose(a, b, 1e-5, 1e-5) : at::equal(a, b);
}

class Forward : public ::testing::TestWithParam<ModelVariant> {};

INSTANTIATE_TEST_SUITE_P(Variants, Forward, ::testing::ValuesIn(AllVariants()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Forward, LogProbsEqualPlainLoops) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const Sequences sequences = ThreeSequences(config);
  const at::Tensor ours =
      LogProbsOf(config, model.weights, sequences).to(at::kDouble);
  const PlainWeights plain = PlainWeightsOf(model);
  int64_t row = 0;
  double largest = 0.0;
  for (const std::vector<int64_t>& ids : sequences) {
    for (const std::vector<double>& expected :
         PlainLogProbs(config, plain, ids)) {
      for (int64_t v = 0; v < config.vocab_size; ++v) {
        const double difference =
            ours[row][v].item<double>() - expected[static_cast<size_t>(v)];
        largest = std::max(largest, std::abs(difference));
      }
      ++row;
    }
  }
  // float32 rounding through two layers of weights of size 0.4.
  EXPECT_LT(largest, 3e-5);
}

TEST_P(Forward, GradientsEqualCentralDifferences) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const Sequences sequences = {TinyIds(config, 9, 1), TinyIds(config, 12, 3)};
  const std::vector<at::Tensor> gradients = GradientsOf(model, sequences);
  PlainWeights plain = PlainWeightsOf(model);
  constexpr double kStep = 1e-5;
  for (size_t g = 0; g < model.groups.size(); ++g) {
    for (const WeightSlot& slot : model.groups[g].slots) {
      const at::Tensor gradient = ViewSlot(gradients[g], slot).flatten();
      std::vector<double>& values = plain[slot.name];
      // A few elements of every weight; the stride is coprime to the widths.
      const size_t stride = values.size() / 5 * 2 + 1;
      for (size_t n = 0, i = 0; n < 4; ++n, i = (i + stride) % values.size()) {
        const double kept = values[i];
        values[i] = kept + kStep;
        const double above = PlainLoss(config, plain, sequences);
        values[i] = kept - kStep;
        const double below = PlainLoss(config, plain, sequences);
        values[i] = kept;
        const double expected = (above - below) / (2.0 * kStep);
        EXPECT_NEAR(gradient[static_cast<int64_t>(i)].item<double>(), expected,
                    2e-5 * (1.0 + std::abs(expected)))
            << slot.name << " element " << i;
      }
    }
  }
}

TEST_P(Forward, DoubleFollowsTheSameFormula) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const Model wide = *CastModel(model, at::kDouble);
  const Sequences sequences = ThreeSequences(config);
  const double loss = LossOf(config, wide.weights, sequences).item<double>();
  EXPECT_NEAR(loss, PlainLoss(config, PlainWeightsOf(model), sequences), 1e-6);
}

TEST_P(Forward, PackedEqualsUnpacked) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const Sequences sequences = ThreeSequences(config);
  const at::Tensor packed = HiddenOf(config, model.weights, sequences);
  int64_t begin = 0;
  for (const std::vector<int64_t>& ids : sequences) {
    const int64_t length = static_cast<int64_t>(ids.size());
    const at::Tensor alone = HiddenOf(config, model.weights, {ids});
    // Matrix products may sum in another order for another number of rows.
    EXPECT_TRUE(
        at::allclose(packed.narrow(0, begin, length), alone, 1e-5, 1e-5));
    begin += length;
  }
}

TEST_P(Forward, PackedGradientsAreTheSumOfUnpackedOnes) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const Sequences both = {TinyIds(config, 13, 1), TinyIds(config, 13, 3)};
  const std::vector<at::Tensor> packed = GradientsOf(model, both);
  const std::vector<at::Tensor> first = GradientsOf(model, {both[0]});
  const std::vector<at::Tensor> second = GradientsOf(model, {both[1]});
  for (size_t g = 0; g < packed.size(); ++g) {
    EXPECT_TRUE(
        at::allclose(packed[g], (first[g] + second[g]) / 2.0, 1e-4, 1e-6))
        << model.groups[g].name;
  }
}

TEST_P(Forward, OtherSequencesDoNotReachIn) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  Sequences sequences = ThreeSequences(config);
  const at::Tensor before = HiddenOf(config, model.weights, sequences);
  sequences[0] = TinyIds(config, 21, 77);
  const at::Tensor after = HiddenOf(config, model.weights, sequences);
  EXPECT_FALSE(at::equal(before.narrow(0, 0, 21), after.narrow(0, 0, 21)));
  EXPECT_TRUE(
      AreTheSame(config, before.narrow(0, 21, 35), after.narrow(0, 21, 35)));
}

TEST_P(Forward, LaterTokensDoNotReachBack) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  std::vector<int64_t> ids = TinyIds(config, 30, 5);
  const at::Tensor before = HiddenOf(config, model.weights, {ids});
  ids[20] = (ids[20] + 1) % config.vocab_size;
  const at::Tensor after = HiddenOf(config, model.weights, {ids});
  EXPECT_TRUE(
      AreTheSame(config, before.narrow(0, 0, 20), after.narrow(0, 0, 20)));
  EXPECT_FALSE(at::equal(before[20], after[20]));
}

TEST_P(Forward, SameBytesTwice) {
  const Model model = TinyModel(GetParam().config);
  const Sequences sequences = ThreeSequences(model.config);
  const std::vector<at::Tensor> first = GradientsOf(model, sequences);
  const std::vector<at::Tensor> second = GradientsOf(model, sequences);
  for (size_t g = 0; g < first.size(); ++g) {
    EXPECT_TRUE(at::equal(first[g], second[g]));
  }
}

TEST(ForwardBfloat16, IsCloseToFloat32) {
  const Model model = TinyModel(TinyConfig());
  const Model narrow = *CastModel(model, at::kBFloat16);
  const Sequences sequences = ThreeSequences(model.config);
  const double exact =
      LossOf(model.config, model.weights, sequences).item<double>();
  const double rounded =
      LossOf(model.config, narrow.weights, sequences).item<double>();
  // 8 bits of mantissa through two layers.
  EXPECT_NEAR(rounded, exact, 0.05 * exact);
}

TEST(PackedLayout, PositionsRestart) {
  const PackedLayout layout =
      MakePackedLayout(TinyConfig(), {0, 2, 5}, at::kFloat);
  EXPECT_TRUE(
      at::equal(layout.positions, at::tensor({0, 1, 0, 1, 2}, at::kLong)));
  EXPECT_TRUE(at::equal(layout.cosine[2], at::ones({8})));
  EXPECT_TRUE(at::equal(layout.cosine[1], layout.cosine[3]));
  EXPECT_FLOAT_EQ(layout.sine[4][0].item<float>(), std::sin(2.0f));
}

}  // namespace
}  // namespace limbeck
