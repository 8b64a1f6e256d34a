// AdamW and clipping against a plain double-precision version.
#include "distill/adamw.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <limits>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"
#include "tests/distill/tiny_training.h"

namespace limbeck {
namespace {

AdamWOptions Options() {
  AdamWOptions options;
  options.set_beta1(0.9);
  options.set_beta2(0.95);
  options.set_epsilon(1e-8);
  options.set_weight_decay(0.1);
  options.set_max_gradient_norm(1.0);
  return options;
}

// Gradients of step `step`: a function of group and element only.
std::vector<at::Tensor> RandomGradients(const Model& model, uint64_t step) {
  std::vector<at::Tensor> gradients;
  for (const ParameterGroup& group : model.groups) {
    at::Tensor gradient = at::empty_like(group.flat);
    float* values = gradient.data_ptr<float>();
    const uint64_t key =
        RandomKey(step, RandomPurpose::kTest, gradients.size());
    for (int64_t i = 0; i < gradient.numel(); ++i) {
      values[i] = static_cast<float>(
          RandomUniform(key, static_cast<uint64_t>(i)) - 0.5);
    }
    gradients.push_back(gradient);
  }
  return gradients;
}

// The paper's algorithm, element by element, in double.
struct ReferenceAdamW {
  std::vector<double> weight, first, second;
  std::vector<bool> decays;

  explicit ReferenceAdamW(const Model& model) {
    for (const ParameterGroup& group : model.groups) {
      const size_t start = weight.size();
      const float* values = group.flat.const_data_ptr<float>();
      weight.insert(weight.end(), values, values + group.flat.numel());
      decays.resize(weight.size(), false);
      for (const WeightSlot& slot : group.slots) {
        const at::Tensor view = ViewSlot(group.flat, slot);
        for (int64_t i = 0; i < view.numel(); ++i) {
          decays[start + static_cast<size_t>(slot.offset + i)] = slot.decays;
        }
      }
    }
    first.resize(weight.size(), 0.0);
    second.resize(weight.size(), 0.0);
  }

