// The last step before anything runs: every option filled in and checked, the
// graph in order, all files there.
#ifndef LIMBECK_RECIPES_RUN_RECIPE_RESOLVE_H_
#define LIMBECK_RECIPES_RUN_RECIPE_RESOLVE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "recipes/language/recipe_text.h"

namespace limbeck {

struct ResolvedRecipe {
  Recipe recipe;  // every option of every stage set
  SourceMap sources;
  std::vector<int> order;  // stage indices, inputs first
};

// All complaints at once, each with file, line, field and reason.
absl::StatusOr<ResolvedRecipe> ResolveRecipe(const RecipeSource& source);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_RECIPE_RESOLVE_H_
