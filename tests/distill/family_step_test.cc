// Models with norms of heads, windows, latent attention and experts learn.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <string>
#include <vector>

#include "distill/gradients.h"
#include "distill/step.h"
#include "gtest/gtest.h"
#include "tests/distill/tiny_training.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

ModelConfig Qwen3Training() {
  ModelConfig config = TinyTrainingConfig(true);
  config.model_type = "qwen3";
  config.qk_norm = true;
  return config;
}

ModelConfig MistralTraining() {
  ModelConfig config = TinyTrainingConfig(false);
  config.model_type = "mistral";
  config.sliding_window = 3;
  return config;
}

ModelConfig DeepseekTraining() {
  ModelConfig config = TinyTrainingConfig(false);
  config.model_type = "deepseek_v3";
  config.latent = LatentAttention{
      .q_rank = 8, .kv_rank = 7, .nope_dim = 3, .rope_dim = 4, .value_dim = 5};
  config.num_kv_heads = config.num_heads;
  config.head_dim = 7;
  config.rope_interleaved = true;
  config.experts = ExpertMixture{.num_experts = 6,
                                 .num_chosen = 2,
                                 .num_groups = 3,
                                 .num_chosen_groups = 2,
                                 .intermediate_size = 9,
                                 .num_shared = 1,
                                 .first_layer = 1};
  return config;
}

struct FamilyCase {
  std::string name;
  ModelConfig config;
};

class FamilyStep : public testing::TestWithParam<FamilyCase> {};

INSTANTIATE_TEST_SUITE_P(
    Families, FamilyStep,
    testing::Values(FamilyCase{"qwen3", Qwen3Training()},
                    FamilyCase{"mistral", MistralTraining()},
                    FamilyCase{"deepseek_v3", DeepseekTraining()}),
    [](const auto& tested) { return tested.param.name; });

std::vector<LoadedBin> ThreeSequences() {
  return Loaded({TinyBin(0, {{12, 1, 1}}), TinyBin(1, {{9, 1, 2}, {4, 1, 3}})});
}

TEST_P(FamilyStep, LearnsATinySetByHeart) {
  const Objective objective =
      TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY);
  StepSettings settings;
  settings.objective = &objective;
  settings.adamw.set_beta1(0.9);
  settings.adamw.set_beta2(0.95);
  settings.adamw.set_epsilon(1e-8);
  settings.adamw.set_weight_decay(0.1);
  settings.adamw.set_max_gradient_norm(1.0);
  settings.learning_rate = 0.02;
  Model model = FreshModel(GetParam().config, 1);
  const at::Tensor last_group = model.groups.back().flat.clone();
  Trainable trainable = MakeTrainable(model);
  AdamWState state = MakeAdamWState(model);
  double first = 0.0;
  double last = 0.0;
  for (int i = 0; i < 80; ++i) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const StepResult result,
        Step(settings, ThreeSequences(), trainable, state));
    ASSERT_TRUE(result.applied);
    if (i == 0) first = result.loss;
    last = result.loss;
  }
  EXPECT_GT(first, 3.0);
  EXPECT_LT(last, 0.3);
  // The balance of the router is no matter of the loss.
  EXPECT_EQ(at::equal(model.groups.back().flat, last_group),
            GetParam().config.experts.has_value());
}

TEST_P(FamilyStep, ThreadsDoNotChangeABit) {
  const Objective objective =
      TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY);
  const int threads = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    Model model = FreshModel(GetParam().config, 1);
    Trainable trainable = MakeTrainable(model, 2);
    LIMBECK_ASSERT_OK(
        ComputeGradients(objective, ThreeSequences(), 1, trainable).status());
    results.push_back(Joined(trainable.lanes[0].gradients));
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(results[0], results[1]));
}

}  // namespace
}  // namespace limbeck
