#include "recipes/language/recipe_loader.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/language/field_override.h"
#include "recipes/language/recipe_graph.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxRecipeBytes = uint64_t{4} << 20;
constexpr size_t kMaxDepth = 16;
constexpr absl::string_view kExtension = ".textproto";

// One name per file, however it is written.
std::string Canonical(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

absl::StatusOr<RecipeSource> ReadRecipe(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxRecipeBytes));
  return ParseRecipe(text, path);
}

absl::Status BaseError(const RecipeSource& source, absl::string_view reason) {
  RecipeErrors errors;
  const std::string path = absl::StrCat(kRecipePrefix, ".base");
  errors.Add(source.sources.Nearest(path), path, reason);
  return errors.ToStatus();
}

// The recipe and its bases, the outermost base last.
absl::StatusOr<std::vector<RecipeSource>> ReadChain(const std::string& path) {
  std::vector<RecipeSource> chain;
  std::vector<std::string> visited = {Canonical(path)};
  LIMBECK_ASSIGN_OR_RETURN(RecipeSource leaf, ReadRecipe(path));
  chain.push_back(std::move(leaf));
  std::string file = path;
  while (!chain.back().recipe.base().empty()) {
    const RecipeSource& user = chain.back();
    file = (std::filesystem::path(file).parent_path() / user.recipe.base())
               .string();
    if (!FileExists(file)) {
      return BaseError(user, absl::StrCat("there is no file '", file, "'"));
    }
    const std::string canonical = Canonical(file);
    for (const std::string& earlier : visited) {
      if (earlier != canonical) continue;
      return BaseError(user, absl::StrCat("recipes inherit in a circle: '",
                                          file, "' comes a second time"));
    }
    if (chain.size() >= kMaxDepth) {
      return BaseError(user, absl::StrCat("more than ", kMaxDepth,
                                          " recipes inherit one another"));
    }
    visited.push_back(canonical);
    LIMBECK_ASSIGN_OR_RETURN(RecipeSource base, ReadRecipe(file));
    chain.push_back(std::move(base));
  }
  return chain;
}

// What a recipe says about itself holds for that recipe alone.
void ForgetTexts(RecipeSource* base) {
  base->recipe.clear_description();
  base->sources.EraseBelow(absl::StrCat(kRecipePrefix, ".description"));
  if (!base->recipe.has_report()) return;
  base->recipe.mutable_report()->clear_title();
  base->recipe.mutable_report()->clear_introduction();
  for (const char* field : {".report.title", ".report.introduction"}) {
    base->sources.EraseBelow(absl::StrCat(kRecipePrefix, field));
  }
}

// An entry that the bases do not have and that says too little to be a new
// one is a misspelt name.
void CheckNewEntries(const RecipeSource& base, const RecipeSource& derived,
                     RecipeErrors& errors) {
  std::vector<std::string> stages;
  std::vector<std::string> models;
  for (const auto& stage : base.recipe.stages()) stages.push_back(stage.name());
  for (const auto& model : base.recipe.models()) models.push_back(model.name());
  for (const StageEntry& stage : derived.recipe.stages()) {
    if (!StageKindName(stage).empty() ||
        FindStage(base.recipe, stage.name()) >= 0) {
      continue;
    }
    errors.Add(derived.sources.Nearest(stage.name()), stage.name(),
               absl::StrCat("no base recipe has this stage",
                            SuggestNames(stage.name(), stages),
                            "; a new stage says what it does"));
  }
  for (const ModelEntry& model : derived.recipe.models()) {
    if (model.has_path() || FindModel(base.recipe, model.name()) >= 0) continue;
    errors.Add(derived.sources.Nearest(model.name()), model.name(),
               absl::StrCat("no base recipe has this model",
                            SuggestNames(model.name(), models),
                            "; a new model has a path"));
  }
}

}  // namespace

absl::StatusOr<RecipeSource> LoadRecipe(const std::string& path,
                                        const LoadOptions& options) {
  LIMBECK_ASSIGN_OR_RETURN(std::vector<RecipeSource> chain, ReadChain(path));
  const std::string own_name = chain.front().recipe.name();
  RecipeSource merged = std::move(chain.back());
  chain.pop_back();
  RecipeErrors misspelt;
  while (!chain.empty()) {
    ForgetTexts(&merged);
    CheckNewEntries(merged, chain.back(), misspelt);
    merged = MergeRecipes(merged, chain.back());
    chain.pop_back();
  }
  LIMBECK_RETURN_IF_ERROR(misspelt.ToStatus());
  merged.recipe.clear_base();
  merged.recipe.set_name(own_name.empty()
                             ? std::filesystem::path(path).stem().string()
                             : own_name);
  merged.sources.Set("", {path, 0, 0});
  for (const std::string& assignment : options.overrides) {
    LIMBECK_RETURN_IF_ERROR(ApplyOverride(assignment, &merged));
  }
  RecipeErrors errors;
  ExpandPaths(options.environment, merged, errors);
  LIMBECK_RETURN_IF_ERROR(errors.ToStatus());
  return merged;
}

absl::StatusOr<std::string> FindRecipe(const std::string& name,
                                       const std::string& share_directory) {
  const std::string file =
      absl::EndsWith(name, kExtension) ? name : absl::StrCat(name, kExtension);
  const std::string plain(absl::StripPrefix(file, "recipes/"));
  std::vector<std::string> tried;
  for (const std::string& candidate :
       {name, file, JoinPath("recipes", plain),
        JoinPath(JoinPath(share_directory, "recipes"), plain)}) {
    if (FileExists(candidate) && !IsDirectory(candidate)) return candidate;
    if (std::count(tried.begin(), tried.end(), candidate) == 0) {
      tried.push_back(candidate);
    }
  }
  return absl::NotFoundError(absl::StrCat(
      "there is no recipe '", name, "'; tried: ", absl::StrJoin(tried, ", ")));
}

std::string ShareDirectory() {
  std::error_code error;
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "share/limbeck";
  return (program.parent_path().parent_path() / "share" / "limbeck").string();
}

}  // namespace limbeck
