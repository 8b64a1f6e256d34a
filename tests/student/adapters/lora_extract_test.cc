// Adapters out of two checkpoints: exact where the change is of low rank,
// honest about the rest.
#include "student/adapters/lora_extract.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "student/adapters/lora_file.h"
#include "tests/support/family_variants.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

at::Tensor Random(at::IntArrayRef shape, uint64_t seed) {
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::TensorOptions().dtype(at::kFloat));
}

// `base` with random changes: of rank 2 in two matrices, plain in a norm.
Model Tuned(const Model& base) {
  Model tuned = *CastModel(base, at::kFloat);
  auto weights = NamedWeights(tuned);
  uint64_t seed = 1;
  for (const char* name : {"model.layers.0.mlp.up_proj.weight",
                           "model.layers.1.self_attn.o_proj.weight"}) {
    at::Tensor& weight = weights.at(name);
    const at::Tensor left = Random({weight.size(0), 2}, seed++);
    const at::Tensor right = Random({2, weight.size(1)}, seed++);
    weight.add_(at::mm(left, right), 0.02);
  }
  weights.at("model.norm.weight").mul_(1.25);
  return tuned;
}

double LargestDifference(const Model& a, const Model& b) {
  const auto other = NamedWeights(b);
  double largest = 0.0;
  for (const auto& [name, weight] : NamedWeights(a)) {
    largest =
        std::max(largest, (weight - other.at(name)).abs().max().item<double>());
  }
  return largest;
}

TEST(LoraExtract, ChangeOfLowRankComesBackExactly) {
  const Model base = TinyModel(TinyConfig());
  const Model tuned = Tuned(base);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                               ExtractLora(tuned, base, 2));
  ASSERT_EQ(extraction.modules.size(), size_t{2});
  EXPECT_EQ(extraction.modules[0].name, "model.layers.0.mlp.up_proj");
  EXPECT_EQ(extraction.full_copies, 1);
  EXPECT_LT(extraction.lost_share, 1e-5);
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  LIMBECK_ASSERT_OK(
      WriteLoraAdapter(extraction.adapter, directory.File("adapter")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraAdapter read,
                               ReadLoraAdapter(directory.File("adapter")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge, MergeLora(base, read));
  EXPECT_LT(LargestDifference(merge.model, tuned), 1e-6);
}

TEST(LoraExtract, LostPartIsTheTailOfTheSingularValues) {
  const Model base = TinyModel(TinyConfig());
  Model tuned = *CastModel(base, at::kFloat);
  for (const char* name : {"model.layers.0.mlp.up_proj.weight",       // tall
                           "model.layers.0.mlp.down_proj.weight"}) {  // wide
    at::Tensor weight = NamedWeights(tuned).at(name);
    weight.add_(Random(weight.sizes(), 9), 0.05);
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                               ExtractLora(tuned, base, 5));
  double all_change = 0.0;
  double all_lost = 0.0;
  for (const ExtractedModule& module : extraction.modules) {
    const std::string name = module.name + ".weight";
    const at::Tensor difference = NamedWeights(tuned).at(name).to(at::kDouble) -
                                  NamedWeights(base).at(name).to(at::kDouble);
    const at::Tensor values = at::linalg_svdvals(difference);
    const double lost = values.slice(0, 5).norm().item<double>();
    EXPECT_NEAR(module.change, values.norm().item<double>(), 1e-5);
    EXPECT_NEAR(module.lost, lost, 1e-5) << name;
    EXPECT_GT(module.lost, 0.1);
    all_change += module.change * module.change;
    all_lost += lost * lost;
  }
  EXPECT_NEAR(extraction.lost_share, std::sqrt(all_lost / all_change), 1e-5);
}

TEST(LoraExtract, LargeMatricesLoseHardlyMoreThanTheBest) {
  ModelConfig config = TinyConfig();
  config.hidden_size = 560;
  config.intermediate_size = 700;
  config.num_layers = 1;
  const Model base = *MakeModel(config, at::kFloat);
  Model tuned = *MakeModel(config, at::kFloat);
  at::Tensor weight = tuned.weights.blocks[0].mlp.down;  // [560, 700]
  // Singular values that fall as those of trained differences, in noise.
  at::Tensor fall = at::arange(1, 41, at::kFloat).pow(-0.7);
  weight.copy_(at::mm(Random({560, 40}, 5) * fall, Random({40, 700}, 6)));
  weight.add_(Random({560, 700}, 7), 0.02);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                               ExtractLora(tuned, base, 12));
  const double best = at::linalg_svdvals(weight.to(at::kDouble))
                          .slice(0, 12)
                          .norm()
                          .item<double>();
  ASSERT_EQ(extraction.modules.size(), size_t{1});
  EXPECT_GT(extraction.modules[0].lost, best * (1.0 - 1e-5));
  EXPECT_LT(extraction.modules[0].lost, best * 1.001);
}

