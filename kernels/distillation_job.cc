// Turns arguments into a job for the chunk driver.
#include "kernels/distillation_job.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "kernels/distillation_launch.h"
#include "kernels/row_kernels.h"
#include "kernels/topk_lists.h"

namespace limbeck::kernels {

LossJob DenseJob(ShapeCheck& check, const LogitSource& student,
                 const LogitSource& teacher, const at::Tensor& target,
                 const DistillationOptions& options, const LogitOptions& rows) {
  const DistillationRule rule = CheckedRule(check, options, target);
  LossJob job;
  job.exact_logits = true;
  job.student = student;
  job.teacher = teacher;
  job.num_columns = ValidColumns(check, rows.num_valid_columns,
                                 std::min(check.Size("V"), check.Size("Vt")));
  job.selection = SelectRows(check, target, rows, job.num_columns);
  job.rows = {
      [rule](const float* other, const RowBatch<float>& batch, RowRange range) {
        DistillationRows(rule, other, batch, range);
      },
      [rule](const double* other, const RowBatch<double>& batch,
             RowRange range) { DistillationRows(rule, other, batch, range); }};
  job.device_rows = [rule](const RowLaunch& launch) {
    return LaunchDistillation({launch, rule});
  };
  return job;
}

LossJob TopKJob(ShapeCheck& check, const LogitSource& student,
                const TopKTeacher& teacher, const at::Tensor& target,
                const DistillationOptions& options, const LogitOptions& rows) {
  CheckTail(check, options);
  const DistillationRule rule = CheckedRule(check, options, target);
  LossJob job;
  job.exact_logits = true;
  job.student = student;
  job.num_columns =
      ValidColumns(check, rows.num_valid_columns, check.Size("V"));
  job.selection = SelectRows(check, target, rows, job.num_columns);
  const TopKTensors lists =
      CheckedLists(check, teacher, job.selection, job.num_columns, rows);
  if (lists.ids.is_cuda()) {
    job.device_rows = TopKDeviceRows(rule, lists);
  } else {
    job.rows = TopKRowFunctions(rule, lists);
  }
  return job;
}

}  // namespace limbeck::kernels
