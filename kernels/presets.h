// The conventions of published distillation losses, by name: which of our
// options compute the same loss, and where nothing of ours does, why not.
#ifndef LIMBECK_KERNELS_PRESETS_H_
#define LIMBECK_KERNELS_PRESETS_H_

#include <span>
#include <string_view>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

struct Preset {
  std::string_view name;    // "kdflow_jsd"
  std::string_view origin;  // project, version that was read, name there
  std::string_view beta;    // what `beta` is there; empty: not used
  bool listed;              // teacher is a top-k list, else dense logits
  // What it computes that our operators do not; empty: they compute the same.
  std::string_view difference;
  bool second_temperature = false;  // the teacher is divided by another one
  bool list_temperature = false;    // a list may be taken at T other than 1
};

// The numbers of a preset as its own project means them.
struct PresetArguments {
  double beta = 0.5;
  double temperature = 1.0;
  double teacher_temperature = 1.0;  // ROLL's second one, of the teacher only
  double hard_weight = 0.0;  // loss = (1 - hard) KD + hard CE at temperature 1
};

std::span<const Preset> Presets();

// Null: unknown.
const Preset* FindPreset(std::string_view name);

// Our options for the preset's loss or, where it has a `difference`, for the
// exact loss nearest to it. A list's log-probabilities must then be given at
// the temperature (preset_loss.h does it).
DistillationOptions ExactOptions(const Preset& preset,
                                 const PresetArguments& arguments);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PRESETS_H_
