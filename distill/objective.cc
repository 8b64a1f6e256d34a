// The loss of one micro-batch, from final hidden states and head.
#include "distill/objective.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/status_macros.h"
#include "kernels/linear_cross_entropy.h"
#include "kernels/linear_distillation.h"
#include "kernels/linear_topk_distillation.h"

namespace limbeck {
namespace {

kernels::Divergence ToKernel(ObjectiveOptions::Divergence divergence) {
  switch (divergence) {
    case ObjectiveOptions::DIVERGENCE_REVERSE_KL:
      return kernels::Divergence::kReverseKl;
    case ObjectiveOptions::DIVERGENCE_JSD:
      return kernels::Divergence::kJsd;
    case ObjectiveOptions::DIVERGENCE_SKEW_FORWARD_KL:
      return kernels::Divergence::kSkewForwardKl;
    case ObjectiveOptions::DIVERGENCE_SKEW_REVERSE_KL:
      return kernels::Divergence::kSkewReverseKl;
    case ObjectiveOptions::DIVERGENCE_TOTAL_VARIATION:
      return kernels::Divergence::kTotalVariation;
    case ObjectiveOptions::DIVERGENCE_ADAPTIVE_KL:
      return kernels::Divergence::kAdaptiveKl;
    case ObjectiveOptions::DIVERGENCE_SYMMETRIC_KL:
      return kernels::Divergence::kSymmetricKl;
    default:
      return kernels::Divergence::kForwardKl;
  }
}

kernels::DistillationOptions ToKernel(const ObjectiveOptions& options) {
  kernels::DistillationOptions result;
  result.divergence = ToKernel(options.divergence());
  result.mix = options.mix();
  result.temperature = options.temperature();
  result.temperature_squared = options.temperature_squared();
  result.cross_entropy_share = options.cross_entropy_share();
  return result;
}

// The teacher's final hidden states for every row [N, teacher hidden].
absl::StatusOr<at::Tensor> TeacherHidden(Scorer& teacher,
                                         const MicroBatch& batch) {
  ScoreRequest request;
  const int64_t* ids = batch.ids.const_data_ptr<int64_t>();
  request.ids.assign(ids, ids + batch.ids.numel());
  request.starts = batch.starts;
  request.logprobs = false;
  request.hidden = true;
  LIMBECK_ASSIGN_OR_RETURN(const ScoreResult result, teacher.Score(request));
  if (!result.hidden.defined() || result.hidden.dim() != 2 ||
      result.hidden.size(0) != batch.ids.numel()) {
    return absl::InternalError(
        absl::StrCat("the teacher gave hidden states of ",
                     result.hidden.defined() ? result.hidden.size(0) : 0,
                     " tokens, asked were ", batch.ids.numel()));
  }
  return result.hidden;
}

absl::StatusOr<kernels::LossResult> DenseLoss(
    const Objective& objective, const MicroBatch& batch,
    const StudentOutput& student, const kernels::LinearOptions& linear) {
  LIMBECK_CHECK(objective.teacher != nullptr);
  LIMBECK_ASSIGN_OR_RETURN(const at::Tensor hidden,
                           TeacherHidden(*objective.teacher, batch));
  return kernels::LinearDistillation(
      student.hidden, student.head, hidden, objective.teacher->Head(),
      batch.target, at::Tensor(), ToKernel(objective.options), linear);
}

}  // namespace

absl::StatusOr<kernels::LossResult> ObjectiveLoss(
    const Objective& objective, const MicroBatch& batch,
    const StudentOutput& student) {
  kernels::LinearOptions linear;
  linear.token_weight = batch.token_weight;
  linear.weight_grad = student.head_grad;
  linear.kept_rows = batch.kept_rows;
  linear.num_valid_columns = objective.num_valid_columns;
  switch (objective.options.kind()) {
    case ObjectiveOptions::KIND_TOPK_DISTILLATION:
      LIMBECK_CHECK(batch.top_k.ids.defined());
      return kernels::LinearTopKDistillation(
          student.hidden, student.head, batch.top_k, batch.target,
          ToKernel(objective.options), linear);
    case ObjectiveOptions::KIND_DENSE_DISTILLATION:
      return DenseLoss(objective, batch, student, linear);
    default:
      return kernels::LinearCrossEntropy(student.hidden, student.head,
                                         batch.target, {}, linear);
  }
}

}  // namespace limbeck
