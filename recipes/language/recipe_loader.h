// From a path to one recipe: base recipes, overrides and paths applied.
#ifndef LIMBECK_RECIPES_LANGUAGE_RECIPE_LOADER_H_
#define LIMBECK_RECIPES_LANGUAGE_RECIPE_LOADER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recipes/language/recipe_paths.h"
#include "recipes/language/recipe_text.h"

namespace limbeck {

struct LoadOptions {
  std::vector<std::string> overrides;  // of --set, in order
  Environment environment = ProcessEnvironment();
};

// Reads the recipe, its bases (`base:`, relative to the file; at most 16 deep,
// no circles), lays them over one another, applies the overrides and expands
// paths. The name defaults to the file's. Does not check the graph or values:
// see ResolveRecipe.
absl::StatusOr<RecipeSource> LoadRecipe(const std::string& path,
                                        const LoadOptions& options = {});

// The file that a person means: `name` itself, or the same below the
// installed recipes (PREFIX/share/limbeck), with or without "recipes/" and
// ".textproto". NotFound lists what was tried.
absl::StatusOr<std::string> FindRecipe(const std::string& name,
                                       const std::string& share_directory);
// PREFIX/share/limbeck of the running program.
std::string ShareDirectory();

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_RECIPE_LOADER_H_
