// The teacher's part of the gradient, -c / T, is subtracted from the student's
// before anything is rounded: close pairs are a difference of near equals.
#include "kernels/cached_job.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include "kernels/policy_rows_launch.h"
#include "kernels/sampled_job.h"
#include "kernels/sampled_rows.h"

namespace limbeck::kernels {
namespace {

// Rows whose products are formed at once.
constexpr int64_t kRowsAtOnce = 256;

// hidden . direction of the kept rows, in float64. [N]
at::Tensor TeacherLogits(const at::Tensor& hidden, const at::Tensor& direction,
                         const at::Tensor& rows) {
  at::Tensor result =
      at::zeros({hidden.size(0)}, hidden.options().dtype(at::kDouble));
  for (int64_t begin = 0; begin < rows.numel(); begin += kRowsAtOnce) {
    const at::Tensor part =
        rows.narrow(0, begin, std::min(kRowsAtOnce, rows.numel() - begin))
            .clamp_min(0);  // -1: no row, on CUDA
    const at::Tensor product =
        hidden.index_select(0, part)
            .to(at::kDouble)
            .mul(direction.index_select(0, part).to(at::kDouble));
    result.index_copy_(0, part, product.sum(1));
  }
  return result;
}

void CheckFrozen(const ShapeCheck& check, const LinearOptions& linear) {
  const auto refuse = [&](std::string_view name, const at::Tensor& tensor) {
    TORCH_CHECK(!tensor.defined(), check.op(), ": ", name,
                " is given, must be undefined: the cache belongs to a frozen "
                "head without bias");
  };
  refuse("bias", linear.bias);
  refuse("weight_grad", linear.weight_grad);
  refuse("grad_scale", linear.grad_scale);
}

void UseCachedRows(double temperature, const at::Tensor& teacher_logit,
                   const at::Tensor& entropy, LossJob& job) {
  const auto run = [=](const auto& batch, RowRange range) {
    CachedDistillationRows(1.0 / temperature,
                           {teacher_logit.const_data_ptr<double>(),
                            entropy.const_data_ptr<double>()},
                           batch, range);
  };
  job.rows = {[run](const float*, const RowBatch<float>& batch,
                    RowRange range) { run(batch, range); },
              [run](const double*, const RowBatch<double>& batch,
                    RowRange range) { run(batch, range); }};
  job.device_rows = [=](const RowLaunch& rows) {
    return LaunchCachedDistillation({rows, temperature,
                                     teacher_logit.const_data_ptr<float>(),
                                     entropy.const_data_ptr<float>()});
  };
}

// A rounded q would spoil q - p, as it does nowhere else: CUDA's bfloat16
// products are avoided, those of the CPU take it as a sum of two.
LogitSource Widened(const at::Tensor& hidden, const at::Tensor& weight) {
  if (!hidden.is_cuda()) return {hidden.detach(), weight.detach(), {}, {}};
  return {
      hidden.detach().to(at::kFloat), weight.detach().to(at::kFloat), {}, {}};
}

}  // namespace

LossJob CachedJob(ShapeCheck& check, const at::Tensor& hidden,
                  const at::Tensor& weight, const CachedTeacher& teacher,
                  double temperature, const LinearOptions& linear) {
  CheckFrozen(check, linear);
  CheckSource(check, kStudentNames, {hidden, weight, {}, {}});
  const LogitSource student = Widened(hidden, weight);
  CheckTemperature(check, temperature);
  check.Tensor("teacher_direction", teacher.direction, {"N", "H"});
  check.Type("teacher_direction", teacher.direction,
             {at::kFloat, at::kBFloat16, at::kHalf, at::kDouble});
  const at::Tensor entropy =
      CheckedTokenValues(check, "teacher_entropy", teacher.entropy);
  LossJob job = SampledJob(check, student, at::Tensor(), linear);
  job.exact_logits = true;
  const at::Tensor direction = teacher.direction.detach();
  UseCachedRows(temperature,
                TeacherLogits(student.hidden, direction, job.selection.rows)
                    .to(entropy.scalar_type()),
                entropy, job);
  const at::Tensor scale = job.selection.weight.mul(-1.0 / temperature);
  job.adjust_hidden = [direction, scale](const at::Tensor& rows,
                                         at::Tensor& gradient) {
    const at::Tensor own = rows.clamp_min(0);
    gradient.addcmul_(
        direction.index_select(0, own).to(gradient.scalar_type()),
        scale.index_select(0, own).to(gradient.scalar_type()).unsqueeze(1));
  };
  return job;
}

LossGradients RunCached(const LossJob& job, const at::Tensor& hidden,
                        const WantedGradients& wanted) {
  LossGradients gradients = RunChunks(job, wanted);
  if (gradients.hidden.defined()) {
    gradients.hidden = gradients.hidden.to(hidden.scalar_type());
  }
  return gradients;
}

}  // namespace limbeck::kernels
