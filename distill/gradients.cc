// Loss and gradients of all bins of a step, micro-batch by micro-batch.
#include "distill/gradients.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "data/base/status_macros.h"
#include "kernels/parallel/parallel_for.h"
#include "student/forward.h"

namespace limbeck {
namespace {

// Names the sequences that own a row whose loss is not finite.
void NameNonFinite(absl::Span<const LoadedBin> bins,
                   const at::Tensor& token_loss,
                   std::vector<std::string>& names) {
  const at::Tensor losses = token_loss.contiguous();
  const float* values = losses.const_data_ptr<float>();
  int64_t row = 0;
  for (const LoadedBin& loaded : bins) {
    for (int s = 0; s < loaded.bin.sequences_size(); ++s) {
      bool finite = true;
      const int64_t end = row + loaded.bin.sequences(s).length();
      for (; row < end; ++row) finite = finite && std::isfinite(values[row]);
      if (!finite) names.push_back(DescribeSequence(loaded.bin, s));
    }
  }
}

// What one micro-batch adds to the step.
struct MicroBatchJob {
  absl::Span<const LoadedBin> bins;
  absl::Status status;
  BatchLoss loss;
};

// Loss, and gradients into the lane.
absl::Status RunMicroBatch(const Objective& objective,
                           const ModelConfig& config, double total_weight,
                           GradientLane& lane, MicroBatchJob& job) {
  LIMBECK_ASSIGN_OR_RETURN(
      const MicroBatch batch,
      MakeMicroBatch(job.bins, total_weight, objective.rules));
  const PackedLayout layout =
      MakePackedLayout(config, batch.starts, at::kFloat);
  StudentOutput student;
  student.hidden =
      ForwardPacked(config, ParameterStore(lane.leaves), layout, batch.ids);
  student.head = lane.leaves.head;
  student.head_grad = lane.leaves.head.grad();
  LIMBECK_ASSIGN_OR_RETURN(const kernels::LossResult result,
                           ObjectiveLoss(objective, batch, student));
  job.loss.loss = result.loss.item().toDouble();
  job.loss.tokens = batch.ids.numel();
  job.loss.loss_tokens = batch.kept_rows.numel();
  if (!std::isfinite(job.loss.loss)) {
    NameNonFinite(job.bins, result.token_loss, job.loss.non_finite);
    return absl::OkStatus();
  }
  if (batch.kept_rows.numel() > 0) result.loss.backward();
  return absl::OkStatus();
}

std::vector<MicroBatchJob> SplitBins(absl::Span<const LoadedBin> bins,
                                     size_t bins_per_micro_batch) {
  std::vector<MicroBatchJob> jobs;
  for (size_t first = 0; first < bins.size(); first += bins_per_micro_batch) {
    jobs.push_back({bins.subspan(first, bins_per_micro_batch), {}, {}});
  }
  return jobs;
}

void AddLanes(std::vector<GradientLane>& lanes, size_t num_lanes) {
  for (size_t lane = 1; lane < num_lanes; ++lane) {
    for (size_t group = 0; group < lanes[0].gradients.size(); ++group) {
      lanes[0].gradients[group].add_(lanes[lane].gradients[group]);
    }
  }
}

absl::StatusOr<BatchLoss> AddJobs(std::vector<MicroBatchJob>& jobs) {
  BatchLoss sum;
  for (MicroBatchJob& job : jobs) {
    LIMBECK_RETURN_IF_ERROR(job.status);
    sum.loss += job.loss.loss;
    sum.tokens += job.loss.tokens;
    sum.loss_tokens += job.loss.loss_tokens;
    for (std::string& name : job.loss.non_finite) {
      sum.non_finite.push_back(std::move(name));
    }
  }
  return sum;
}

}  // namespace

absl::StatusOr<BatchLoss> ComputeGradients(const Objective& objective,
                                           absl::Span<const LoadedBin> bins,
                                           int bins_per_micro_batch,
                                           Trainable& trainable) {
  LIMBECK_ASSIGN_OR_RETURN(const double total_weight, TotalLossWeight(bins));
  std::vector<MicroBatchJob> jobs =
      SplitBins(bins, static_cast<size_t>(bins_per_micro_batch));
  const size_t num_lanes = std::min(trainable.lanes.size(), jobs.size());
  // Inside this loop the operators of a lane keep to its thread. It runs over
  // all lanes, idle ones too, so that this holds for a single micro-batch.
  kernels::ParallelFor(
      0, static_cast<int64_t>(trainable.lanes.size()), 1,
      [&](int64_t begin, int64_t end) {
        const auto last = std::min(static_cast<size_t>(end), num_lanes);
        for (auto lane = static_cast<size_t>(begin); lane < last; ++lane) {
          ZeroGradients(trainable.lanes[lane]);
          for (size_t i = lane; i < jobs.size(); i += num_lanes) {
            jobs[i].status =
                RunMicroBatch(objective, trainable.model->config, total_weight,
                              trainable.lanes[lane], jobs[i]);
          }
        }
      });
  AddLanes(trainable.lanes, num_lanes);
  return AddJobs(jobs);
}

}  // namespace limbeck
