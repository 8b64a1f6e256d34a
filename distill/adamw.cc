// AdamW and gradient clipping over flat parameter groups.
#include "distill/adamw.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "data/base/check.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck {
namespace {

// Elements whose squares one thread sums; fixed, so that the order is.
constexpr int64_t kNormBlock = 16384;
constexpr int64_t kUpdateGrain = 32768;

const float* FloatData(const at::Tensor& flat) {
  LIMBECK_CHECK(flat.is_contiguous() && flat.scalar_type() == at::kFloat);
  return flat.const_data_ptr<float>();
}

double SumOfSquares(const float* values, int64_t count) {
  double lanes[4] = {0.0, 0.0, 0.0, 0.0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int64_t lane = 0; lane < 4; ++lane) {
      const double value = values[i + lane];
      lanes[lane] += value * value;
    }
  }
  for (; i < count; ++i) {
    const double value = values[i];
    lanes[0] += value * value;
  }
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

double SumOfSquares(const at::Tensor& flat) {
  const float* data = FloatData(flat);
  const int64_t size = flat.numel();
  const int64_t blocks = (size + kNormBlock - 1) / kNormBlock;
  std::vector<double> sums(static_cast<size_t>(blocks), 0.0);
  kernels::ParallelFor(0, blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kNormBlock;
      sums[static_cast<size_t>(block)] =
          SumOfSquares(data + first, std::min(kNormBlock, size - first));
    }
  });
  double total = 0.0;
  for (double sum : sums) total += sum;
  return total;
}

// The step as constants of one element, in float as the state is.
struct Coefficients {
  float gradient_scale;
  float beta1, one_minus_beta1;
  float beta2, one_minus_beta2;
  float step_size;                // learning rate / (1 - beta1^t)
  float inverse_root_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float keep;  // 1 - learning rate * weight decay
};

Coefficients MakeCoefficients(const AdamWOptions& options,
                              const AdamWUpdate& update, int64_t step) {
  const double correction1 =
      1.0 - std::pow(options.beta1(), static_cast<double>(step));
  const double correction2 =
      1.0 - std::pow(options.beta2(), static_cast<double>(step));
  return {
      static_cast<float>(update.gradient_scale),
      static_cast<float>(options.beta1()),
      static_cast<float>(1.0 - options.beta1()),
      static_cast<float>(options.beta2()),
      static_cast<float>(1.0 - options.beta2()),
      static_cast<float>(update.learning_rate / correction1),
      static_cast<float>(1.0 / std::sqrt(correction2)),
      static_cast<float>(options.epsilon()),
      static_cast<float>(1.0 - update.learning_rate * options.weight_decay())};
}

// Pointers to the same elements of one group.
struct Elements {
  float* weight;
  float* first_moment;
  float* second_moment;
  const float* gradient;
};

void UpdateElements(const Coefficients& c, const Elements& e, int64_t begin,
                    int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const float gradient = e.gradient[i] * c.gradient_scale;
    const float first =
        c.beta1 * e.first_moment[i] + c.one_minus_beta1 * gradient;
    const float second =
        c.beta2 * e.second_moment[i] + c.one_minus_beta2 * gradient * gradient;
    const float root = std::sqrt(second) * c.inverse_root_correction;
    e.first_moment[i] = first;
    e.second_moment[i] = second;
    e.weight[i] =
        e.weight[i] * c.keep - c.step_size * first / (root + c.epsilon);
  }
}

// One pass over a group; `decaying` and `plain` differ in `keep` only.
void UpdateGroup(const Coefficients& decaying, const Coefficients& plain,
                 const ParameterGroup& group, const Elements& elements) {
  for (const WeightSlot& slot : group.slots) {
    int64_t size = 1;
    for (int64_t extent : slot.shape) size *= extent;
    const Coefficients& coefficients = slot.decays ? decaying : plain;
    kernels::ParallelFor(slot.offset, slot.offset + size, kUpdateGrain,
                         [&](int64_t begin, int64_t end) {
                           UpdateElements(coefficients, elements, begin, end);
                         });
  }
}

}  // namespace

AdamWState MakeAdamWState(const Model& model) {
  AdamWState state;
  for (const ParameterGroup& group : model.groups) {
    LIMBECK_CHECK(group.flat.scalar_type() == at::kFloat);
    state.first_moment.push_back(at::zeros_like(group.flat));
    state.second_moment.push_back(at::zeros_like(group.flat));
  }
  return state;
}

double GradientNorm(const std::vector<at::Tensor>& gradients) {
  double total = 0.0;
  for (const at::Tensor& gradient : gradients) total += SumOfSquares(gradient);
  return std::sqrt(total);
}

double ClipFactor(double norm, double max_norm) {
  return max_norm > 0.0 && norm > max_norm ? max_norm / norm : 1.0;
}

void ApplyAdamW(const AdamWOptions& options, const AdamWUpdate& update,
                const std::vector<at::Tensor>& gradients, Model& model,
                AdamWState& state) {
  LIMBECK_CHECK_EQ(gradients.size(), model.groups.size());
  LIMBECK_CHECK_EQ(state.first_moment.size(), model.groups.size());
  ++state.applied_steps;
  const Coefficients decaying =
      MakeCoefficients(options, update, state.applied_steps);
  Coefficients plain = decaying;
  plain.keep = 1.0f;
  for (size_t i = 0; i < model.groups.size(); ++i) {
    const ParameterGroup& group = model.groups[i];
    LIMBECK_CHECK_EQ(gradients[i].numel(), group.flat.numel());
    UpdateGroup(
        decaying, plain, group,
        {group.flat.data_ptr<float>(), state.first_moment[i].data_ptr<float>(),
         state.second_moment[i].data_ptr<float>(), FloatData(gradients[i])});
  }
}

}  // namespace limbeck
