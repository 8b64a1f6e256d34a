// A model's configuration in words.
#ifndef LIMBECK_RECIPES_COMMAND_ARCHITECTURE_TEXT_H_
#define LIMBECK_RECIPES_COMMAND_ARCHITECTURE_TEXT_H_

#include <string>

#include "student/config/config.h"

namespace limbeck {

// One line for each part that the model has: sizes, biases, windows, latent
// attention, experts, positions, ends, what generation_config.json asks for.
std::string ArchitectureText(const ModelConfig& config);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_ARCHITECTURE_TEXT_H_
