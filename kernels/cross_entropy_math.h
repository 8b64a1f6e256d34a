// Cross entropy of one row from its merged softmax, for CPU and CUDA.
#ifndef LIMBECK_KERNELS_CROSS_ENTROPY_MATH_H_
#define LIMBECK_KERNELS_CROSS_ENTROPY_MATH_H_

#include "data/base/random.h"
#include "kernels/merged_softmax.h"
#include "kernels/row_kernels.h"
#include "kernels/row_math.h"

namespace limbeck::kernels {

// The columns that share the smoothed mass: those whose logit is not -inf.
struct SmoothedColumns {
  double count = 0.0;
  double sum = 0.0;  // of their logits
};

LIMBECK_HOST_DEVICE inline double CrossEntropyLoss(
    const CrossEntropyRule& rule, const MergedSoftmax& softmax,
    double label_logit, const SmoothedColumns& smoothed) {
  const double lse = softmax.LogSumExp();
  double loss = -softmax.LogProb(label_logit);
  if (rule.label_smoothing > 0.0) {
    loss = (1.0 - rule.label_smoothing) * loss +
           rule.label_smoothing * (lse - smoothed.sum / smoothed.count);
  }
  return loss + rule.z_loss * lse * lse;
}

// d loss / d logit: others' = tail * exponential - smoothing, label's own.
struct CrossEntropySlope {
  double tail;
  double own;
  double smoothing;  // taken from every finite column
};

// tail: the columns other than the label.
LIMBECK_HOST_DEVICE inline CrossEntropySlope SlopeOfCrossEntropy(
    const CrossEntropyRule& rule, const MergedSoftmax& softmax,
    const SoftmaxStats& tail, double label_logit,
    const SmoothedColumns& smoothed) {
  const double lse_slope = 2.0 * rule.z_loss * softmax.LogSumExp();
  const double others = softmax.Share(tail);
  CrossEntropySlope slope = {
      tail.sum == 0.0 ? 0.0 : (1.0 + lse_slope) * others / tail.sum,
      lse_slope * softmax.Prob(label_logit) - others, 0.0};
  if (rule.label_smoothing > 0.0) {
    slope.smoothing = rule.label_smoothing / smoothed.count;
    slope.own += rule.label_smoothing - slope.smoothing;
  }
  return slope;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CROSS_ENTROPY_MATH_H_
