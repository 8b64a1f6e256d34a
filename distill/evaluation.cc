// Losses of a model on held-out bins.
#include "distill/evaluation.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "data/base/status_macros.h"
#include "distill/trainable.h"
#include "kernels/parallel/parallel_for.h"
#include "student/forward.h"

namespace limbeck {
namespace {

// Micro-batches of a small model that are evaluated side by side.
constexpr int kBatchesAtOnce = 8;

struct WeightedSums {
  double weight = 0.0;
  double loss = 0.0;
  double forward_kl = 0.0;
  double cross_entropy = 0.0;
  int64_t loss_tokens = 0;

  void Add(const WeightedSums& other) {
    weight += other.weight;
    loss += other.loss;
    forward_kl += other.forward_kl;
    cross_entropy += other.cross_entropy;
    loss_tokens += other.loss_tokens;
  }
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

// One micro-batch of held-out bins and what it adds.
struct EvaluationJob {
  std::vector<LoadedBin> bins;
  absl::Status status;
  WeightedSums sums;
};

absl::Status RunJob(const Objective& objective, const Model& model,
                    EvaluationJob& job) {
  LIMBECK_ASSIGN_OR_RETURN(const double weight, TotalLossWeight(job.bins));
  LIMBECK_ASSIGN_OR_RETURN(const MicroBatch batch,
                           MakeMicroBatch(job.bins, weight, objective.rules));
  const PackedLayout layout =
      MakePackedLayout(model.config, batch.starts, at::kFloat);
  StudentOutput student;
  student.hidden = ForwardPacked(model.config, ParameterStore(model.weights),
                                 layout, batch.ids);
  student.head = model.weights.head;
  LIMBECK_ASSIGN_OR_RETURN(const double cross_entropy,
                           LossOf(CrossEntropyOf(objective), batch, student));
  job.sums.cross_entropy = weight * cross_entropy;
  if (KnowsTeacher(objective)) {
    LIMBECK_ASSIGN_OR_RETURN(const double loss,
                             LossOf(objective, batch, student));
    LIMBECK_ASSIGN_OR_RETURN(const double forward_kl,
                             LossOf(ForwardKlOf(objective), batch, student));
    job.sums.loss = weight * loss;
    job.sums.forward_kl = weight * forward_kl;
  }
  job.sums.weight = weight;
  job.sums.loss_tokens = batch.kept_rows.numel();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LoadedBin>> LoadBins(BinLoader& loader,
                                                uint64_t first,
                                                uint64_t count) {
  std::vector<LoadedBin> bins;
  const uint64_t end = std::min(first + count, loader.num_bins());
  for (uint64_t bin = first; bin < end; ++bin) {
    LIMBECK_ASSIGN_OR_RETURN(LoadedBin loaded, loader.Get(bin));
    bins.push_back(std::move(loaded));
  }
  return bins;
}

}  // namespace

absl::StatusOr<Evaluation> Evaluate(const Objective& objective,
                                    const Model& model, BinLoader& held_out,
                                    int bins_per_micro_batch) {
  const int lanes = SuitableLanes(model, kBatchesAtOnce);
  const auto size = static_cast<uint64_t>(bins_per_micro_batch);
  WeightedSums sums;
  uint64_t next = 0;
  while (next < held_out.num_bins()) {
    std::vector<EvaluationJob> jobs;
    for (int i = 0; i < lanes && next < held_out.num_bins();
         ++i, next += size) {
      LIMBECK_ASSIGN_OR_RETURN(jobs.emplace_back().bins,
                               LoadBins(held_out, next, size));
    }
    // Over idle lanes too: see ComputeGradients.
    kernels::ParallelFor(0, lanes, 1, [&](int64_t begin, int64_t end) {
      const c10::NoGradGuard no_grad;  // is of this thread only
      const auto last = std::min(static_cast<size_t>(end), jobs.size());
      for (auto i = static_cast<size_t>(begin); i < last; ++i) {
        jobs[i].status = RunJob(objective, model, jobs[i]);
      }
    });
    for (const EvaluationJob& job : jobs) {
      LIMBECK_RETURN_IF_ERROR(job.status);
      sums.Add(job.sums);
    }
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
