// Turns arguments into a job for the chunk driver.
#include "kernels/cross_entropy_job.h"

#include <ATen/ATen.h>

#include "kernels/cross_entropy_launch.h"
#include "kernels/row_kernels.h"

namespace limbeck::kernels {

LossJob CrossEntropyJob(ShapeCheck& check, const LogitSource& student,
                        const at::Tensor& target,
                        const CrossEntropyOptions& options,
                        const LogitOptions& rows) {
  TORCH_CHECK(target.defined(), check.op(), ": target is undefined");
  const CrossEntropyRule rule = CheckedRule(check, options);
  LossJob job;
  job.student = student;
  job.num_columns =
      ValidColumns(check, rows.num_valid_columns, check.Size("V"));
  job.selection = SelectRows(check, target, rows, job.num_columns);
  job.rows = {[rule](const float*, const RowBatch<float>& batch,
                     RowRange range) { CrossEntropyRows(rule, batch, range); },
              [rule](const double*, const RowBatch<double>& batch,
                     RowRange range) { CrossEntropyRows(rule, batch, range); }};
  job.device_rows = [rule](const RowLaunch& launch) {
    return LaunchCrossEntropy({launch, rule});
  };
  return job;
}

}  // namespace limbeck::kernels
