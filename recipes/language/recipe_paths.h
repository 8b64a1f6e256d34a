// The fields of a recipe that name files: expanded once, digested for
// fingerprints, left out of everything that must not know this machine.
#ifndef LIMBECK_RECIPES_LANGUAGE_RECIPE_PATHS_H_
#define LIMBECK_RECIPES_LANGUAGE_RECIPE_PATHS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recipes/language/recipe_text.h"

namespace limbeck {

// Value of an environment variable; nullopt when unset.
using Environment =
    std::function<std::optional<std::string>(const std::string&)>;
Environment ProcessEnvironment();

// "${NAME}/x" with NAME replaced. Unset or empty variables are an error.
absl::StatusOr<std::string> ExpandVariables(absl::string_view text,
                                            const Environment& environment);

// Expands every path of models and stages; relative ones are taken from the
// folder of the file that wrote them (values of --set: from the working
// directory).
void ExpandPaths(const Environment& environment, RecipeSource& source,
                 RecipeErrors& errors);

// Complains about files and model folders that do not exist.
void CheckPaths(const RecipeSource& source, RecipeErrors& errors);

// Files outside the workspace that a stage reads; their digests join its
// fingerprint.
std::vector<std::string> ExternalFiles(const StageEntry& stage);

// The options of a stage as text without line breaks, external files by their
// last name only: equal on every machine.
std::string IdentityOptions(const StageEntry& stage);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_RECIPE_PATHS_H_
