// The choice of experts against a plain reading of its definition.
#include "kernels/layers/router.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "data/base/random.h"

namespace limbeck::kernels {
namespace {

using Row = std::vector<double>;

// How many of `values` come before index i: larger ones, equal ones of a lower
// index.
int64_t Rank(const Row& values, size_t i) {
  int64_t rank = 0;
  for (size_t j = 0; j < values.size(); ++j) {
    if (values[j] > values[i] || (values[j] == values[i] && j < i)) ++rank;
  }
  return rank;
}

// Sums are rounded as the router's are, so that ties are the same ties.
double Rounded(double sum) {
  return static_cast<double>(static_cast<float>(sum));
}

// The sum of the two largest of each group.
Row GroupScores(const Row& biased, size_t groups) {
  const size_t size = biased.size() / groups;
  Row scores;
  for (size_t g = 0; g < groups; ++g) {
    Row group(biased.begin() + static_cast<int64_t>(g * size),
              biased.begin() + static_cast<int64_t>((g + 1) * size));
    std::sort(group.rbegin(), group.rend());
    scores.push_back(size > 1 ? Rounded(group[0] + group[1]) : group[0]);
  }
  return scores;
}

// Experts inside of chosen groups that fewer than num_chosen others of chosen
// groups outrank.
std::set<int64_t> ReferenceChoice(const ExpertChoice& choice, const Row& scores,
                                  const Row& bias) {
  Row biased;
  for (size_t i = 0; i < scores.size(); ++i) {
    biased.push_back(Rounded(scores[i] + bias[i]));
  }
  const size_t groups = static_cast<size_t>(choice.num_groups);
  const size_t size = scores.size() / groups;
  const Row group_scores = GroupScores(biased, groups);
  std::vector<size_t> members;
  for (size_t i = 0; i < biased.size(); ++i) {
    if (Rank(group_scores, i / size) < choice.num_chosen_groups) {
      members.push_back(i);
    }
  }
  Row values;
  for (const size_t i : members) values.push_back(biased[i]);
  std::set<int64_t> chosen;
  for (size_t m = 0; m < members.size(); ++m) {
    if (Rank(values, m) < choice.num_chosen) {
      chosen.insert(static_cast<int64_t>(members[m]));
    }
  }
  return chosen;
}

Row ReferenceWeights(const ExpertChoice& choice, const Row& scores,
                     const std::set<int64_t>& chosen) {
  double sum = 0.0;
  for (const int64_t i : chosen) sum += scores[static_cast<size_t>(i)];
  Row weights;
  for (const int64_t i : chosen) {
    const double share = choice.normalize ? 1.0 / (sum + 1e-20) : 1.0;
    weights.push_back(scores[static_cast<size_t>(i)] * share *
                      static_cast<double>(choice.scaling));
  }
  return weights;
}

Row Sigmoids(const at::Tensor& logits) {
  const at::Tensor scores = logits.sigmoid().to(at::kDouble).contiguous();
  const double* data = scores.const_data_ptr<double>();
  return Row(data, data + scores.numel());
}

struct Case {
  const char* name;
  ExpertChoice choice;
  double bias_from;
  double bias_to;
  int steps = 0;  // logits are multiples of 1 / steps: ties; 0: any
};

std::vector<Case> Cases() {
  return {{"one_group", {8, 3, 1, 1, true, 2.5f}, -0.5, 0.5},
          {"groups", {16, 4, 4, 2, true, 1.0f}, -0.5, 0.5},
          {"all_chosen", {6, 6, 3, 3, false, 0.5f}, -0.5, 0.5},
          {"groups_hold_just_enough", {12, 6, 4, 2, true, 1.0f}, -0.5, 0.5},
          {"groups_of_one", {4, 2, 4, 2, true, 1.0f}, -0.5, 0.5},
          {"negative", {16, 4, 4, 2, true, 2.5f}, -3.0, -1.5},
          {"ties", {16, 4, 4, 2, false, 1.0f}, 0.0, 0.0, 2},
          {"many", {256, 8, 8, 4, true, 2.5f}, -0.3, 0.3}};
}

at::Tensor Uniform(int64_t count, uint64_t seed, double from, double to) {
  const uint64_t key = RandomKey(seed, RandomPurpose::kTest);
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(from + (to - from) *
                                RandomUniform(key, static_cast<uint64_t>(i)));
  }
  return at::tensor(values, at::kDouble).to(at::kFloat);
}

at::Tensor LogitsOf(const Case& tested, int64_t tokens) {
  const int64_t experts = tested.choice.num_experts;
  const at::Tensor logits =
      Uniform(tokens * experts, 1, -3.0, 3.0).view({tokens, experts});
  return tested.steps == 0 ? logits
                           : (logits * tested.steps).round() / tested.steps;
}

TEST(Router, ChoosesAndWeighsLikeTheDefinition) {
  constexpr int64_t kTokens = 200;
  for (const Case& tested : Cases()) {
    const ExpertChoice& choice = tested.choice;
    const at::Tensor logits = LogitsOf(tested, kTokens);
    const at::Tensor bias =
        Uniform(choice.num_experts, 2, tested.bias_from, tested.bias_to);
    const Routing routing = RouteTokens(logits, bias, choice);
    const at::Tensor wide = bias.to(at::kDouble);
    const Row bias_row(wide.const_data_ptr<double>(),
                       wide.const_data_ptr<double>() + wide.numel());
    for (int64_t t = 0; t < kTokens; ++t) {
      const Row scores = Sigmoids(logits[t]);
      const std::set<int64_t> expected =
          ReferenceChoice(choice, scores, bias_row);
      const Row weights = ReferenceWeights(choice, scores, expected);
      size_t k = 0;
      for (const int64_t expert : expected) {
        const int64_t at = static_cast<int64_t>(k);
        ASSERT_EQ(routing.experts[t][at].item<int64_t>(), expert)
            << tested.name << ", token " << t;
        ASSERT_NEAR(routing.weights[t][at].item<double>(), weights[k], 1e-6)
            << tested.name << ", token " << t;
        ++k;
      }
    }
  }
}

// With 0 instead of -infinity outside the chosen groups, these would win.
TEST(Router, NegativeScoresDoNotLoseAgainstOtherGroups) {
  const ExpertChoice choice = {4, 2, 2, 1, true, 1.0f};
  const at::Tensor logits = at::tensor({2.0f, 1.0f, -1.0f, -2.0f}).view({1, 4});
  const Routing routing = RouteTokens(logits, at::full({4}, -5.0f), choice);
  EXPECT_TRUE(
      at::equal(routing.experts, at::tensor({0, 1}, at::kLong).view({1, 2})));
}

TEST(Router, EqualScoresGoToTheLowerIndex) {
  const ExpertChoice choice = {8, 3, 4, 2, true, 1.0f};
  const Routing routing =
      RouteTokens(at::zeros({1, 8}), at::zeros({8}), choice);
  EXPECT_TRUE(at::equal(routing.experts,
                        at::tensor({0, 1, 2}, at::kLong).view({1, 3})));
}

// The bias moves the choice and never a weight.
TEST(Router, BiasChoosesOnly) {
  const ExpertChoice choice = {4, 2, 1, 1, false, 1.0f};
  const at::Tensor logits = at::tensor({2.0f, 1.0f, 0.0f, -1.0f}).view({1, 4});
  const at::Tensor bias = at::tensor({0.0f, -1.0f, 0.0f, 3.0f});
  const Routing routing = RouteTokens(logits, bias, choice);
  EXPECT_TRUE(
      at::equal(routing.experts, at::tensor({0, 3}, at::kLong).view({1, 2})));
  EXPECT_TRUE(at::allclose(routing.weights,
                           logits.sigmoid().gather(1, routing.experts)));
}

TEST(Router, GradientOfTheWeightsEqualsCentralDifferences) {
  const ExpertChoice choice = {6, 3, 3, 2, true, 2.5f};
  const at::Tensor bias = Uniform(6, 4, -0.5, 0.5);
  const at::Tensor logits =
      Uniform(6, 5, -2.0, 2.0).view({1, 6}).to(at::kDouble);
  const at::Tensor factor = at::tensor({0.7, -1.3, 0.4}, at::kDouble);
  const auto value = [&](const at::Tensor& at) {
    return (RouteTokens(at, bias, choice).weights * factor).sum();
  };
  const at::Tensor leaf = logits.clone().requires_grad_(true);
  value(leaf).backward();
  for (int64_t i = 0; i < 6; ++i) {
    const at::Tensor step = at::zeros({1, 6}, at::kDouble);
    step[0][i] = 1e-6;
    const double expected =
        (value(logits + step) - value(logits - step)).item<double>() / 2e-6;
    EXPECT_NEAR(leaf.grad()[0][i].item<double>(), expected, 1e-8);
  }
}

// The loops of decoding weigh as the operator does.
TEST(Router, LoopsGiveTheSameWeights) {
  for (const Case& tested : Cases()) {
    const at::Tensor logits = LogitsOf(tested, 20);
    const at::Tensor bias =
        Uniform(tested.choice.num_experts, 2, tested.bias_from, tested.bias_to);
    const Routing routing = RouteTokens(logits, bias, tested.choice);
    const at::Tensor scores = logits.sigmoid();
    std::vector<float> weights(static_cast<size_t>(tested.choice.num_chosen));
    for (int64_t t = 0; t < 20; ++t) {
      WeighExperts(tested.choice, scores[t].const_data_ptr<float>(),
                   routing.experts[t].const_data_ptr<int64_t>(),
                   weights.data());
      EXPECT_TRUE(
          at::allclose(routing.weights[t], at::tensor(weights), 1e-6, 0.0));
    }
  }
}

TEST(Router, SameChoiceForAnyNumberOfThreads) {
  const ExpertChoice choice = {16, 4, 4, 2, true, 1.0f};
  const at::Tensor logits = Uniform(500 * 16, 6, -1.0, 1.0).view({500, 16});
  const int threads = at::get_num_threads();
  std::vector<at::Tensor> experts;
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    experts.push_back(RouteTokens(logits, at::zeros({16}), choice).experts);
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(experts[0], experts[1]));
}

