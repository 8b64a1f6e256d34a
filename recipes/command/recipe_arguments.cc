#include "recipes/command/recipe_arguments.h"

#include <CLI/CLI.hpp>

#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/language/recipe_loader.h"

namespace limbeck {

void AddRecipeArguments(CLI::App& verb, RecipeArguments& arguments) {
  verb.add_option("recipe", arguments.recipe,
                  "Recipe file, or the name of an installed one")
      ->required();
  verb.add_option("--workspace", arguments.workspace,
                  "Folder of the artefacts (default: workspace/<recipe name>)");
  verb.add_option("--set", arguments.overrides,
                  "Override one field, PATH=VALUE (may be repeated)")
      ->allow_extra_args(false);
}

absl::StatusOr<OpenedRecipe> OpenRecipe(const RecipeArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string path,
                           FindRecipe(arguments.recipe, ShareDirectory()));
  LoadOptions options;
  options.overrides = arguments.overrides;
  LIMBECK_ASSIGN_OR_RETURN(const RecipeSource source,
                           LoadRecipe(path, options));
  OpenedRecipe opened;
  LIMBECK_ASSIGN_OR_RETURN(opened.resolved, ResolveRecipe(source));
  opened.workspace = arguments.workspace.empty()
                         ? JoinPath("workspace", source.recipe.name())
                         : arguments.workspace;
  return opened;
}

}  // namespace limbeck