  void Step(const AdamWOptions& o, double rate, const at::Tensor& gradient,
            int t) {
    const float* g = gradient.const_data_ptr<float>();
    for (size_t i = 0; i < weight.size(); ++i) {
      if (decays[i]) weight[i] *= 1.0 - rate * o.weight_decay();
      first[i] = o.beta1() * first[i] + (1.0 - o.beta1()) * g[i];
      second[i] = o.beta2() * second[i] + (1.0 - o.beta2()) * g[i] * g[i];
      const double first_hat = first[i] / (1.0 - std::pow(o.beta1(), t));
      const double second_hat = second[i] / (1.0 - std::pow(o.beta2(), t));
      weight[i] -= rate * first_hat / (std::sqrt(second_hat) + o.epsilon());
    }
  }
};

at::Tensor Weights(const Model& model) {
  std::vector<at::Tensor> flat;
  for (const ParameterGroup& group : model.groups) flat.push_back(group.flat);
  return Joined(flat);
}

TEST(AdamW, FollowsTheDoubleReferenceForTwentySteps) {
  Model model = TinyModel(3, /*tied_head=*/false);
  ReferenceAdamW reference(model);
  AdamWState state = MakeAdamWState(model);
  for (int t = 1; t <= 20; ++t) {
    const double rate = 0.01 / t;
    const std::vector<at::Tensor> gradients =
        RandomGradients(model, static_cast<uint64_t>(t));
    ApplyAdamW(Options(), {rate, 1.0}, gradients, model, state);
    reference.Step(Options(), rate, Joined(gradients), t);
  }
  const at::Tensor weights = Weights(model);
  const float* found = weights.const_data_ptr<float>();
  for (size_t i = 0; i < reference.weight.size(); ++i) {
    // 20 float32 updates of at most 0.01: a few units in the last place.
    ASSERT_NEAR(found[i], reference.weight[i], 2e-6) << "element " << i;
  }
  EXPECT_EQ(state.applied_steps, 20);
}

TEST(AdamW, OnlyMatricesDecay) {
  Model model = TinyModel(3);
  const at::Tensor before = Weights(model);
  std::vector<at::Tensor> zero;
  for (const ParameterGroup& group : model.groups) {
    zero.push_back(at::zeros_like(group.flat));
  }
  AdamWState state = MakeAdamWState(model);
  ApplyAdamW(Options(), {0.5, 1.0}, zero, model, state);
  for (const BlockWeights& block : model.weights.blocks) {
    EXPECT_TRUE(at::equal(block.input_norm, at::ones_like(block.input_norm)));
  }
  EXPECT_TRUE(at::equal(model.weights.final_norm,
                        at::ones_like(model.weights.final_norm)));
  EXPECT_FALSE(at::equal(Weights(model), before));
}

TEST(AdamW, GradientScaleScalesGradients) {
  Model scaled = TinyModel(3);
  Model plain = TinyModel(3);
  AdamWState scaled_state = MakeAdamWState(scaled);
  AdamWState plain_state = MakeAdamWState(plain);
  const std::vector<at::Tensor> gradients = RandomGradients(scaled, 1);
  std::vector<at::Tensor> quarter;
  for (const at::Tensor& gradient : gradients) quarter.push_back(gradient / 4);
  ApplyAdamW(Options(), {0.1, 0.25}, gradients, scaled, scaled_state);
  ApplyAdamW(Options(), {0.1, 1.0}, quarter, plain, plain_state);
  EXPECT_TRUE(at::equal(Weights(scaled), Weights(plain)));
}

TEST(AdamW, ThreadsDoNotChangeABit) {
  const int threads = at::get_num_threads();
  std::vector<at::Tensor> results;
  std::vector<double> norms;
  for (int count : {1, 2}) {
    at::set_num_threads(count);
    Model model = TinyModel(5);
    model.groups.resize(1);
    model.groups[0].flat = at::linspace(-1.0, 1.0, 100003, at::kFloat);
    model.groups[0].slots = {{"all", {100003}, 0, true}};
    AdamWState state = MakeAdamWState(model);
    const std::vector<at::Tensor> gradients = RandomGradients(model, 2);
    norms.push_back(GradientNorm(gradients));
    ApplyAdamW(Options(), {0.1, 0.5}, gradients, model, state);
    results.push_back(model.groups[0].flat.clone());
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(results[0], results[1]));
  EXPECT_EQ(norms[0], norms[1]);
}

TEST(GradientNorm, IsTheEuclideanNormOverAllGroups) {
  const std::vector<at::Tensor> gradients = {
      at::full({70000}, 0.5f, at::kFloat), at::full({1}, -3.0f, at::kFloat),
      at::zeros({0}, at::kFloat)};
  EXPECT_NEAR(GradientNorm(gradients), std::sqrt(70000 * 0.25 + 9.0), 1e-9);
}

TEST(GradientNorm, HugeFiniteGradientsStayFinite) {
  EXPECT_NEAR(GradientNorm({at::full({4}, 1e30f, at::kFloat)}) / 2e30, 1.0,
              1e-6);
}

TEST(GradientNorm, OneBadElementShows) {
  for (float bad : {std::numeric_limits<float>::infinity(),
                    std::numeric_limits<float>::quiet_NaN()}) {
    at::Tensor gradient = at::zeros({40001}, at::kFloat);
    gradient[40000] = bad;
    EXPECT_FALSE(std::isfinite(GradientNorm({gradient})));
  }
}

TEST(ClipFactor, BringsTheNormDownToTheLimit) {
  EXPECT_DOUBLE_EQ(ClipFactor(4.0, 1.0), 0.25);
  EXPECT_DOUBLE_EQ(ClipFactor(0.5, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(ClipFactor(4.0, 0.0), 1.0);
}

}  // namespace
}  // namespace limbeck
