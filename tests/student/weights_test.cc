// Groups, slots and random models.
#include "student/weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

class Weights : public ::testing::TestWithParam<ModelVariant> {};

INSTANTIATE_TEST_SUITE_P(Variants, Weights, ::testing::ValuesIn(TinyVariants()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Weights, SlotsTileTheirGroups) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                               MakeModel(GetParam().config, at::kFloat));
  int64_t total = 0;
  for (const ParameterGroup& group : model.groups) {
    int64_t offset = 0;
    for (const WeightSlot& slot : group.slots) {
      EXPECT_EQ(slot.offset, offset) << slot.name;
      EXPECT_EQ(slot.decays, slot.shape.size() == 2) << slot.name;
      offset += ViewSlot(group.flat, slot).numel();
    }
    EXPECT_EQ(offset, group.flat.numel());
    total += offset;
  }
  EXPECT_EQ(total, GetParam().config.NumParameters());
}

TEST_P(Weights, AreViewsOfTheGroups) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                               MakeModel(GetParam().config, at::kFloat));
  model.groups[1].flat.fill_(7.0);
  EXPECT_EQ(model.weights.blocks[0].mlp.down.min().item<float>(), 7.0f);
  EXPECT_EQ(model.weights.head.is_same(model.weights.embedding),
            GetParam().config.tied_head);
  EXPECT_EQ(model.weights.blocks[0].q_bias.defined(),
            GetParam().config.qkv_bias);
}

TEST(RandomModel, FollowsTheSeedAlone) {
  const Model first = *MakeRandomModel(TinyConfig(), 1);
  const Model again = *MakeRandomModel(TinyConfig(), 1);
  const Model other = *MakeRandomModel(TinyConfig(), 2);
  EXPECT_TRUE(at::equal(first.groups[2].flat, again.groups[2].flat));
  EXPECT_FALSE(at::equal(first.groups[2].flat, other.groups[2].flat));
  // A deeper model begins with the same layers.
  ModelConfig deeper = TinyConfig();
  deeper.num_layers = 5;
  EXPECT_TRUE(at::equal(first.weights.blocks[1].q,
                        MakeRandomModel(deeper, 1)->weights.blocks[1].q));
}

TEST(RandomModel, IsNormalWithOnesAndZeros) {
  ModelConfig config = TinyVariants()[2].config;
  config.hidden_size = 66;
  config.intermediate_size = 256;
  const Model model = *MakeRandomModel(config, 4);
  const at::Tensor& up = model.weights.blocks[0].mlp.up;
  // 16896 values: the mean within 5 and the deviation within 4 of their own
  // deviations.
  EXPECT_NEAR(up.mean().item<double>(), 0.0, 5 * 0.02 / 130);
  EXPECT_NEAR(up.std().item<double>(), 0.02, 4 * 0.02 / 184);
  EXPECT_NEAR((up.abs() < 0.02).to(at::kFloat).mean().item<double>(), 0.6827,
              0.02);
  EXPECT_TRUE(at::equal(model.weights.final_norm, at::ones({66})));
  EXPECT_EQ(model.weights.blocks[0].q_bias.abs().max().item<float>(), 0.0f);
  EXPECT_FALSE(at::equal(model.weights.blocks[0].mlp.gate, up));
}

TEST(RandomModel, RefusesBadConfigurations) {
  ModelConfig config = TinyConfig();
  config.num_layers = 0;
  EXPECT_THAT(MakeRandomModel(config, 1),
              IsError(absl::StatusCode::kInvalidArgument, "num_hidden_layers"));
}

TEST(ViewWeights, GradientsReachTheFlatLeaf) {
  const Model model = *MakeRandomModel(TinyConfig(), 1);
  std::vector<at::Tensor> leaves;
  for (const ParameterGroup& group : model.groups) {
    leaves.push_back(group.flat.detach().requires_grad_(true));
  }
  const ModelWeights views = ViewWeights(model, leaves);
  (views.blocks[1].k.sum() * 3.0).backward();
  const WeightSlot& slot = model.groups[2].slots[2];
  EXPECT_EQ(slot.name, "model.layers.1.self_attn.k_proj.weight");
  EXPECT_TRUE(
      at::equal(ViewSlot(leaves[2].grad(), slot), at::full(slot.shape, 3.0)));
  EXPECT_EQ(leaves[2].grad().sum().item<float>(),
            3.0f * static_cast<float>(views.blocks[1].k.numel()));
}

TEST(CastModel, CopiesInTheNewType) {
  const Model model = *MakeRandomModel(TinyConfig(), 1);
  const Model cast = *CastModel(model, at::kBFloat16);
  EXPECT_EQ(cast.weights.head.scalar_type(), at::kBFloat16);
  const Model copy = *CastModel(model, at::kFloat);
  copy.groups[0].flat.zero_();
  EXPECT_NE(model.groups[0].flat.abs().max().item<float>(), 0.0f);
}

}  // namespace
}  // namespace limbeck
