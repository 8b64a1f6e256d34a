// Checks and autograd of cross entropy on given logits.
#include "kernels/cross_entropy.h"

#include "kernels/cross_entropy_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult CrossEntropy(const at::Tensor& student_logits,
                        const at::Tensor& target,
                        const CrossEntropyOptions& options,
                        const LogitOptions& rows) {
  ShapeCheck check("cross_entropy");
  LogitSource student;
  student.logits = student_logits;
  CheckSource(check, kStudentNames, student);
  return RunDifferentiable(
      check.op(), CrossEntropyJob(check, student, target, options, rows));
}

}  // namespace limbeck::kernels
