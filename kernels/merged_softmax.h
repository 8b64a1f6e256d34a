// A whole row's softmax, merged from its parts, in double on host and device.
#ifndef LIMBECK_KERNELS_MERGED_SOFTMAX_H_
#define LIMBECK_KERNELS_MERGED_SOFTMAX_H_

#include <cmath>

#include "data/base/random.h"
#include "kernels/row_math.h"

namespace limbeck::kernels {

// Softmax of the whole row: tail merged with the columns set apart.
struct MergedSoftmax {
  SoftmaxStats all;
  double inverse_temperature = 1.0;
  double log_sum = 0.0;  // log(all.sum)

  LIMBECK_HOST_DEVICE double LogProb(double logit) const {
    return FloorLog((logit - all.max) * inverse_temperature - log_sum);
  }
  LIMBECK_HOST_DEVICE double Prob(double logit) const {
    return std::exp((logit - all.max) * inverse_temperature) / all.sum;
  }
  LIMBECK_HOST_DEVICE double LogSumExp() const {
    return all.max * inverse_temperature + log_sum;
  }
  // Log of a part's share of the whole, and the share.
  LIMBECK_HOST_DEVICE double LogShare(const SoftmaxStats& part) const {
    if (part.sum == 0.0) return kLogFloor;
    return FloorLog((part.max - all.max) * inverse_temperature +
                    std::log(part.sum) - log_sum);
  }
  LIMBECK_HOST_DEVICE double Share(const SoftmaxStats& part) const {
    if (part.sum == 0.0) return 0.0;
    return std::exp((part.max - all.max) * inverse_temperature) * part.sum /
           all.sum;
  }
};

LIMBECK_HOST_DEVICE inline MergedSoftmax Finish(const SoftmaxStats& all,
                                                double inverse_temperature) {
  return {all, inverse_temperature, std::log(all.sum)};
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_MERGED_SOFTMAX_H_
