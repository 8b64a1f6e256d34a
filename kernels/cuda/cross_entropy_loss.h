// Cross entropy as a loss of SoftmaxRows: the label is set apart.
#ifndef LIMBECK_KERNELS_CUDA_CROSS_ENTROPY_LOSS_H_
#define LIMBECK_KERNELS_CUDA_CROSS_ENTROPY_LOSS_H_

#include <cmath>
#include <cstdint>

#include "kernels/cross_entropy_math.h"
#include "kernels/cuda/label_apart.h"
#include "kernels/row_kernels.h"

namespace limbeck::kernels::cuda {

template <bool has_softcap, bool has_smoothing>
struct CrossEntropyOf {
  static constexpr SoftmaxParts kLossParts = {.smoothing = has_smoothing,
                                              .softcap = has_softcap};

  template <class Machine>
  class Loss : public LabelApart<Machine, CrossEntropyRule, kLossParts> {
    using Base = LabelApart<Machine, CrossEntropyRule, kLossParts>;
    using Base::arguments_;
    using Base::machine_;
    using Base::state_;

   public:
    using Base::Base;

    LIMBECK_DEVICE_CODE TailGradient Finish(int i, int parity,
                                            const SliceStats& stats) {
      if (machine_.Thread() == 0) FinishRow(i, parity, stats);
      machine_.Sync();
      return state_.gradient;
    }

   private:
    LIMBECK_DEVICE_CODE void FinishRow(int i, int parity,
                                       const SliceStats& stats) {
      const RowLaunch& rows = arguments_.rows;
      const int64_t row = Place(rows, i).caller_row;
      const bool reports = machine_.Rank() == 0;
      if (!Base::HasLabel()) {
        state_.gradient.constant = NAN;
        if (reports) rows.token_loss[row] = NAN;
        return;
      }
      const float logit =
          LogitOf<kLossParts>(Base::LabelLogit(parity), arguments_.scales);
      const SoftmaxStats tail =
          InLogits(stats.tempered, arguments_.scales.exponent);
      const double inverse_temperature =
          EffectiveInverseTemperature(arguments_.scales.exponent);
      const MergedSoftmax softmax =
          Merged(tail, {static_cast<double>(logit), 1.0}, inverse_temperature);
      const SmoothedColumns smoothed = Smoothed(stats, logit);
      if (reports) {
        rows.token_loss[row] =
            CrossEntropyLoss(arguments_.loss, softmax, logit, smoothed);
      }
      const CrossEntropySlope slope =
          SlopeOfCrossEntropy(arguments_.loss, softmax, tail, logit, smoothed);
      const double weight = WeightOf(rows, row);
      state_.gradient.subtrahend = Subtrahend(stats.tempered.max);
      state_.gradient.constant = static_cast<float>(weight * slope.tail);
      state_.gradient.smoothing = static_cast<float>(weight * slope.smoothing);
      state_.label_gradient =
          static_cast<float>(weight * slope.own) * SoftcapSlope(logit);
    }

    LIMBECK_DEVICE_CODE SmoothedColumns Smoothed(const SliceStats& stats,
                                                 float logit) const {
      const bool is_finite = logit > -kInfinity;
      return {static_cast<double>(stats.finite_count) + (is_finite ? 1.0 : 0.0),
              static_cast<double>(stats.finite_sum) +
                  (is_finite ? static_cast<double>(logit) : 0.0)};
    }

    LIMBECK_DEVICE_CODE float SoftcapSlope(float logit) const {
      if constexpr (!has_softcap) return 1.0f;
      const float share = logit / arguments_.scales.softcap;
      return fmaf(-share, share, 1.0f);
    }
  };
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_CROSS_ENTROPY_LOSS_H_
