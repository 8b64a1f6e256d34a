// Rows of distillation from a dense teacher on the CPU.
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/adaptive_share.h"
#include "kernels/poison.h"
#include "kernels/row_kernels.h"
#include "kernels/tail_softmax.h"

namespace limbeck::kernels {
namespace {

template <typename Real>
class PairRow {
 public:
  PairRow(const DistillationRule& rule, int64_t num_columns)
      : rule_(rule),
        num_columns_(num_columns),
        student_(static_cast<size_t>(num_columns)),
        teacher_(static_cast<size_t>(num_columns)),
        weight_(static_cast<size_t>(num_columns)) {}

  // Returns the loss of row x [columns] against teacher [columns] and, if
  // wanted, writes weight * G to x. label is read with cross entropy only.
  double Run(Real* x, const Real* teacher, int64_t label, double weight,
             bool with_gradient) {
    const double inverse_temperature = 1.0 / rule_.temperature;
    const SoftmaxStats student = Stats(x, inverse_temperature, student_.data());
    const SoftmaxStats other =
        Stats(teacher, inverse_temperature, teacher_.data());
    PairPart<Real> part = Describe(x, teacher, student, other);
    const Real mix = static_cast<Real>(RowMix(part));
    const PairSums sums = RowPair(rule_.kind, mix, part);
    const double loss = rule_.divergence_scale * sums.loss;
    if (rule_.cross_entropy_share == 0.0) {
      if (with_gradient) WriteDivergence(sums, weight, x);
      return loss;
    }
    // The label's softmax needs x, which the gradient overwrites.
    const double label_logit = static_cast<double>(x[label]);
    const SoftmaxStats plain =
        rule_.temperature == 1.0 ? student : PlainStats(x);
    const MergedSoftmax softmax = Finish(plain, 1.0);
    if (with_gradient) {
      WriteDivergence(sums, weight, x);
      AddCrossEntropy(softmax, label, weight, x);
    }
    return loss - rule_.cross_entropy_share * softmax.LogProb(label_logit);
  }

 private:
  SoftmaxStats Stats(const Real* x, double inverse_temperature,
                     Real* exponential) const {
    const Real max = RowMax(x, num_columns_);
    const double sum =
        RowExp(x, num_columns_, max, static_cast<Real>(inverse_temperature),
               exponential);
    return {static_cast<double>(max), sum};
  }

  // The exponentials at temperature 1, in the teacher's buffer, free by now.
  SoftmaxStats PlainStats(const Real* x) {
    return Stats(x, 1.0, teacher_.data());
  }

  PairPart<Real> Describe(const Real* x, const Real* teacher,
                          const SoftmaxStats& student,
                          const SoftmaxStats& other) {
    PairPart<Real> part;
    part.num_columns = num_columns_;
    part.student = x;
    part.teacher = teacher;
    part.student_max = static_cast<Real>(student.max);
    part.teacher_max = static_cast<Real>(other.max);
    part.inverse_temperature = static_cast<Real>(1.0 / rule_.temperature);
    part.student_scale = static_cast<Real>(1.0 / student.sum);
    part.teacher_scale = static_cast<Real>(1.0 / other.sum);
    part.log_sum_gap =
        static_cast<Real>(std::log(student.sum) - std::log(other.sum));
    part.teacher_exponential = teacher_.data();
    part.student_exponential = student_.data();
    part.weight = weight_.data();
    return part;
  }

  double RowMix(const PairPart<Real>& part) const {
    if (rule_.kind != Divergence::kAdaptiveKl) return rule_.mix;
    return 1.0 - AdaptiveForwardShare(part, rule_.mix);
  }

  void WriteDivergence(const PairSums& sums, double weight, Real* x) const {
    // Forward KL has W = -sum p = -1; the rounded sum would only add noise.
    const double weight_sum =
        rule_.kind == Divergence::kForwardKl ? -1.0 : sums.weight;
    const double factor = weight * rule_.divergence_scale / rule_.temperature;
    RowPairGradient(weight_.data(), student_.data(), num_columns_,
                    static_cast<Real>(weight_sum), static_cast<Real>(factor),
                    x);
  }

  void AddCrossEntropy(const MergedSoftmax& softmax, int64_t label,
                       double weight, Real* x) const {
    const double factor = weight * rule_.cross_entropy_share;
    if (rule_.temperature == 1.0) {  // student_ holds q already
      RowAdd(student_.data(), num_columns_, static_cast<Real>(factor), x);
    } else {
      RowAdd(teacher_.data(), num_columns_,
             static_cast<Real>(factor / softmax.all.sum), x);
    }
    x[label] -= static_cast<Real>(factor);
  }

  DistillationRule rule_;
  int64_t num_columns_;
  std::vector<Real> student_;
  std::vector<Real> teacher_;
  std::vector<Real> weight_;
};

template <typename Real>
void RunRows(const DistillationRule& rule, const Real* teacher,
             const RowBatch<Real>& batch, RowRange rows) {
  PairRow<Real> kernel(rule, batch.num_columns);
  const bool needs_label = rule.cross_entropy_share > 0.0;
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t row = batch.row_index[i];
    const int64_t label = needs_label ? batch.target[row] : 0;
    if (label < 0 || label >= batch.num_columns) {
      PoisonRow(batch, i);
      continue;
    }
    const int64_t offset = i * batch.num_columns;
    batch.token_loss[row] =
        kernel.Run(batch.logits + offset, teacher + offset, label,
                   batch.weight[row], batch.with_gradient);
  }
}

}  // namespace

void DistillationRows(const DistillationRule& rule, const float* teacher,
                      const RowBatch<float>& batch, RowRange rows) {
  RunRows(rule, teacher, batch, rows);
}

void DistillationRows(const DistillationRule& rule, const double* teacher,
                      const RowBatch<double>& batch, RowRange rows) {
  RunRows(rule, teacher, batch, rows);
}

}  // namespace limbeck::kernels
