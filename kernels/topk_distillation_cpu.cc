// Rows of distillation from a top-k teacher on the CPU.
//
// The teacher's columns are set apart and handled in double; all others form
// one more class, the tail, whose student mass is summed directly.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/adaptive_share.h"
#include "kernels/poison.h"
#include "kernels/row_kernels.h"
#include "kernels/tail_softmax.h"
#include "kernels/topk_classes.h"

namespace limbeck::kernels {
namespace {

// The row's softmax at one temperature.
struct RowSoftmax {
  SoftmaxStats tail;  // columns not set apart
  MergedSoftmax all;
};

struct ClassSums {
  double loss = 0.0;
  double weight = 0.0;
  double tail_weight = 0.0;
};

template <typename Real>
class TopKRow {
 public:
  TopKRow(const DistillationRule& rule, const TopKLists& lists,
          int64_t num_columns)
      : rule_(rule),
        inverse_temperature_(1.0 / rule.temperature),
        two_softmaxes_(rule.cross_entropy_share > 0.0 &&
                       rule.temperature != 1.0),
        num_columns_(num_columns),
        classes_(lists, rule.tail, num_columns),
        tempered_(static_cast<size_t>(num_columns)),
        plain_(static_cast<size_t>(two_softmaxes_ ? num_columns : 0)) {}

  // False when an id or the label lies outside [0, columns).
  bool Collect(int64_t row, int64_t label) {
    return classes_.Collect(row, label);
  }

  // After Collect. Returns the loss of row x [columns] and, if wanted, writes
  // weight * G to x.
  double Run(Real* x, int64_t label, double weight, bool with_gradient) {
    SetApart(x);
    const RowSoftmax tempered =
        Softmax(x, inverse_temperature_, tempered_.data());
    const RowSoftmax plain =
        two_softmaxes_ ? Softmax(x, 1.0, plain_.data()) : tempered;
    const SoftmaxStats tail_class = TailClass(tempered.tail);
    const ClassSums sums = Classes(tempered.all, tail_class);
    double loss = rule_.divergence_scale * sums.loss;
    if (rule_.cross_entropy_share > 0.0) {
      loss -= rule_.cross_entropy_share * plain.all.LogProb(LogitOf(label));
    }
    if (!with_gradient) return loss;
    WriteDivergence(tempered, tail_class, sums, weight, x);
    if (rule_.cross_entropy_share > 0.0) {
      AddCrossEntropy(plain, label, weight, x);
    }
    return loss;
  }

 private:
  void SetApart(Real* x) {
    for (TopKEntry& entry : classes_.entries()) {
      entry.logit = static_cast<double>(x[entry.column]);
      x[entry.column] = -std::numeric_limits<Real>::infinity();
    }
  }

