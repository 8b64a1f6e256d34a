// One optimizer step on all bins of a global batch.
#include "distill/step.h"

#include <chrono>
#include <cmath>

#include "data/base/check.h"
#include "data/base/status_macros.h"
#include "distill/gradients.h"

namespace limbeck {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<std::string> DescribeAll(absl::Span<const LoadedBin> bins) {
  std::vector<std::string> names;
  for (const LoadedBin& loaded : bins) {
    for (int s = 0; s < loaded.bin.sequences_size(); ++s) {
      names.push_back(DescribeSequence(loaded.bin, s));
    }
  }
  return names;
}

}  // namespace

absl::StatusOr<StepResult> Step(const StepSettings& settings,
                                absl::Span<const LoadedBin> bins,
                                Trainable& trainable, AdamWState& state) {
  LIMBECK_CHECK(settings.objective != nullptr);
  const Clock::time_point begin = Clock::now();
  LIMBECK_ASSIGN_OR_RETURN(
      BatchLoss batch,
      ComputeGradients(*settings.objective, bins, settings.bins_per_micro_batch,
                       trainable));
  StepResult result;
  result.loss = batch.loss;
  result.tokens = batch.tokens;
  result.loss_tokens = batch.loss_tokens;
  result.gradient_seconds = SecondsSince(begin);
  if (!std::isfinite(batch.loss)) {
    result.culprits = batch.non_finite.empty() ? DescribeAll(bins)
                                               : std::move(batch.non_finite);
    return result;
  }
  const Clock::time_point update = Clock::now();
  const std::vector<at::Tensor>& gradients = trainable.lanes[0].gradients;
  result.gradient_norm = GradientNorm(gradients);
  if (!std::isfinite(result.gradient_norm)) {
    result.culprits = DescribeAll(bins);
    return result;
  }
  result.clip_factor =
      ClipFactor(result.gradient_norm, settings.adamw.max_gradient_norm());
  ApplyAdamW(settings.adamw, {settings.learning_rate, result.clip_factor},
             gradients, *trainable.model, state);
  result.applied = true;
  result.update_seconds = SecondsSince(update);
  return result;
}

}  // namespace limbeck
