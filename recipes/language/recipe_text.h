// Reads one recipe file, and lays one recipe over another.
#ifndef LIMBECK_RECIPES_LANGUAGE_RECIPE_TEXT_H_
#define LIMBECK_RECIPES_LANGUAGE_RECIPE_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "recipes/language/source_map.h"
#include "recipes/recipe.pb.h"

namespace limbeck {

// A recipe and where its values were written.
struct RecipeSource {
  Recipe recipe;
  SourceMap sources;
};

// Parses text format. Errors name file, line and column, unknown fields with
// their near candidates. Refuses two stages or models of one name.
absl::StatusOr<RecipeSource> ParseRecipe(absl::string_view text,
                                         const std::string& file);

// `derived` over `base`: stages and models merge by name (new ones are
// appended), messages merge field by field, scalars override, other repeated
// fields replace, another kind of options replaces the options.
RecipeSource MergeRecipes(const RecipeSource& base,
                          const RecipeSource& derived);

// The message that holds the options of a stage; null when none is set.
const google::protobuf::Message* StageOptions(const StageEntry& stage);
google::protobuf::Message* MutableStageOptions(StageEntry* stage);
// "train", "pack"; empty when no options are set.
std::string StageKindName(const StageEntry& stage);

// Names of a message's fields, for suggestions.
std::vector<std::string> FieldNames(const google::protobuf::Descriptor& type);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_RECIPE_TEXT_H_
