// What every loss operator of this room takes and returns.
//
// Shapes: N tokens (rows), H hidden width, V vocabulary columns, K top-k
// entries. A row is skipped when its weight is 0, its target is ignore_index or
// kept_rows leaves it out; nothing of it is read. Errors are c10::Error naming
// the operator, the argument and both values.
#ifndef LIMBECK_KERNELS_LOSS_OPTIONS_H_
#define LIMBECK_KERNELS_LOSS_OPTIONS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "kernels/divergence.h"

namespace limbeck::kernels {

inline constexpr int64_t kIgnoreIndex = -100;

// loss = sum over kept rows of token_weight * token_loss. Both are float32
// (float64 for float64 inputs, which serve checks only).
struct LossResult {
  at::Tensor loss;        // [], differentiable
  at::Tensor token_loss;  // [N], nats, not differentiable, 0 on skipped rows
};

// Optional arguments of the operators on given logits.
struct LogitOptions {
  at::Tensor token_weight;  // [N] float32; undefined: 1 / kept rows
  at::Tensor kept_rows;     // [M] int64 ascending; undefined: computed
  int64_t ignore_index = kIgnoreIndex;
  int64_t num_valid_columns = -1;  // -1: the smaller of the two widths
  // Whether ids out of range are errors; else they give a NaN token_loss.
  // None: yes on the CPU; no on CUDA, where it costs a synchronisation.
  std::optional<bool> check_values;
};

// How bfloat16 operands are multiplied on the CPU, always with a float32
// result: as they are, the gradient of the logits as a sum of two bfloat16, or
// widened to float32. kFastest: what this machine does faster, measured once.
enum class Bfloat16Products { kFastest, kAsStored, kWidened };

// Optional arguments of the linear_ operators. With weight_grad the weight gets
// no gradient from autograd, the upstream gradient must be 1, and nothing is
// added while gradients are disabled.
struct LinearOptions {
  at::Tensor bias;          // [V]; undefined: none
  at::Tensor token_weight;  // [N] float32; undefined: 1 / kept rows
  at::Tensor weight_grad;   // [V, H] float32, mutated: += grad_scale * dW
  at::Tensor grad_scale;    // one float32, on the device; undefined: 1
  at::Tensor kept_rows;     // [M] int64 ascending; undefined: computed
  int64_t ignore_index = kIgnoreIndex;
  int64_t num_valid_columns = -1;  // -1: the smaller of the two widths
  int64_t chunk_tokens = 0;        // 0: the driver chooses
  bool bf16_logits = false;        // faster on CUDA, less exact
  Bfloat16Products bfloat16_products = Bfloat16Products::kFastest;
  // Whether ids out of range are errors; else they give a NaN token_loss.
  // None: yes on the CPU; no on CUDA, where it costs a synchronisation.
  std::optional<bool> check_values;
};

struct CrossEntropyOptions {
  double label_smoothing = 0.0;  // in [0, 1), spread over finite columns
  double z_loss = 0.0;           // coefficient of lse^2, >= 0
  double softcap = 0.0;          // 0: none; logits = c tanh(x / c)
};

// Loss = (1 - share) * D * (T^2 if temperature_squared) + share * CE at T = 1.
struct DistillationOptions {
  Divergence divergence = Divergence::kForwardKl;
  Tail tail = Tail::kLumped;  // top-k only
  double mix = 0.5;           // beta, alpha or mu of the divergence, in [0, 1]
  double temperature = 1.0;   // > 0, of both sides
  bool temperature_squared = false;
  double cross_entropy_share = 0.0;  // in [0, 1]; above 0 needs a target
};

// A teacher known by its largest log-probabilities, taken as they are at
// options.temperature, in any order. Id -1 is padding; duplicates are summed.
struct TopKTeacher {
  at::Tensor ids;           // [N, K] int32 or int64
  at::Tensor logprobs;      // [N, K] float32
  at::Tensor tail_logprob;  // [N] float32; undefined: log(1 - sum p)
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOSS_OPTIONS_H_
