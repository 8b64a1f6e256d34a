// AdamW and gradient clipping over flat parameter groups.
#ifndef LIMBECK_DISTILL_ADAMW_H_
#define LIMBECK_DISTILL_ADAMW_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "distill/options.pb.h"
#include "student/weights.h"

namespace limbeck {

// Moments of every group, float32, shaped as groups[i].flat.
struct AdamWState {
  std::vector<at::Tensor> first_moment;   // [elements] per group
  std::vector<at::Tensor> second_moment;  // [elements] per group
  int64_t applied_steps = 0;              // for the bias correction
};

// Zero moments for a float32 model.
AdamWState MakeAdamWState(const Model& model);

// Euclidean norm over all groups: squares summed in double in an order that
// does not depend on the number of threads. Not finite if any element is not.
double GradientNorm(const std::vector<at::Tensor>& gradients);

// What gradients are multiplied with so that their norm is at most max_norm;
// 1 when it already is, or when max_norm is 0.
double ClipFactor(double norm, double max_norm);

struct AdamWUpdate {
  double learning_rate = 0.0;
  double gradient_scale = 1.0;  // clip factor
};

// One step, in place, one pass over each group (Loshchilov and Hutter,
// "Decoupled weight decay regularization", algorithm 2, arXiv 1711.05101).
// Only slots with `decays` decay. Results do not depend on threads.
void ApplyAdamW(const AdamWOptions& options, const AdamWUpdate& update,
                const std::vector<at::Tensor>& gradients, Model& model,
                AdamWState& state);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_ADAMW_H_
