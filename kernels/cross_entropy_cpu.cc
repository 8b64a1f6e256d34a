// Rows of cross entropy on the CPU.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/cross_entropy_math.h"
#include "kernels/poison.h"
#include "kernels/row_kernels.h"
#include "kernels/tail_softmax.h"

namespace limbeck::kernels {
namespace {

template <typename Real>
class CrossEntropyRow {
 public:
  CrossEntropyRow(const CrossEntropyRule& rule, int64_t num_columns)
      : rule_(rule),
        num_columns_(num_columns),
        keeps_logits_(rule.label_smoothing > 0.0 || rule.softcap > 0.0),
        scratch_(static_cast<size_t>(keeps_logits_ ? num_columns : 0)) {}

  // Returns the loss of row x [columns] and, if wanted, writes weight * G to x.
  double Run(Real* x, int64_t label, double weight, bool with_gradient) {
    if (rule_.softcap > 0.0) {
      RowSoftcap(x, num_columns_, static_cast<Real>(rule_.softcap));
    }
    const SmoothedColumns smoothed = Smoothed(x);
    const Real label_logit = x[label];
    x[label] = -std::numeric_limits<Real>::infinity();
    Real* gradient = keeps_logits_ ? scratch_.data() : x;
    const SoftmaxStats tail = TailStats(x, num_columns_, 1.0, gradient);
    const SoftmaxStats own = {static_cast<double>(label_logit), 1.0};
    const MergedSoftmax softmax = Finish(Merge(tail, own, 1.0), 1.0);
    if (with_gradient) {
      if (keeps_logits_) x[label] = label_logit;
      WriteGradient(
          SlopeOfCrossEntropy(rule_, softmax, tail, own.max, smoothed), label,
          weight, gradient, x);
    }
    return CrossEntropyLoss(rule_, softmax, own.max, smoothed);
  }

 private:
  SmoothedColumns Smoothed(const Real* x) const {
    if (rule_.label_smoothing == 0.0) return {};
    const FiniteSums sums = RowSumFinite(x, num_columns_);
    return {static_cast<double>(sums.count), sums.sum};
  }

  // gradient holds the exponentials; it is x itself where x is needed no more.
  void WriteGradient(const CrossEntropySlope& slope, int64_t label,
                     double weight, Real* gradient, Real* x) const {
    RowScale(gradient, num_columns_, static_cast<Real>(weight * slope.tail),
             gradient);
    if (slope.smoothing > 0.0) {
      RowSubtractFinite(x, num_columns_,
                        static_cast<Real>(weight * slope.smoothing), gradient);
    }
    gradient[label] = static_cast<Real>(weight * slope.own);
    if (rule_.softcap > 0.0) {
      RowSoftcapSlope(x, num_columns_, static_cast<Real>(rule_.softcap),
                      gradient);
    }
    if (keeps_logits_) std::copy_n(gradient, num_columns_, x);
  }

  CrossEntropyRule rule_;
  int64_t num_columns_;
  bool keeps_logits_;  // smoothing and softcap read them after the softmax
  std::vector<Real> scratch_;
};

template <typename Real>
void RunRows(const CrossEntropyRule& rule, const RowBatch<Real>& batch,
             RowRange rows) {
  CrossEntropyRow<Real> kernel(rule, batch.num_columns);
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t row = batch.row_index[i];
    const int64_t label = batch.target[row];
    if (label < 0 || label >= batch.num_columns) {
      PoisonRow(batch, i);
      continue;
    }
    batch.token_loss[row] =
        kernel.Run(batch.logits + i * batch.num_columns, label,
                   batch.weight[row], batch.with_gradient);
  }
}

}  // namespace

void CrossEntropyRows(const CrossEntropyRule& rule,
                      const RowBatch<float>& batch, RowRange rows) {
  RunRows(rule, batch, rows);
}

void CrossEntropyRows(const CrossEntropyRule& rule,
                      const RowBatch<double>& batch, RowRange rows) {
  RunRows(rule, batch, rows);
}

}  // namespace limbeck::kernels
