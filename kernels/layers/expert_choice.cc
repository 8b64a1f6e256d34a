// Selection of groups and experts by partial sorting; sizes are small.
#include "kernels/layers/expert_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace limbeck::kernels {
namespace {

// NaN counts as the largest, as in ATen's topk: a strict order for any input.
bool IsBetter(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b;
}

// Indices of the `count` best values, best first, equal ones by index.
std::vector<int64_t> BestIndices(const std::vector<float>& values,
                                 int64_t count) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](int64_t a, int64_t b) {
                      const float x = values[static_cast<size_t>(a)];
                      const float y = values[static_cast<size_t>(b)];
                      if (IsBetter(x, y)) return true;
                      return !IsBetter(y, x) && a < b;
                    });
  order.resize(static_cast<size_t>(count));
  return order;
}

// The sum of the two best of a group, of a group of one that one.
float GroupScore(const float* biased, int64_t size) {
  float best = biased[0];
  if (size == 1) return best;
  float second = biased[1];
  if (IsBetter(second, best)) std::swap(best, second);
  for (int64_t i = 2; i < size; ++i) {
    if (IsBetter(biased[i], best)) {
      second = best;
      best = biased[i];
    } else if (IsBetter(biased[i], second)) {
      second = biased[i];
    }
  }
  return best + second;
}

// Everything outside the chosen groups becomes -infinity: biased scores may be
// negative, so 0 would not lose against them.
void KeepBestGroups(const ExpertChoice& choice, std::vector<float>& biased) {
  if (choice.num_chosen_groups == choice.num_groups) return;
  const int64_t size = choice.num_experts / choice.num_groups;
  std::vector<float> groups;
  for (int64_t g = 0; g < choice.num_groups; ++g) {
    groups.push_back(GroupScore(biased.data() + g * size, size));
  }
  std::vector<bool> kept(groups.size(), false);
  for (const int64_t g : BestIndices(groups, choice.num_chosen_groups)) {
    kept[static_cast<size_t>(g)] = true;
  }
  for (size_t i = 0; i < biased.size(); ++i) {
    if (!kept[i / static_cast<size_t>(size)]) {
      biased[i] = -std::numeric_limits<float>::infinity();
    }
  }
}

}  // namespace

void ChooseExperts(const ExpertChoice& choice, const float* scores,
                   const float* bias, int64_t* chosen) {
  std::vector<float> biased;
  for (int64_t i = 0; i < choice.num_experts; ++i) {
    biased.push_back(scores[i] + bias[i]);
  }
  KeepBestGroups(choice, biased);
  const std::vector<int64_t> best = BestIndices(biased, choice.num_chosen);
  std::copy(best.begin(), best.end(), chosen);
  std::sort(chosen, chosen + choice.num_chosen);
}

void WeighExperts(const ExpertChoice& choice, const float* scores,
                  const int64_t* chosen, float* weights) {
  float sum = 0.0f;
  for (int64_t i = 0; i < choice.num_chosen; ++i) {
    weights[i] = scores[chosen[i]];
    sum += weights[i];
  }
  for (int64_t i = 0; i < choice.num_chosen; ++i) {
    if (choice.normalize) weights[i] /= sum + 1e-20f;
    weights[i] *= choice.scaling;
  }
}

}  // namespace limbeck::kernels
