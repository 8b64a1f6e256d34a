// Length of a run and its learning rates.
#include "distill/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"

namespace limbeck {
namespace {

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Share of peak after the warm-up; progress in [0, 1].
double DecayedShare(const LearningRate& options, double progress) {
  const double last = options.final_ratio();
  switch (options.schedule()) {
    case LearningRate::SCHEDULE_LINEAR:
      return 1.0 - (1.0 - last) * progress;
    case LearningRate::SCHEDULE_COSINE:
      return last +
             (1.0 - last) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    default:
      return 1.0;
  }
}

}  // namespace

absl::StatusOr<RunLength> PlanRunLength(const TrainOptions& options,
                                        const EpochSize& epoch) {
  if (epoch.num_bins == 0 || epoch.num_loss_tokens == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the packed data has ", epoch.num_bins, " bins and ",
        epoch.num_loss_tokens, " tokens with loss: nothing to train on"));
  }
  RunLength length;
  double bins = 0.0;
  if (options.has_epochs()) {
    bins = std::max(1.0, std::round(options.epochs() *
                                    static_cast<double>(epoch.num_bins)));
    length.total_bins = static_cast<int64_t>(bins);
  } else {
    const double mean = static_cast<double>(epoch.num_tokens) /
                        static_cast<double>(epoch.num_bins);
    bins = std::max(
        1.0, std::ceil(static_cast<double>(options.max_tokens()) / mean));
    length.max_tokens = options.max_tokens();
  }
  length.total_steps =
      CeilDivide(static_cast<int64_t>(bins), options.bins_per_step());
  return length;
}

double LearningRateAt(const LearningRate& options, int64_t step,
                      int64_t total_steps) {
  LIMBECK_CHECK_GE(step, 0);
  LIMBECK_CHECK_GE(total_steps, 1);
  const auto warmup = static_cast<int64_t>(
      std::ceil(options.warmup_ratio() * static_cast<double>(total_steps)));
  const double done = static_cast<double>(step + 1);
  if (step < warmup) {
    return options.peak() * done / static_cast<double>(warmup);
  }
  if (warmup >= total_steps) return options.peak();
  const double progress = (done - static_cast<double>(warmup)) /
                          static_cast<double>(total_steps - warmup);
  return options.peak() * DecayedShare(options, std::min(progress, 1.0));
}

}  // namespace limbeck
