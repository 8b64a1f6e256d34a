// The losses of other implementations that our operators deliberately do not
// compute, as published: slow, in float64, differentiable by autograd.
#ifndef LIMBECK_KERNELS_PRESET_FORMULAS_H_
#define LIMBECK_KERNELS_PRESET_FORMULAS_H_

#include <ATen/core/Tensor.h>

#include <string_view>

#include "kernels/presets.h"

namespace limbeck::kernels {

// The kept rows of a call, float64.
struct PresetRows {
  at::Tensor student;   // [M, V] logits
  at::Tensor teacher;   // [M, Vt] logits; undefined: a list
  at::Tensor ids;       // [M, K] int64, -1 is padding
  at::Tensor logprobs;  // [M, K] at temperature 1
};

// Loss of every row [M], for a preset with a `difference`.
at::Tensor PublishedLoss(std::string_view name, const PresetRows& rows,
                         const PresetArguments& arguments);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PRESET_FORMULAS_H_
