// Cross entropy as a loss of SoftmaxRows: the label is set apart.
#ifndef LIMBECK_KERNELS_CUDA_CROSS_ENTROPY_LOSS_H_
#define LIMBECK_KERNELS_CUDA_CROSS_ENTROPY_LOSS_H_

#include <cmath>
#include <cstdint>

#include "kernels/cross_entropy_math.h"
#include "kernels/cuda/softmax_rows.h"
#include "kernels/row_kernels.h"

namespace limbeck::kernels::cuda {

template <bool has_softcap, bool has_smoothing>
struct CrossEntropyOf {
  template <class Machine>
  class Loss {
   public:
    static constexpr SoftmaxParts kParts = {.smoothing = has_smoothing,
                                            .softcap = has_softcap};
    using Arguments = CrossEntropyRule;
    struct State {
      LabelState label;
      float label_gradient;
      TailGradient gradient;
    };

    LIMBECK_DEVICE_CODE Loss(const Machine& machine,
                             const SoftmaxArguments<Arguments>& arguments,
                             State& state)
        : machine_(machine), arguments_(arguments), state_(state) {}

    LIMBECK_DEVICE_CODE void Begin(int i, int /*parity*/) {
      if (machine_.Thread() == 0) {
        state_.label.column = LabelOf(arguments_.rows, i);
      }
    }

    LIMBECK_DEVICE_CODE void SetApart(const TileCells& cells, int parity) {
      if (machine_.Thread() != 0) return;
      SetLabelApart(cells, arguments_.rows.logits.type, Blank<kParts>(),
                    state_.label.logit[parity], state_.label.column);
    }

    LIMBECK_DEVICE_CODE TailGradient Finish(int i, int parity,
                                            const SliceStats& stats) {
      if (machine_.Thread() == 0) FinishRow(i, parity, stats);
      machine_.Sync();
      return state_.gradient;
    }

    LIMBECK_DEVICE_CODE void WriteApart(void* out, ColumnRange slice) {
      const int32_t label = state_.label.column;
      if (machine_.Thread() != 0 || label < slice.begin || label >= slice.end) {
        return;
      }
      StoreColumn(out, arguments_.rows.gradient.type, label,
                  state_.label_gradient);
    }

   private:
    LIMBECK_DEVICE_CODE void FinishRow(int i, int parity,
                                       const SliceStats& stats) {
      const RowLaunch& rows = arguments_.rows;
      const int64_t row = Place(rows, i).caller_row;
      const bool reports = machine_.Rank() == 0;
      if (state_.label.column < 0) {
        state_.gradient.constant = NAN;
        if (reports) rows.token_loss[row] = NAN;
        return;
      }
      const int owner = arguments_.pipe.slices.Owner(state_.label.column);
      const float logit =
          LogitOf<kParts>(*machine_.Remote(&state_.label.logit[parity], owner),
                          arguments_.scales);
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

    const Machine& machine_;
    const SoftmaxArguments<Arguments>& arguments_;
    State& state_;
  };
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_CROSS_ENTROPY_LOSS_H_
