// Where channels and tokens go: heads of latent attention, rows of experts.
#include "student/expert_layer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "student/head_layout.h"
#include "student/latent_attention.h"
#include "tests/support/family_variants.h"

namespace limbeck {
namespace {

ModelConfig VariantNamed(const std::string& name) {
  for (const ModelVariant& variant : FamilyVariants()) {
    if (variant.name == name) return variant.config;
  }
  ADD_FAILURE() << name;
  return TinyConfig();
}

TEST(HeadLayout, OrdinaryHeadsStayAsTheyAre) {
  for (const ModelVariant& variant : TinyVariants()) {
    EXPECT_TRUE(MakeHeadLayout(variant.config).IsIdentity()) << variant.name;
  }
}

TEST(HeadLayout, PairsAreHalfAHeadApart) {
  for (const bool interleaved : {true, false}) {
    for (const int64_t still : {0, 1, 4, 5}) {
      ModelConfig config = VariantNamed("deepseek");
      config.rope_interleaved = interleaved;
      config.latent->nope_dim = still;
      config.latent->rope_dim = 6;
      config.head_dim = still + 6;
      const HeadLayout layout = MakeHeadLayout(config);
      EXPECT_EQ(layout.width, (still + 7) / 2 * 2);
      const std::set<int64_t> places(layout.place.begin(), layout.place.end());
      ASSERT_EQ(places.size(), layout.place.size());
      EXPECT_GE(*places.begin(), 0);
      EXPECT_LT(*places.rbegin(), layout.width);
      for (int64_t i = 0; i < 3; ++i) {
        const int64_t first = still + (interleaved ? 2 * i : i);
        const int64_t second = first + (interleaved ? 1 : 3);
        EXPECT_EQ(layout.place[static_cast<size_t>(first)], i);
        EXPECT_EQ(layout.place[static_cast<size_t>(second)], layout.Half() + i);
      }
    }
  }
}

TEST(HeadLayout, TableTurnsRotatedChannelsOnly) {
  const ModelConfig config = VariantNamed("deepseek");  // 5 + 4 channels
  const RotaryTable narrow = MakeRotaryTable(config, 7);
  const RotaryTable wide = WidenRotaryTable(MakeHeadLayout(config), narrow);
  ASSERT_EQ(wide.cosine.sizes(), at::IntArrayRef({7, 10}));
  for (const int64_t half : {0, 5}) {
    EXPECT_TRUE(at::equal(wide.cosine.narrow(1, half, 2),
                          narrow.cosine.narrow(1, 0, 2)));
    EXPECT_TRUE(
        at::equal(wide.sine.narrow(1, half, 2), narrow.sine.narrow(1, 0, 2)));
    EXPECT_TRUE(
        at::equal(wide.cosine.narrow(1, half + 2, 3), at::ones({7, 3})));
    EXPECT_TRUE(at::equal(wide.sine.narrow(1, half + 2, 3), at::zeros({7, 3})));
  }
}

// One token at a time, one expert after the other.
at::Tensor OneTokenAtATime(const ModelConfig& config, const BlockWeights& block,
                           const at::Tensor& x) {
  std::vector<at::Tensor> rows;
  for (int64_t t = 0; t < x.size(0); ++t) {
    rows.push_back(ForwardExperts(*config.experts, block, x.narrow(0, t, 1)));
  }
  return at::cat(rows, 0);
}

at::Tensor Hidden(const ModelConfig& config, int64_t tokens) {
  return (at::arange(tokens * config.hidden_size, at::kFloat) * 1.3)
      .sin()
      .view({tokens, config.hidden_size});
}

TEST(ExpertLayer, TokensOfABatchGetWhatTheyGetAlone) {
  const ModelConfig config = VariantNamed("deepseek");
  const Model model = TinyModel(config);
  const BlockWeights& block = model.weights.blocks[1];
  const at::Tensor x = Hidden(config, 40);
  EXPECT_TRUE(at::allclose(ForwardExperts(*config.experts, block, x),
                           OneTokenAtATime(config, block, x), 1e-5, 1e-5));
}

// Every choice comes back to its own token: identity experts give the input
// times the sum of its weights.
TEST(ExpertLayer, WeightsOfATokenSumToTheScaling) {
  ModelConfig config = VariantNamed("deepseek");
  config.experts->num_shared = 0;
  const Model model = TinyModel(config);
  BlockWeights block = model.weights.blocks[1];
  const MlpWeights first = block.experts[0];
  for (MlpWeights& expert : block.experts) expert = first;
  const at::Tensor x = Hidden(config, 25);
  const at::Tensor alone =
      at::linear(GatedInner(nullptr, first, x), first.down) *
      config.experts->scaling;
  EXPECT_TRUE(at::allclose(ForwardExperts(*config.experts, block, x), alone,
                           1e-5, 1e-5));
}

TEST(ExpertLayer, ExpertsThatNobodyChoseGetNoGradient) {
  const ModelConfig config = VariantNamed("deepseek");
  const Model model = TinyModel(config);
  BlockWeights block = model.weights.blocks[1];
  for (MlpWeights& expert : block.experts) {
    expert.down = expert.down.detach().clone().requires_grad_(true);
  }
  block.router = block.router.detach().clone().requires_grad_(true);
  ForwardExperts(*config.experts, block, Hidden(config, 1)).sum().backward();
  int64_t chosen = 0;
  for (const MlpWeights& expert : block.experts) {
    chosen += expert.down.grad().defined() ? 1 : 0;
  }
  EXPECT_EQ(chosen, config.experts->num_chosen);
  EXPECT_GT(block.router.grad().abs().max().item<double>(), 0.0);
}

}  // namespace
}  // namespace limbeck
