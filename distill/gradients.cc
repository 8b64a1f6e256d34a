// Loss and gradients of all bins of a step, micro-batch by micro-batch.
#include "distill/gradients.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "data/base/status_macros.h"
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

absl::Status AddMicroBatch(const Objective& objective,
                           absl::Span<const LoadedBin> bins,
                           double total_weight, Trainable& trainable,
                           BatchLoss& sum) {
  LIMBECK_ASSIGN_OR_RETURN(const MicroBatch batch,
                           MakeMicroBatch(bins, total_weight, objective.rules));
  const ModelConfig& config = trainable.model->config;
  const PackedLayout layout =
      MakePackedLayout(config, batch.starts, at::kFloat);
  StudentOutput student;
  student.hidden = ForwardPacked(config, ParameterStore(trainable.leaves),
                                 layout, batch.ids);
  student.head = trainable.leaves.head;
  student.head_grad = trainable.leaves.head.grad();
  LIMBECK_ASSIGN_OR_RETURN(const kernels::LossResult result,
                           ObjectiveLoss(objective, batch, student));
  const double loss = result.loss.item().toDouble();
  sum.loss += loss;
  sum.tokens += batch.ids.numel();
  sum.loss_tokens += batch.kept_rows.numel();
  if (!std::isfinite(loss)) {
    NameNonFinite(bins, result.token_loss, sum.non_finite);
    return absl::OkStatus();
  }
  if (batch.kept_rows.numel() > 0) result.loss.backward();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BatchLoss> ComputeGradients(const Objective& objective,
                                           absl::Span<const LoadedBin> bins,
                                           int bins_per_micro_batch,
                                           Trainable& trainable) {
  LIMBECK_ASSIGN_OR_RETURN(const double total_weight, TotalLossWeight(bins));
  ZeroGradients(trainable);
  BatchLoss sum;
  const auto size = static_cast<size_t>(bins_per_micro_batch);
  for (size_t first = 0; first < bins.size(); first += size) {
    LIMBECK_RETURN_IF_ERROR(AddMicroBatch(objective, bins.subspan(first, size),
                                          total_weight, trainable, sum));
  }
  return sum;
}

}  // namespace limbeck
