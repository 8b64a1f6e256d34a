// Runs a preset: the published loss of another implementation, and the exact
// loss that it stands for, on the same inputs, so that their difference shows.
#ifndef LIMBECK_KERNELS_PRESET_LOSS_H_
#define LIMBECK_KERNELS_PRESET_LOSS_H_

#include <ATen/core/Tensor.h>

#include <string_view>

#include "kernels/loss_options.h"
#include "kernels/presets.h"

namespace limbeck::kernels {

// Fails with the list of names for one that is not among them; `op` begins the
// message.
const Preset& CheckedPreset(std::string_view op, std::string_view name);

// Logits for a dense preset, log-probabilities at temperature 1 for a listed
// one; ids of a list must be distinct.
struct PresetTeacher {
  at::Tensor logits;  // [N, Vt]
  TopKTeacher list;
};

struct PresetCall {
  at::Tensor student_logits;  // [N, V]
  PresetTeacher teacher;
  at::Tensor target;  // [N] or undefined
  PresetArguments arguments;
  LogitOptions rows;
};

// The loss as published. Differentiable in student_logits. On the CPU; slow
// where the preset has a `difference`.
LossResult PresetLoss(std::string_view name, const PresetCall& call);

// Our operator with ExactOptions: equal to the above where there is none.
LossResult ExactLoss(std::string_view name, const PresetCall& call);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PRESET_LOSS_H_
