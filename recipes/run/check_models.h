// Whether the models of a recipe can be loaded, asked before anything runs: the
// stage that needs one may begin hours later.
#ifndef LIMBECK_RECIPES_RUN_CHECK_MODELS_H_
#define LIMBECK_RECIPES_RUN_CHECK_MODELS_H_

#include "absl/status/status.h"
#include "recipes/run/recipe_resolve.h"

namespace limbeck {

// Configuration, names and shapes of the weights, and tokenizer of every model
// that a stage samples from, scores with or begins to train from. All
// complaints at once, each with file, line and field.
absl::Status CheckModels(const ResolvedRecipe& resolved);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_CHECK_MODELS_H_
