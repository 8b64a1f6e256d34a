// Cosines and sines of the rotary angles.
#include "student/rotary.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "student/config/config_rope.h"

namespace limbeck {
namespace {

// theta to the power of each pair's share of the channels.
at::Tensor Wavelengths(const ModelConfig& config) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor channel = at::arange(0, config.RotaryDim(), 2, options) /
                             static_cast<double>(config.RotaryDim());
  return at::pow(at::Scalar(config.rope_theta), channel);
}

// Python divides a number by a tensor in this way.
at::Tensor DividedBy(const at::Tensor& divisor, double number) {
  return divisor.reciprocal() * number;
}

// Llama 3.1: long waves are stretched, short ones kept, those between blended
// (transformers, _compute_llama3_parameters).
at::Tensor StretchLongWaves(const at::Tensor& frequency,
                            const RopeScaling& scaling) {
  const auto context = static_cast<double>(scaling.original_max_positions);
  const double low = scaling.low_freq_factor;
  const double high = scaling.high_freq_factor;
  const at::Tensor wavelength = DividedBy(frequency, 2.0 * std::numbers::pi);
  const at::Tensor is_long = wavelength > context / low;
  const at::Tensor is_short = wavelength < context / high;
  const at::Tensor stretched =
      at::where(is_long, frequency / scaling.factor, frequency);
  const at::Tensor share =
      (DividedBy(wavelength, context) - low) / (high - low);
  const at::Tensor blended =
      at::rsub(share, 1) * stretched / scaling.factor + share * stretched;
  return at::where(is_long.logical_or(is_short), stretched, blended);
}

// The channel that turns `rotations` times in the original context (YaRN, Peng
// et al. 2023, arXiv:2309.00071, section 3.2).
double ChannelOfRotations(const ModelConfig& config, double rotations) {
  const auto context =
      static_cast<double>(config.rope_scaling.original_max_positions);
  return static_cast<double>(config.RotaryDim()) *
         std::log(context / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(config.rope_theta));
}

// YaRN: slow channels are stretched, fast ones kept, with a ramp between
// (transformers, _compute_yarn_parameters).
at::Tensor YarnFrequencies(const ModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  double low = ChannelOfRotations(config, scaling.beta_fast);
  double high = ChannelOfRotations(config, scaling.beta_slow);
  if (scaling.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(config.RotaryDim() - 1));
  if (low == high) high += 0.001;
  const at::Tensor pair =
      at::arange(config.RotaryDim() / 2, at::TensorOptions().dtype(at::kFloat));
  const at::Tensor ramp = ((pair - low) / (high - low)).clamp(0, 1);
  const at::Tensor kept_share = at::rsub(ramp, 1);
  const at::Tensor wavelengths = Wavelengths(config);
  const at::Tensor kept = 1.0 / wavelengths;
  const at::Tensor stretched = 1.0 / (wavelengths * scaling.factor);
  return stretched * at::rsub(kept_share, 1) + kept * kept_share;
}

double YarnAttentionFactor(const RopeScaling& scaling) {
  if (scaling.attention_factor) return *scaling.attention_factor;
  const double mscale = scaling.mscale.value_or(0.0);
  const double all_dim = scaling.mscale_all_dim.value_or(0.0);
  if (mscale == 0.0 || all_dim == 0.0) return YarnMscale(scaling.factor, 1.0);
  return YarnMscale(scaling.factor, mscale) /
         YarnMscale(scaling.factor, all_dim);
}

}  // namespace

RotaryFrequencies MakeRotaryFrequencies(const ModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  switch (scaling.type) {
    case RopeType::kDefault:
      break;
    case RopeType::kLinear:
      return {1.0 / Wavelengths(config) / scaling.factor};
    case RopeType::kLlama3:
      return {StretchLongWaves(1.0 / Wavelengths(config), scaling)};
    case RopeType::kYarn:
      return {YarnFrequencies(config), YarnAttentionFactor(scaling)};
  }
  return {1.0 / Wavelengths(config)};
}

RotaryTable MakeRotaryTable(const ModelConfig& config, int64_t positions) {
  const RotaryFrequencies frequencies = MakeRotaryFrequencies(config);
  const at::Tensor position =
      at::arange(positions, at::TensorOptions().dtype(at::kFloat));
  const at::Tensor angle = at::outer(position, frequencies.radians);
  const at::Tensor both = at::cat({angle, angle}, -1);
  return {both.cos().mul_(frequencies.factor),
          both.sin().mul_(frequencies.factor)};
}

}  // namespace limbeck
