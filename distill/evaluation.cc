// Losses of a model on held-out bins.
#include "distill/evaluation.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "data/base/status_macros.h"
#include "student/forward.h"

namespace limbeck {
namespace {

struct WeightedSums {
  double weight = 0.0;
  double loss = 0.0;
  double forward_kl = 0.0;
  double cross_entropy = 0.0;
  int64_t loss_tokens = 0;
};

Objective CrossEntropyOf(const Objective& objective) {
  Objective result = objective;
  result.options.set_kind(ObjectiveOptions::KIND_CROSS_ENTROPY);
  return result;
}

Objective ForwardKlOf(const Objective& objective) {
  Objective result = objective;
  result.options.set_divergence(ObjectiveOptions::DIVERGENCE_FORWARD_KL);
  result.options.set_temperature(1.0);
  result.options.set_temperature_squared(false);
  result.options.set_cross_entropy_share(0.0);
  return result;
}

bool KnowsTeacher(const Objective& objective) {
  switch (objective.options.kind()) {
    case ObjectiveOptions::KIND_TOPK_DISTILLATION:
      return objective.rules.with_signals;
    case ObjectiveOptions::KIND_DENSE_DISTILLATION:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<double> LossOf(const Objective& objective,
                              const MicroBatch& batch,
                              const StudentOutput& student) {
  LIMBECK_ASSIGN_OR_RETURN(const kernels::LossResult result,
                           ObjectiveLoss(objective, batch, student));
  return result.loss.item().toDouble();
}

absl::Status AddBins(const Objective& objective, const Model& model,
                     const std::vector<LoadedBin>& bins, WeightedSums& sums) {
  LIMBECK_ASSIGN_OR_RETURN(const double weight, TotalLossWeight(bins));
  LIMBECK_ASSIGN_OR_RETURN(const MicroBatch batch,
                           MakeMicroBatch(bins, weight, objective.rules));
  const PackedLayout layout =
      MakePackedLayout(model.config, batch.starts, at::kFloat);
  StudentOutput student;
  student.hidden = ForwardPacked(model.config, ParameterStore(model.weights),
                                 layout, batch.ids);
  student.head = model.weights.head;
  LIMBECK_ASSIGN_OR_RETURN(const double cross_entropy,
                           LossOf(CrossEntropyOf(objective), batch, student));
  sums.cross_entropy += weight * cross_entropy;
  if (KnowsTeacher(objective)) {
    LIMBECK_ASSIGN_OR_RETURN(const double loss,
                             LossOf(objective, batch, student));
    LIMBECK_ASSIGN_OR_RETURN(const double forward_kl,
                             LossOf(ForwardKlOf(objective), batch, student));
    sums.loss += weight * loss;
    sums.forward_kl += weight * forward_kl;
  }
  sums.weight += weight;
  sums.loss_tokens += batch.kept_rows.numel();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Evaluation> Evaluate(const Objective& objective,
                                    const Model& model, BinLoader& held_out,
                                    int bins_per_micro_batch) {
  const c10::NoGradGuard no_grad;
  WeightedSums sums;
  const uint64_t num_bins = held_out.num_bins();
  uint64_t next = 0;
  while (next < num_bins) {
    const uint64_t end =
        std::min(num_bins, next + static_cast<uint64_t>(bins_per_micro_batch));
    std::vector<LoadedBin> bins;
    for (; next < end; ++next) {
      LIMBECK_ASSIGN_OR_RETURN(LoadedBin bin, held_out.Get(next));
      bins.push_back(std::move(bin));
    }
    LIMBECK_RETURN_IF_ERROR(AddBins(objective, model, bins, sums));
  }
  Evaluation evaluation;
  evaluation.cross_entropy = sums.cross_entropy / sums.weight;
  evaluation.loss_tokens = sums.loss_tokens;
  if (KnowsTeacher(objective)) {
    evaluation.loss = sums.loss / sums.weight;
    evaluation.forward_kl = sums.forward_kl / sums.weight;
  } else if (objective.options.kind() == ObjectiveOptions::KIND_CROSS_ENTROPY) {
    evaluation.loss = evaluation.cross_entropy;
  }
  return evaluation;
}

}  // namespace limbeck
