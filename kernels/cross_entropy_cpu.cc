// Rows of cross entropy on the CPU.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/poison.h"
#include "kernels/row_kernels.h"
#include "kernels/tail_softmax.h"

namespace limbeck::kernels {
namespace {

// Columns that share the smoothed mass: those whose logit is not -inf.
struct Smoothing {
  double num_columns = 0.0;
  double mean = 0.0;  // of their logits
};

template <typename Real>
Smoothing MeasureSmoothing(const Real* x, int64_t n) {
  Smoothing smoothing;
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    if (x[i] == -std::numeric_limits<Real>::infinity()) continue;
    smoothing.num_columns += 1.0;
    sum += static_cast<double>(x[i]);
  }
  smoothing.mean = sum / smoothing.num_columns;
  return smoothing;
}

// d capped / d raw = 1 - (capped / cap)^2.
template <typename Real>
void MultiplySoftcapSlope(const Real* capped, int64_t n, double cap,
                          Real* gradient) {
  const Real inverse = static_cast<Real>(1.0 / cap);
  for (int64_t i = 0; i < n; ++i) {
    const Real share = capped[i] * inverse;
    gradient[i] *= Real{1} - share * share;
  }
}

template <typename Real>
void SubtractFromFinite(const Real* x, int64_t n, double amount,
                        Real* gradient) {
  for (int64_t i = 0; i < n; ++i) {
    const bool finite = x[i] > -std::numeric_limits<Real>::infinity();
    gradient[i] -= finite ? static_cast<Real>(amount) : Real{0};
  }
}

template <typename Real>
class CrossEntropyRow {
 public:
  CrossEntropyRow(const CrossEntropyRule& rule, int64_t num_columns)
      : rule_(rule), num_columns_(num_columns), scratch_(num_columns) {}

  // Returns the loss of row x [columns] and, if wanted, writes weight * G to x.
  double Run(Real* x, int64_t label, double weight, bool with_gradient) {
    if (rule_.softcap > 0.0) {
      RowSoftcap(x, num_columns_, static_cast<Real>(rule_.softcap));
    }
    Smoothing smoothing;
    if (rule_.label_smoothing > 0.0) {
      smoothing = MeasureSmoothing(x, num_columns_);
    }
    const Real label_logit = x[label];
    x[label] = -std::numeric_limits<Real>::infinity();
    const SoftmaxStats tail = TailStats(x, num_columns_, 1.0, scratch_.data());
    const SoftmaxStats own = {static_cast<double>(label_logit), 1.0};
    const MergedSoftmax softmax = Finish(Merge(tail, own, 1.0), 1.0);
    x[label] = label_logit;
    if (with_gradient) Gradient(x, label, weight, softmax, tail, smoothing);
    return Loss(softmax, static_cast<double>(label_logit), smoothing);
  }

 private:
  double Loss(const MergedSoftmax& softmax, double label_logit,
              const Smoothing& smoothing) const {
    const double lse = softmax.LogSumExp();
    double loss = -softmax.LogProb(label_logit);
    if (rule_.label_smoothing > 0.0) {
      loss = (1.0 - rule_.label_smoothing) * loss +
             rule_.label_smoothing * (lse - smoothing.mean);
    }
    return loss + rule_.z_loss * lse * lse;
  }

  void Gradient(Real* x, int64_t label, double weight,
                const MergedSoftmax& softmax, const SoftmaxStats& tail,
                const Smoothing& smoothing) {
    const double lse_slope = 2.0 * rule_.z_loss * softmax.LogSumExp();
    const double others = softmax.Share(tail);
    const double tail_scale = tail.sum == 0.0 ? 0.0 : others / tail.sum;
    Real* gradient = scratch_.data();
    RowScale(gradient, num_columns_,
             static_cast<Real>(weight * (1.0 + lse_slope) * tail_scale),
             gradient);
    double own =
        lse_slope * softmax.Prob(static_cast<double>(x[label])) - others;
    if (rule_.label_smoothing > 0.0) {
      const double each = rule_.label_smoothing / smoothing.num_columns;
      SubtractFromFinite(x, num_columns_, weight * each, gradient);
      own += rule_.label_smoothing - each;
    }
    gradient[label] = static_cast<Real>(weight * own);
    if (rule_.softcap > 0.0) {
      MultiplySoftcapSlope(x, num_columns_, rule_.softcap, gradient);
    }
    std::copy_n(gradient, num_columns_, x);
  }

  CrossEntropyRule rule_;
  int64_t num_columns_;
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