  double LogitOf(int64_t column) {
    for (const TopKEntry& entry : classes_.entries()) {
      if (entry.column == column) return entry.logit;
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  RowSoftmax Softmax(const Real* x, double inverse_temperature,
                     Real* exponential) {
    const SoftmaxStats tail =
        TailStats(x, num_columns_, inverse_temperature, exponential);
    SoftmaxStats apart;
    for (const TopKEntry& entry : classes_.entries()) {
      apart.max = std::max(apart.max, entry.logit);
    }
    for (const TopKEntry& entry : classes_.entries()) {
      apart.sum += std::exp((entry.logit - apart.max) * inverse_temperature);
    }
    return {tail, Finish(Merge(tail, apart, inverse_temperature),
                         inverse_temperature)};
  }

  // The tail class: the columns not set apart and a label outside the list.
  SoftmaxStats TailClass(const SoftmaxStats& tail) {
    const std::vector<TopKEntry>& entries = classes_.entries();
    if (entries.empty() || entries.back().in_teacher) return tail;
    return Merge(tail, {entries.back().logit, 1.0}, inverse_temperature_);
  }

  ClassSums Classes(const MergedSoftmax& softmax,
                    const SoftmaxStats& tail_class) {
    ClassSums sums;
    if (!classes_.tail().has_teacher) return sums;
    const double mix = RowMix(softmax, tail_class);
    for (TopKEntry& entry : classes_.entries()) {
      if (!entry.in_teacher) continue;
      const PairTerm<double> term =
          ClassTerm(rule_, entry.p, entry.log_p, softmax.Prob(entry.logit),
                    softmax.LogProb(entry.logit), mix);
      sums.loss += term.loss;
      sums.weight += term.weight;
      entry.weight = term.weight;
    }
    const TailMass& tail = classes_.tail();
    if (!tail.exists) return sums;
    const PairTerm<double> term =
        ClassTerm(rule_, tail.p, tail.log_p, softmax.Share(tail_class),
                  softmax.LogShare(tail_class), mix);
    sums.loss += term.loss;
    sums.weight += term.weight;
    sums.tail_weight = term.weight;
    return sums;
  }

  double RowMix(const MergedSoftmax& softmax, const SoftmaxStats& tail_class) {
    if (rule_.kind != Divergence::kAdaptiveKl) return rule_.mix;
    std::vector<double> p;
    std::vector<double> q;
    for (const TopKEntry& entry : classes_.entries()) {
      if (!entry.in_teacher) continue;
      p.push_back(entry.p);
      q.push_back(softmax.Prob(entry.logit));
    }
    if (classes_.tail().exists) {
      p.push_back(classes_.tail().p);
      q.push_back(softmax.Share(tail_class));
    }
    PairPart<double> classes = {};
    classes.num_columns = static_cast<int64_t>(p.size());
    classes.teacher_exponential = p.data();
    classes.teacher_scale = 1.0;
    classes.student_exponential = q.data();
    classes.student_scale = 1.0;
    return 1.0 - AdaptiveForwardShare(classes, rule_.mix);
  }

  // G = w - q W on the list, and q (w_tail / q_tail - W) on the tail, written
  // with the tail's own softmax so that q_tail = 0 needs no care.
  void WriteDivergence(const RowSoftmax& softmax,
                       const SoftmaxStats& tail_class, const ClassSums& sums,
                       double weight, Real* x) {
    const double factor =
        weight * rule_.divergence_scale * inverse_temperature_;
    const double tail_total =
        factor *
        (sums.tail_weight - softmax.all.Share(tail_class) * sums.weight);
    const auto share_of_tail = [&](double logit) {
      if (tail_class.sum == 0.0) return 0.0;
      return std::exp((logit - tail_class.max) * inverse_temperature_) /
             tail_class.sum;
    };
    const bool empty = softmax.tail.sum == 0.0;
    RowScale(tempered_.data(), num_columns_,
             static_cast<Real>(
                 empty ? 0.0 : tail_total * share_of_tail(softmax.tail.max)),
             x);
    for (const TopKEntry& entry : classes_.entries()) {
      const double gradient =
          entry.in_teacher
              ? factor *
                    (entry.weight - softmax.all.Prob(entry.logit) * sums.weight)
              : tail_total * share_of_tail(entry.logit);
      x[entry.column] = static_cast<Real>(gradient);
    }
  }

  void AddCrossEntropy(const RowSoftmax& softmax, int64_t label, double weight,
                       Real* x) {
    const double factor = weight * rule_.cross_entropy_share;
    double others = softmax.all.Share(softmax.tail);
    if (softmax.tail.sum > 0.0 || std::isnan(softmax.tail.sum)) {
      const std::vector<Real>& exponential =
          two_softmaxes_ ? plain_ : tempered_;
      RowAdd(exponential.data(), num_columns_,
             static_cast<Real>(factor * others / softmax.tail.sum), x);
    }
    for (const TopKEntry& entry : classes_.entries()) {
      if (entry.column == label) continue;
      const double q = softmax.all.Prob(entry.logit);
      others += q;
      x[entry.column] += static_cast<Real>(factor * q);
    }
    x[label] -= static_cast<Real>(factor * others);
  }

  DistillationRule rule_;
  double inverse_temperature_;
  bool two_softmaxes_;
  int64_t num_columns_;
  TopKClasses classes_;
  std::vector<Real> tempered_;
  std::vector<Real> plain_;
};

template <typename Real>
void RunRows(const DistillationRule& rule, const TopKLists& lists,
             const RowBatch<Real>& batch, RowRange rows) {
  TopKRow<Real> kernel(rule, lists, batch.num_columns);
  const bool needs_label = rule.cross_entropy_share > 0.0;
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t row = batch.row_index[i];
    const int64_t label = needs_label ? batch.target[row] : -1;
    if ((needs_label && label < 0) || !kernel.Collect(row, label)) {
      PoisonRow(batch, i);
      continue;
    }
    batch.token_loss[row] =
        kernel.Run(batch.logits + i * batch.num_columns, label,
                   batch.weight[row], batch.with_gradient);
  }
}

}  // namespace

void TopKDistillationRows(const DistillationRule& rule, const TopKLists& lists,
                          const RowBatch<float>& batch, RowRange rows) {
  RunRows(rule, lists, batch, rows);
}

void TopKDistillationRows(const DistillationRule& rule, const TopKLists& lists,
                          const RowBatch<double>& batch, RowRange rows) {
  RunRows(rule, lists, batch, rows);
}

}  // namespace limbeck::kernels
