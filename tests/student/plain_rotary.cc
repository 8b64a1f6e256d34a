// See plain_rotary.h.
#include "tests/student/plain_rotary.h"

#include <algorithm>
#include <cmath>

namespace limbeck {
namespace {

constexpr double kTurn = 6.283185307179586;

// Llama 3.1: slow pairs are divided, fast ones stay, in between they blend.
double Llama3Frequency(const RopeScaling& scaling, double frequency) {
  const double turns =
      static_cast<double>(scaling.original_max_positions) * frequency / kTurn;
  if (turns < scaling.low_freq_factor) return frequency / scaling.factor;
  if (turns > scaling.high_freq_factor) return frequency;
  const double kept = (turns - scaling.low_freq_factor) /
                      (scaling.high_freq_factor - scaling.low_freq_factor);
  return kept * frequency + (1.0 - kept) * frequency / scaling.factor;
}

// YaRN (Peng et al. 2023, arXiv:2309.00071), section 3.2: a ramp over pairs
// between those that turn beta_fast and beta_slow times.
class YarnRamp {
 public:
  YarnRamp(const ModelConfig& config)
      : scaling_(config.rope_scaling), config_(config) {
    first_ = PairThatTurns(scaling_.beta_fast);
    last_ = PairThatTurns(scaling_.beta_slow);
    if (scaling_.truncate) {
      first_ = std::floor(first_);
      last_ = std::ceil(last_);
    }
    first_ = std::max(first_, 0.0);
    last_ = std::min(last_, static_cast<double>(config.RotaryDim() - 1));
    if (first_ == last_) last_ += 0.001;
  }

  double Frequency(int64_t pair, double frequency) const {
    const double stretched = std::clamp(
        (static_cast<double>(pair) - first_) / (last_ - first_), 0.0, 1.0);
    return frequency * (1.0 - stretched) +
           frequency / scaling_.factor * stretched;
  }

 private:
  double PairThatTurns(double turns) const {
    const double length = static_cast<double>(scaling_.original_max_positions);
    return static_cast<double>(config_.RotaryDim()) *
           std::log(length / (turns * kTurn)) /
           (2.0 * std::log(config_.rope_theta));
  }

  const RopeScaling& scaling_;
  const ModelConfig& config_;
  double first_ = 0.0;
  double last_ = 0.0;
};

double YarnLength(const RopeScaling& scaling) {
  if (scaling.attention_factor) return *scaling.attention_factor;
  const double log_factor = 0.1 * std::log(scaling.factor);
  if (scaling.mscale && scaling.mscale_all_dim) {
    return (log_factor * *scaling.mscale + 1.0) /
           (log_factor * *scaling.mscale_all_dim + 1.0);
  }
  return log_factor + 1.0;
}

}  // namespace

PlainRotary::PlainRotary(const ModelConfig& config)
    : interleaved(config.rope_interleaved) {
  const RopeScaling& scaling = config.rope_scaling;
  const int64_t dim = config.RotaryDim();
  for (int64_t i = 0; i < dim / 2; ++i) {
    const double frequency =
        std::pow(config.rope_theta,
                 -2.0 * static_cast<double>(i) / static_cast<double>(dim));
    frequencies.push_back(frequency);
    if (scaling.type == RopeType::kLinear) {
      frequencies.back() = frequency / scaling.factor;
    } else if (scaling.type == RopeType::kLlama3) {
      frequencies.back() = Llama3Frequency(scaling, frequency);
    } else if (scaling.type == RopeType::kYarn) {
      frequencies.back() = YarnRamp(config).Frequency(i, frequency);
    }
  }
  if (scaling.type == RopeType::kYarn) length = YarnLength(scaling);
}

// A pair is a complex number.
void PlainRotary::Turn(int64_t begin, int64_t head_dim, int64_t position,
                       std::vector<double>& x) const {
  const size_t half = frequencies.size();
  const size_t first = static_cast<size_t>(begin + head_dim) - 2 * half;
  for (size_t i = 0; i < half; ++i) {
    const double angle = static_cast<double>(position) * frequencies[i];
    double& real = x[interleaved ? first + 2 * i : first + i];
    double& imaginary = x[interleaved ? first + 2 * i + 1 : first + half + i];
    const double a = real;
    const double b = imaginary;
    real = length * (a * std::cos(angle) - b * std::sin(angle));
    imaginary = length * (a * std::sin(angle) + b * std::cos(angle));
  }
}

}  // namespace limbeck
