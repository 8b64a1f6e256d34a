#include "recipes/language/recipe_graph.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "recipes/language/stage_kinds.h"

namespace limbeck {
namespace {

constexpr size_t kMaxNameBytes = 64;

bool IsGoodName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         name != kRecipePrefix && absl::ascii_isalpha(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-';
         });
}

std::string InputPath(const StageEntry& stage, int input) {
  return absl::StrCat(stage.name(), ".inputs[", input, "]");
}

void CheckName(const std::string& name, const SourceMap& sources,
               std::set<std::string>& seen, RecipeErrors& errors) {
  const SourceLocation location = sources.Nearest(name);
  if (!IsGoodName(name)) {
    errors.Add(location, name,
               "names are 1 to 64 letters, digits, '_' or '-', begin with a "
               "letter and are not 'recipe'");
  } else if (!seen.insert(name).second) {
    errors.Add(location, name, "a stage and a model have this name");
  }
}

void CheckNames(const Recipe& recipe, const SourceMap& sources,
                RecipeErrors& errors) {
  std::set<std::string> seen;
  for (const auto& model : recipe.models()) {
    CheckName(model.name(), sources, seen, errors);
  }
  for (const auto& stage : recipe.stages()) {
    CheckName(stage.name(), sources, seen, errors);
  }
}

// Every input names another stage or a model, once.
void CheckInputNames(const Recipe& recipe, const SourceMap& sources,
                     RecipeErrors& errors) {
  std::vector<std::string> known;
  for (const auto& stage : recipe.stages()) known.push_back(stage.name());
  for (const auto& model : recipe.models()) known.push_back(model.name());
  for (const auto& stage : recipe.stages()) {
    std::set<std::string> seen;
    for (int i = 0; i < stage.inputs_size(); ++i) {
      const std::string& input = stage.inputs(i);
      const std::string path = InputPath(stage, i);
      if (std::find(known.begin(), known.end(), input) == known.end()) {
        errors.Add(sources.Nearest(path), path,
                   absl::StrCat("no stage or model '", input, "'",
                                SuggestNames(input, known)));
      } else if (!seen.insert(input).second) {
        errors.Add(sources.Nearest(path), path,
                   absl::StrCat("'", input, "' is listed twice"));
      }
    }
  }
}

// Stages whose inputs are all done, round by round, in file order.
std::vector<int> Order(const Recipe& recipe, const SourceMap& sources,
                       RecipeErrors& errors) {
  std::vector<int> order;
  std::vector<bool> placed(static_cast<size_t>(recipe.stages_size()), false);
  const auto ready = [&](const StageEntry& stage) {
    return std::all_of(stage.inputs().begin(), stage.inputs().end(),
                       [&](const std::string& input) {
                         const int index = FindStage(recipe, input);
                         return index < 0 || placed[static_cast<size_t>(index)];
                       });
  };
  for (bool progress = true; progress;) {
    progress = false;
    for (int i = 0; i < recipe.stages_size(); ++i) {
      if (placed[static_cast<size_t>(i)] || !ready(recipe.stages(i))) continue;
      placed[static_cast<size_t>(i)] = true;
      order.push_back(i);
      progress = true;
      break;  // the earliest stage of the file first
    }
  }
  std::vector<std::string> left;
  for (int i = 0; i < recipe.stages_size(); ++i) {
    if (!placed[static_cast<size_t>(i)])
      left.push_back(recipe.stages(i).name());
  }
  if (!left.empty()) {
    const std::string path = absl::StrCat(left[0], ".inputs[0]");
    errors.Add(sources.Nearest(path), left[0],
               absl::StrCat("stages wait for each other in a circle: ",
                            absl::StrJoin(left, ", ")));
  }
  return order;
}

void CheckSlots(const StageEntry& stage, const StageKind& kind,
                const std::vector<Content>& contents, const SourceMap& sources,
                RecipeErrors& errors) {
  size_t input = 0;
  int at_least = 0;
  int at_most = 0;
  for (int i = 0; i < kind.num_slots(); ++i) {
    const InputSlot& slot = kind.slots[i];
    at_least += slot.at_least;
    at_most += slot.at_most;
    for (int taken = 0; taken < slot.at_most && input < contents.size();
         ++taken, ++input) {
      // Content that is unknown has been complained about already.
      if (contents[input] == kNoContent) continue;
      if ((contents[input] & slot.accepts) != 0) continue;
      const int number = static_cast<int>(input);
      const std::string path = InputPath(stage, number);
      errors.Add(sources.Nearest(path), path,
                 absl::StrCat("'", stage.inputs(number), "' holds ",
                              ContentNames(contents[input]), ", ", kind.name,
                              " needs ", ContentNames(slot.accepts),
                              " here; its inputs are: ", DescribeInputs(kind)));
    }
  }
  const int count = stage.inputs_size();
  if (count >= at_least && count <= at_most) return;
  errors.Add(sources.Nearest(absl::StrCat(stage.name(), ".inputs")),
             absl::StrCat(stage.name(), ".inputs"),
             absl::StrCat(count, " inputs, ", kind.name, " takes ",
                          DescribeInputs(kind)));
}

void CheckContents(const Recipe& recipe, const std::vector<int>& order,
                   const SourceMap& sources, RecipeErrors& errors) {
  std::vector<Content> produced(static_cast<size_t>(recipe.stages_size()),
                                kNoContent);
  for (const int index : order) {
    const StageEntry& stage = recipe.stages(index);
    const StageKind* kind = KindOf(stage);
    if (kind == nullptr) continue;
    std::vector<Content> contents;
    for (const std::string& input : stage.inputs()) {
      const int source = FindStage(recipe, input);
      const bool is_model = FindModel(recipe, input) >= 0;
      contents.push_back(source >= 0 ? produced[static_cast<size_t>(source)]
                         : is_model  ? kModelContent
                                     : kNoContent);
    }
    CheckSlots(stage, *kind, contents, sources, errors);
    produced[static_cast<size_t>(index)] = ProducedContent(stage, contents);
  }
}

void CheckKinds(const Recipe& recipe, const SourceMap& sources,
                RecipeErrors& errors) {
  for (const auto& stage : recipe.stages()) {
    if (FindStageKind(stage.options_case()) != nullptr) continue;
    std::vector<absl::string_view> kinds;
    for (const StageKind& kind : AllStageKinds()) kinds.push_back(kind.name);
    errors.Add(sources.Nearest(stage.name()), stage.name(),
               absl::StrCat("does not say what it does; add one of: ",
                            absl::StrJoin(kinds, ", ")));
  }
}

}  // namespace

std::vector<int> CheckGraph(const Recipe& recipe, const SourceMap& sources,
                            RecipeErrors& errors) {
  if (recipe.stages().empty()) {
    errors.Add(sources.Nearest(""), "", "the recipe has no stages");
  }
  CheckNames(recipe, sources, errors);
  CheckKinds(recipe, sources, errors);
  CheckInputNames(recipe, sources, errors);
  std::vector<int> order = Order(recipe, sources, errors);
  CheckContents(recipe, order, sources, errors);
  return order;
}

int FindStage(const Recipe& recipe, const std::string& name) {
  for (int i = 0; i < recipe.stages_size(); ++i) {
    if (recipe.stages(i).name() == name) return i;
  }
  return -1;
}

int FindModel(const Recipe& recipe, const std::string& name) {
  for (int i = 0; i < recipe.models_size(); ++i) {
    if (recipe.models(i).name() == name) return i;
  }
  return -1;
}

}  // namespace limbeck
