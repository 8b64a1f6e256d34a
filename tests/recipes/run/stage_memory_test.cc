// Memory of a model follows from its architecture.
#include "recipes/run/stage_memory.h"

#include <gtest/gtest.h>

#include "tests/support/config_examples.h"

namespace limbeck {
namespace {

double CacheBytes(const ModelConfig& model, double rows) {
  return SamplingBytes(model, rows) - WeightBytes(model);
}

TEST(StageMemory, CachesHoldKeysAndValuesOfTheirHeads) {
  const ModelConfig llama = ExampleConfig("llama31");
  // Two vectors of 8 heads of 128 floats in each of 32 layers.
  EXPECT_EQ(CacheBytes(llama, 2), 2.0 * 131072 * 32 * 2 * 8 * 128 * 4);
}

TEST(StageMemory, CachesOfLatentAttentionHoldTheLatent) {
  const ModelConfig deepseek = ExampleConfig("deepseek");
  const double per_token =
      CacheBytes(deepseek, 1) / static_cast<double>(deepseek.max_positions);
  const double latent = 61.0 * (512 + 64) * 4;
  const double heads = 61.0 * 128 * (192 + 128) * 4;
  EXPECT_GE(per_token, latent);
  // The latent may be there twice, the heads never.
  EXPECT_LE(per_token, 2 * latent);
  EXPECT_LT(per_token, heads / 30);
}

TEST(StageMemory, WeightsOfAllExpertsAreThere) {
  EXPECT_EQ(WeightBytes(ExampleConfig("moonlight")), 4.0 * 15960110208);
}

TEST(StageMemory, ActivationsAreThoseOfTheChosenExperts) {
  ModelConfig model = ExampleConfig("moonlight");
  TrainOptions options;
  options.set_bins_per_micro_batch(1);
  options.set_bins_per_step(1);
  const auto activations = [&] {
    return TrainingBytes(model, options, 1000) -
           16.0 * static_cast<double>(model.NumParameters());
  };
  const double six = activations();
  model.experts->num_experts *= 2;
  EXPECT_NEAR(activations(), six, 1e-6 * six);
  model.experts->num_chosen *= 2;
  EXPECT_GT(activations(), 1.1 * six);
}

}  // namespace
}  // namespace limbeck