TEST(LoraExtract, RankIsAtMostTheSmallerSide) {
  const Model base = TinyModel(TinyConfig());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                               ExtractLora(Tuned(base), base, 1000));
  EXPECT_EQ(extraction.modules[0].rank, TinyConfig().hidden_size);
  EXPECT_LT(extraction.lost_share, 1e-5);
}

TEST(LoraExtract, TiedChangeIsSaidOfBothAndStaysTied) {
  ModelConfig config = TinyConfig();
  config.tied_head = true;
  const Model base = TinyModel(config);
  Model tuned = *CastModel(base, at::kFloat);
  tuned.weights.embedding.add_(
      at::mm(Random({config.vocab_size, 1}, 3), Random({1, 16}, 4)), 0.1);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                               ExtractLora(tuned, base, 1));
  EXPECT_TRUE(extraction.adapter.ties_embeddings);
  EXPECT_EQ(extraction.adapter.modules.size(), size_t{2});
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge,
                               MergeLora(base, extraction.adapter));
  EXPECT_TRUE(merge.model.config.tied_head);
  EXPECT_LT(LargestDifference(merge.model, tuned), 1e-6);
}

TEST(LoraExtract, HeadsTiedOnOneSideOnlyAreTwoModules) {
  ModelConfig config = TinyConfig();
  config.tied_head = true;
  const Model base = TinyModel(config);
  config.tied_head = false;
  LIMBECK_ASSERT_OK_AND_ASSIGN(Model tuned, MakeModel(config, at::kFloat));
  for (const auto& [name, weight] : NamedWeights(tuned)) {
    weight.copy_(name == "lm_head.weight" ? base.weights.head
                                          : NamedWeights(base).at(name));
  }
  tuned.weights.head.add_(
      at::mm(Random({config.vocab_size, 1}, 3), Random({1, 16}, 4)), 0.1);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                               ExtractLora(tuned, base, 1));
  ASSERT_EQ(extraction.modules.size(), size_t{1});
  EXPECT_EQ(extraction.modules[0].name, "lm_head");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge,
                               MergeLora(base, extraction.adapter));
  EXPECT_TRUE(merge.untied);
  EXPECT_LT(LargestDifference(merge.model, tuned), 1e-6);
}

TEST(LoraExtract, ModelsWithExpertsKeepOtherMlpsAndRoutersWhole) {
  for (const ModelVariant& variant : FamilyVariants()) {
    if (!variant.config.experts) continue;
    const Model base = TinyModel(variant.config);
    Model tuned = *CastModel(base, at::kFloat);
    const int64_t layer = variant.config.experts->first_layer;
    BlockWeights& block = tuned.weights.blocks[static_cast<size_t>(layer)];
    block.experts[1].up.add_(0.01);  // of rank 1
    block.mlp.down.add_(0.01);
    block.router.mul_(1.5);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraExtraction extraction,
                                 ExtractLora(tuned, base, 1));
    // All experts have factors, most of them zeros; the router comes with its
    // bias, the shared expert's matrix is a copy.
    EXPECT_EQ(extraction.full_copies, 3);
    EXPECT_EQ(static_cast<int64_t>(extraction.modules.size()),
              (variant.config.num_layers - layer) *
                  variant.config.experts->num_experts * 3);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge,
                                 MergeLora(base, extraction.adapter));
    EXPECT_LT(LargestDifference(merge.model, tuned), 1e-6);
  }
}

TEST(LoraExtract, WhatCannotBeComparedIsRefused) {
  const Model base = TinyModel(TinyConfig());
  EXPECT_THAT(ExtractLora(base, base, 4),
              IsError(absl::StatusCode::kInvalidArgument, "same weights"));
  EXPECT_THAT(ExtractLora(base, base, 0),
              IsError(absl::StatusCode::kInvalidArgument, "rank is 0"));
  ModelConfig wider = TinyConfig();
  wider.vocab_size += 3;
  EXPECT_THAT(ExtractLora(TinyModel(wider), base, 4),
              IsError(absl::StatusCode::kInvalidArgument,
                      "in the tuned model, [37, 16] in the base"));
}

}  // namespace
}  // namespace limbeck
