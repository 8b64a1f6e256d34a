// Checks and autograd of distillation on given logits.
#include "kernels/distillation.h"

#include "kernels/distillation_job.h"
#include "kernels/loss_autograd.h"

namespace limbeck::kernels {

LossResult Distillation(const at::Tensor& student_logits,
                        const at::Tensor& teacher_logits,
                        const at::Tensor& target,
                        const DistillationOptions& options,
                        const LogitOptions& rows) {
  ShapeCheck check("distillation");
  LogitSource student;
  student.logits = student_logits;
  LogitSource teacher;
  teacher.logits = teacher_logits.detach();
  CheckSource(check, kStudentNames, student);
  CheckSource(check, kTeacherNames, teacher);
  return RunDifferentiable(
      check.op(), DenseJob(check, student, teacher, target, options, rows));
}

}  // namespace limbeck::kernels