// NaN must not break the order that sorting relies on.
TEST(Router, NanChoosesDistinctExperts) {
  const ExpertChoice choice = {8, 3, 4, 2, true, 1.0f};
  at::Tensor logits = at::zeros({3, 8});
  logits[0].fill_(std::nan(""));
  logits[1][5] = std::nan("");
  const Routing routing = RouteTokens(logits, at::zeros({8}), choice);
  for (int64_t t = 0; t < 3; ++t) {
    const int64_t* row = routing.experts[t].const_data_ptr<int64_t>();
    EXPECT_TRUE(0 <= row[0] && row[0] < row[1] && row[1] < row[2] &&
                row[2] < 8);
  }
}

std::string ErrorOf(const at::Tensor& logits, const at::Tensor& bias,
                    const ExpertChoice& choice) {
  try {
    RouteTokens(logits, bias, choice);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "";
}

TEST(Router, ErrorsNameBothValues) {
  const at::Tensor logits = at::zeros({2, 8});
  const at::Tensor bias = at::zeros({8});
  EXPECT_EQ(ErrorOf(logits, bias, {8, 2, 2, 1}), "");
  EXPECT_NE(ErrorOf(logits, bias, {6, 2, 2, 1}).find("[tokens, 6]"),
            std::string::npos);
  EXPECT_NE(ErrorOf(logits, at::zeros({7}), {8, 2}).find("bias has shape [7]"),
            std::string::npos);
  EXPECT_NE(ErrorOf(logits, bias, {8, 2, 3, 1}).find("8 experts"),
            std::string::npos);
  EXPECT_NE(ErrorOf(logits, bias, {8, 2, 2, 3}).find("3 groups chosen of 2"),
            std::string::npos);
  EXPECT_NE(ErrorOf(logits, bias, {8, 5, 2, 1}).find("hold 4"),
            std::string::npos);
}

}  // namespace
}  // namespace limbeck::kernels
