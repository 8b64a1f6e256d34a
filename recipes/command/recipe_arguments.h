// The arguments that name a recipe, shared by `run` and `plan`.
#ifndef LIMBECK_RECIPES_COMMAND_RECIPE_ARGUMENTS_H_
#define LIMBECK_RECIPES_COMMAND_RECIPE_ARGUMENTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recipes/run/recipe_resolve.h"

namespace CLI {
class App;
}  // namespace CLI

namespace limbeck {

struct RecipeArguments {
  std::string recipe;
  std::string workspace;  // empty: workspace/<name of the recipe>
  std::vector<std::string> overrides;
};

void AddRecipeArguments(CLI::App& verb, RecipeArguments& arguments);

struct OpenedRecipe {
  ResolvedRecipe resolved;
  std::string workspace;
};

// Finds, loads, overrides and checks the recipe.
absl::StatusOr<OpenedRecipe> OpenRecipe(const RecipeArguments& arguments);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_RECIPE_ARGUMENTS_H_
