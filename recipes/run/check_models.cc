// Opens every model that a recipe names, without reading its weights.
#include "recipes/run/check_models.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer.h"
#include "recipes/language/recipe_graph.h"
#include "student/checkpoint/checkpoint.h"

namespace limbeck {
namespace {

// Names of stages are among them.
std::vector<std::string> ModelNames(const StageEntry& stage) {
  if (stage.has_train()) {
    return {stage.train().initial_model_input(), stage.train().teacher_input()};
  }
  if (!stage.has_generate() && !stage.has_score() && !stage.has_evaluate()) {
    return {};
  }
  return {stage.inputs().begin(), stage.inputs().end()};
}

absl::Status CheckModel(const std::string& path) {
  if (!FileExists(JoinPath(path, "config.json"))) {
    return absl::NotFoundError(
        absl::StrCat(path, " holds no model: no config.json"));
  }
  LIMBECK_RETURN_IF_ERROR(CheckCheckpoint(path));
  return LoadTokenizer(path).status();
}

}  // namespace

absl::Status CheckModels(const ResolvedRecipe& resolved) {
  RecipeErrors errors;
  std::set<std::string> seen;
  for (const StageEntry& stage : resolved.recipe.stages()) {
    for (const std::string& name : ModelNames(stage)) {
      const int model = FindModel(resolved.recipe, name);
      if (model < 0 || !seen.insert(name).second) continue;
      const std::string field = absl::StrCat(name, ".path");
      const absl::Status status =
          CheckModel(resolved.recipe.models(model).path());
      if (status.ok()) continue;
      errors.Add(resolved.sources.Nearest(field), field, status.message());
    }
  }
  return errors.ToStatus();
}

}  // namespace limbeck
