// Losses of one sampled token as losses of SoftmaxRows: its log-probability
// and the row's entropy, with given slopes or those of a policy loss.
#ifndef LIMBECK_KERNELS_CUDA_SAMPLED_LOSS_H_
#define LIMBECK_KERNELS_CUDA_SAMPLED_LOSS_H_

#include <cmath>
#include <cstdint>

#include "kernels/cuda/label_apart.h"
#include "kernels/policy_math.h"
#include "kernels/policy_rows_launch.h"

namespace limbeck::kernels::cuda {

// Slopes in both outputs are given.
struct GivenSlopeArguments {
  SampledDeviceOutputs outputs;
  const float* log_prob_slope;  // null: outputs only
  const float* entropy_slope;

  static constexpr bool kWritesLoss = false;
};

LIMBECK_DEVICE_CODE SampledSlopes SlopesOf(const GivenSlopeArguments& arguments,
                                           const RowLaunch& /*rows*/,
                                           int64_t row,
                                           const SampledSoftmax& /*seen*/) {
  if (arguments.log_prob_slope == nullptr) return {0.0, 0.0};
  return {arguments.log_prob_slope[row], arguments.entropy_slope[row]};
}

// Slopes are those of a policy loss, which is written as well.
struct PolicyArguments {
  SampledDeviceOutputs outputs;
  PolicyRule rule;
  const float* sampler_logprob;
  const float* advantage;
  const float* reference_logprob;  // null: no KL penalty

  static constexpr bool kWritesLoss = true;
};

// Writes the token's loss; returns the weighted slopes.
LIMBECK_DEVICE_CODE SampledSlopes SlopesOf(const PolicyArguments& arguments,
                                           const RowLaunch& rows, int64_t row,
                                           const SampledSoftmax& seen) {
  const PolicyTerm term =
      TokenTerm(arguments.rule, seen.log_prob, arguments.sampler_logprob[row],
                arguments.advantage[row]);
  const double reference = arguments.reference_logprob == nullptr
                               ? 0.0
                               : arguments.reference_logprob[row];
  const Regularizer extra =
      RegularizerOf(arguments.rule, seen.log_prob, reference, seen.entropy);
  rows.token_loss[row] = term.loss + extra.loss;
  const double weight = WeightOf(rows, row);
  return {weight * (term.slope + extra.slopes.log_prob),
          weight * extra.slopes.entropy};
}

template <class LossArguments>
struct SampledOf {
  static constexpr SoftmaxParts kLossParts = {.moment = true};

  template <class Machine>
  class Loss : public LabelApart<Machine, LossArguments, kLossParts> {
    using Base = LabelApart<Machine, LossArguments, kLossParts>;
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
      if (!Base::HasLabel()) {
        Report(row, NAN, NAN);
        rows.token_loss[row] = NAN;
        state_.gradient.constant = NAN;
        return;
      }
      const float logit = Base::LabelLogit(parity);
      const double inverse_temperature =
          EffectiveInverseTemperature(arguments_.scales.exponent);
      const SoftmaxStats tail =
          InLogits(stats.tempered, arguments_.scales.exponent);
      const SampledSoftmax seen = Seen(
          EntropyStats{tail.max, tail.sum,
                       static_cast<double>(stats.moment) * 0.6931471805599453},
          logit, inverse_temperature);
      Report(row, seen.log_prob, seen.entropy);
      const SampledSlopes slopes = SlopesOf(arguments_.loss, rows, row, seen);
      const SampledGradient gradient =
          GradientOf(seen, slopes, inverse_temperature);
      state_.gradient.subtrahend = Subtrahend(stats.tempered.max);
      state_.gradient.constant = static_cast<float>(gradient.constant);
      // The kernel's exponents are to base 2.
      state_.gradient.slope =
          static_cast<float>(gradient.slope * 0.6931471805599453);
      state_.label_gradient = static_cast<float>(gradient.label);
    }

    LIMBECK_DEVICE_CODE void Report(int64_t row, double log_prob,
                                    double entropy) const {
      if (machine_.Rank() != 0) return;
      const SampledDeviceOutputs& outputs = arguments_.loss.outputs;
      if (outputs.log_prob != nullptr) {
        outputs.log_prob[row] = static_cast<float>(log_prob);
      }
      if (outputs.entropy != nullptr) {
        outputs.entropy[row] = static_cast<float>(entropy);
      }
    }
  };
};

// Distillation from the KL cache: no column is set apart.
struct CachedArguments {
  double inverse_temperature;
  const float* teacher_logit;
  const float* teacher_entropy;
};

template <class Machine>
class CachedLoss {
 public:
  static constexpr SoftmaxParts kParts = {};
  using Arguments = CachedArguments;
  struct State {
    TailGradient gradient;
  };

  LIMBECK_DEVICE_CODE CachedLoss(const Machine& machine,
                                 const SoftmaxArguments<Arguments>& arguments,
                                 State& state)
      : machine_(machine), arguments_(arguments), state_(state) {}

  LIMBECK_DEVICE_CODE void Begin(int /*i*/, int /*parity*/) {}
  LIMBECK_DEVICE_CODE void SetApart(const TileCells& /*cells*/,
                                    int /*parity*/) {}

  LIMBECK_DEVICE_CODE TailGradient Finish(int i, int /*parity*/,
                                          const SliceStats& stats) {
    if (machine_.Thread() == 0) FinishRow(i, stats);
    machine_.Sync();
    return state_.gradient;
  }

  LIMBECK_DEVICE_CODE void WriteApart(void* /*out*/, ColumnRange /*slice*/) {}

 private:
  LIMBECK_DEVICE_CODE void FinishRow(int i, const SliceStats& stats) {
    const RowLaunch& rows = arguments_.rows;
    const int64_t row = Place(rows, i).caller_row;
    const double effective =
        EffectiveInverseTemperature(arguments_.scales.exponent);
    const MergedSoftmax softmax = kernels::Finish(
        InLogits(stats.tempered, arguments_.scales.exponent), effective);
    const CachedArguments& loss = arguments_.loss;
    rows.token_loss[row] = softmax.LogSumExp() -
                           loss.teacher_logit[row] * loss.inverse_temperature -
                           loss.teacher_entropy[row];
    state_.gradient.subtrahend = Subtrahend(stats.tempered.max);
    state_.gradient.constant = static_cast<float>(
        WeightOf(rows, row) * loss.inverse_temperature / softmax.all.sum);
  }

  const Machine& machine_;
  const SoftmaxArguments<Arguments>& arguments_;
  State& state_;
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_SAMPLED_LOSS_H_
