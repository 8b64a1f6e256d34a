// Checks and autograd of distillation from a top-k teacher on given logits.
#include "kernels/topk_distillation.h"

#include "kernels/distillation_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult TopKDistillation(const at::Tensor& student_logits,
                            const TopKTeacher& teacher,
                            const at::Tensor& target,
                            const DistillationOptions& options,
                            const LogitOptions& rows) {
  ShapeCheck check("topk_distillation");
  LogitSource student;
  student.logits = student_logits;
  CheckSource(check, kStudentNames, student);
  return RunDifferentiable(
      check.op(), TopKJob(check, student, teacher, target, options, rows));
}

}  // namespace limbeck::kernels
