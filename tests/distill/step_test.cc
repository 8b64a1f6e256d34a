// Steps learn, and never on a loss or gradient that is no number.
#include "distill/step.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/distill/tiny_training.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

StepSettings Settings(const Objective& objective) {
  StepSettings settings;
  settings.objective = &objective;
  settings.adamw.set_beta1(0.9);
  settings.adamw.set_beta2(0.95);
  settings.adamw.set_epsilon(1e-8);
  settings.adamw.set_weight_decay(0.0);
  settings.adamw.set_max_gradient_norm(1.0);
  settings.learning_rate = 0.02;
  return settings;
}

at::Tensor Weights(const Model& model) {
  std::vector<at::Tensor> flat;
  for (const ParameterGroup& group : model.groups) flat.push_back(group.flat);
  return Joined(flat);
}

TEST(Step, LearnsATinySetByHeart) {
  const Objective objective =
      TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY);
  const std::vector<LoadedBin> bins =
      Loaded({TinyBin(0, {{12, 1, 1}}), TinyBin(1, {{9, 1, 2}, {4, 1, 3}})});
  Model model = TinyModel(1);
  Trainable trainable = MakeTrainable(model);
  AdamWState state = MakeAdamWState(model);
  std::vector<double> losses;
  for (int i = 0; i < 80; ++i) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const StepResult result,
        Step(Settings(objective), bins, trainable, state));
    ASSERT_TRUE(result.applied);
    EXPECT_LE(result.gradient_norm * result.clip_factor, 1.0 + 1e-9);
    losses.push_back(result.loss);
  }
  EXPECT_GT(losses.front(), 3.0);
  EXPECT_LT(losses.back(), 0.3);
}

TEST(Step, DistillationApproachesItsTeacher) {
  const Objective objective =
      TinyObjective(ObjectiveOptions::KIND_TOPK_DISTILLATION);
  std::vector<LoadedBin> bins =
      Loaded({TinyBin(0, {{12, 1, 1}}), TinyBin(1, {{9, 1, 2}, {4, 1, 3}})});
  const Model teacher = TinyModel(99);
  for (LoadedBin& loaded : bins) {
    loaded.signals = SignalsFrom(LogitsOf(teacher, loaded.bin), loaded.bin, 8);
  }
  Model model = TinyModel(1);
  Trainable trainable = MakeTrainable(model);
  AdamWState state = MakeAdamWState(model);
  double first = 0.0;
  double last = 0.0;
  for (int i = 0; i < 80; ++i) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const StepResult result,
        Step(Settings(objective), bins, trainable, state));
    last = result.loss;
    if (i == 0) first = last;
  }
  EXPECT_LT(last, 0.1 * first);
  EXPECT_GE(last, -1e-6);  // a divergence
}

TEST(Step, NonFiniteLossChangesNothingAndNamesTheSequences) {
  const Objective objective =
      TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY);
  PackedBin bad = TinyBin(41, {{5, 1, 1}, {6, 1, 2}});
  PackedBin good = TinyBin(42, {{7, 1, 3}});
  // Only one sequence reads the poisoned embedding.
  for (PackedBin* bin : {&bad, &good}) {
    for (int i = 0; i < bin->ids_size(); ++i) {
      if (bin->ids(i) == 13) bin->set_ids(i, 14);
    }
  }
  bad.set_ids(6, 13);
  Model model = TinyModel(1, /*tied_head=*/false);
  model.weights.embedding[13].fill_(std::numeric_limits<float>::quiet_NaN());
  Trainable trainable = MakeTrainable(model);
  AdamWState state = MakeAdamWState(model);
  const at::Tensor before = at::nan_to_num(Weights(model), 77.0);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const StepResult result,
      Step(Settings(objective), Loaded({good, bad}), trainable, state));
  EXPECT_FALSE(result.applied);
  EXPECT_THAT(
      result.culprits,
      ElementsAre(HasSubstr(
          "bin 41, sequence 1, trace 74726163652d30303030303030303032")));
  EXPECT_TRUE(at::equal(at::nan_to_num(Weights(model), 77.0), before));
  EXPECT_EQ(state.applied_steps, 0);
  EXPECT_EQ(Joined(state.first_moment).abs().max().item().toDouble(), 0.0);
}

TEST(Step, NonFiniteGradientNamesTheWholeBatch) {
  const Objective objective =
      TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY);
  Model model = TinyModel(1, /*tied_head=*/false);
  // Logits are large but finite; on the way back the norm of tiny embeddings
  // multiplies the gradient by a million.
  model.weights.embedding.mul_(1e-5);
  model.weights.final_norm.fill_(1e3f);
  model.weights.head.mul_(1e36);
  for (BlockWeights& block : model.weights.blocks) {
    block.o.zero_();
    block.mlp.down.zero_();
  }
  Trainable trainable = MakeTrainable(model);
  AdamWState state = MakeAdamWState(model);
  const at::Tensor before = Weights(model);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const StepResult result,
      Step(Settings(objective), Loaded({TinyBin(8, {{5, 1, 1}, {3, 1, 2}})}),
           trainable, state));
  EXPECT_TRUE(std::isfinite(result.loss));
  EXPECT_FALSE(result.applied);
  EXPECT_THAT(result.culprits, ElementsAre(HasSubstr("bin 8, sequence 0"),
                                           HasSubstr("bin 8, sequence 1")));
  EXPECT_TRUE(at::equal(Weights(model), before));
}

}  // namespace
}  // namespace limbeck
