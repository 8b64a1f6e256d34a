// The loss operators on final hidden states and the head, as the trainer calls
// them. Blueprint of shapes: N tokens, H hidden width, V vocabulary columns.
//
// Each returns (loss, token_loss): loss = sum of token_weight * token_loss, a
// float32 scalar, differentiable in hidden, weight and bias; token_loss [N]
// float32 in nats, 0 on skipped rows. A row is skipped when its weight is 0 or
// its target is ignore_index; nothing of it is read. Errors are c10::Error
// naming the operator, the argument and both values.
#ifndef LIMBECK_KERNELS_LINEAR_LOSSES_H_
#define LIMBECK_KERNELS_LINEAR_LOSSES_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "kernels/divergence.h"

namespace limbeck::kernels {

inline constexpr int64_t kIgnoreIndex = -100;

struct LossResult {
  at::Tensor loss;        // [] float32
  at::Tensor token_loss;  // [N] float32, nats, not differentiable
};

// Shared optional arguments of the linear_ operators.
struct LinearOptions {
  at::Tensor bias;          // [V]; undefined: none
  at::Tensor token_weight;  // [N] float32; undefined: 1 / kept rows
  at::Tensor weight_grad;   // [V, H] float32, mutated: += grad_scale * dW
  at::Tensor grad_scale;    // [] float32; undefined: 1
  at::Tensor kept_rows;     // [M] int64 from the packer; undefined: computed
  int64_t ignore_index = kIgnoreIndex;
  int64_t num_valid_columns = -1;  // -1: all columns
  int64_t chunk_tokens = 0;        // 0: the driver chooses
  bool check_values = true;
};

struct CrossEntropyOptions {
  double label_smoothing = 0.0;  // in [0, 1)
  double z_loss = 0.0;           // coefficient of lse^2
  double softcap = 0.0;          // 0: none; logits = c tanh(x / c)
};

// hidden [N, H], weight [V, H], target [N] integer.
LossResult LinearCrossEntropy(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& target,
                              const CrossEntropyOptions& options = {},
                              const LinearOptions& linear = {});

struct DistillationOptions {
  Divergence divergence = Divergence::kForwardKl;
  Tail tail = Tail::kLumped;  // top-k only
  double mix = 0.5;           // beta, alpha or mu of the divergence
  double temperature = 1.0;
  bool temperature_squared = false;
  double cross_entropy_share = 0.0;  // in [0, 1]; needs target
};

// teacher_hidden [N, Ht], teacher_weight [Vt, Ht], target [N] or undefined,
// teacher_bias [Vt] or undefined.
LossResult LinearDistillation(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& teacher_hidden,
                              const at::Tensor& teacher_weight,
                              const at::Tensor& target,
                              const at::Tensor& teacher_bias,
                              const DistillationOptions& options,
                              const LinearOptions& linear = {});

// A teacher known by its largest log-probabilities, taken as they are at
// options.temperature. Id -1 is padding; duplicates are summed.
struct TopKTeacher {
  at::Tensor ids;           // [N, K] int32 or int64
  at::Tensor logprobs;      // [N, K] float32
  at::Tensor tail_logprob;  // [N] float32; undefined: log(1 - sum p)
};
LossResult LinearTopKDistillation(const at::Tensor& hidden,
                                  const at::Tensor& weight,
                                  const TopKTeacher& teacher,
                                  const at::Tensor& target,
                                  const DistillationOptions& options,
                                  const LinearOptions& linear = {});

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LINEAR_LOSSES_H_
