#include "recipes/run/recipe_resolve.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "recipes/language/recipe_graph.h"
#include "recipes/language/recipe_paths.h"
#include "recipes/language/stage_kinds.h"
#include "recipes/run/stage_registry.h"

namespace limbeck {
namespace {

constexpr int kMaxThreads = 4096;

// Whether "learning_rate.peak" leads to a field of the message type.
bool IsFieldPath(const google::protobuf::Descriptor* type,
                 absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    if (type == nullptr) return false;
    const auto* field = type->FindFieldByName(std::string(part));
    if (field == nullptr) return false;
    type = field->message_type();
  }
  return true;
}

// Rooms name the field in their message, some with the type in front
// ("PackOptions.bin_tokens is 0"): the first word that is a field.
std::string FieldInMessage(const google::protobuf::Descriptor& type,
                           absl::string_view message) {
  const auto is_part = [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.';
  };
  for (size_t at = 0; at < message.size();) {
    size_t end = at;
    while (end < message.size() && is_part(message[end])) ++end;
    absl::string_view word = message.substr(at, end - at);
    at = end + 1;
    absl::ConsumePrefix(&word, absl::StrCat(type.name(), "."));
    while (absl::ConsumeSuffix(&word, ".")) {
    }
    if (!word.empty() && IsFieldPath(&type, word)) return std::string(word);
  }
  return "";
}

// What a local teacher writes is under the terms of its model's entry, unless
// the stage states others.
void TakeTeacherLicence(const Recipe& recipe, StageEntry* stage) {
  if (!stage->has_generate()) return;
  const GenerateOptions& options = stage->generate();
  const bool local = !options.has_teacher() ||
                     options.teacher() == GenerateOptions::KIND_LOCAL;
  if (!local || options.has_teacher_licence()) return;
  for (const std::string& input : stage->inputs()) {
    const int model = FindModel(recipe, input);
    if (model < 0 || !recipe.models(model).has_licence()) continue;
    stage->mutable_generate()->set_teacher_licence(
        recipe.models(model).licence());
  }
}

void ResolveStages(Recipe* recipe, const SourceMap& sources,
                   RecipeErrors& errors) {
  for (StageEntry& stage : *recipe->mutable_stages()) {
    const google::protobuf::Message* options = StageOptions(stage);
    if (options == nullptr) continue;  // CheckGraph complains
    TakeTeacherLicence(*recipe, &stage);
    absl::StatusOr<StageEntry> resolved = ResolveStage(stage);
    if (resolved.ok()) {
      stage = *std::move(resolved);
      continue;
    }
    const std::string field =
        FieldInMessage(*options->GetDescriptor(), resolved.status().message());
    const std::string path =
        field.empty() ? stage.name() : absl::StrCat(stage.name(), ".", field);
    errors.Add(sources.Nearest(path), path, resolved.status().message());
  }
}

// Inputs that a training stage's options name must be among its inputs.
void CheckTrainInputs(const Recipe& recipe, const SourceMap& sources,
                      RecipeErrors& errors) {
  for (const StageEntry& stage : recipe.stages()) {
    if (!stage.has_train()) continue;
    const std::vector<std::string> inputs(stage.inputs().begin(),
                                          stage.inputs().end());
    const TrainOptions& train = stage.train();
    const std::pair<const char*, const std::string&> kNamed[] = {
        {"initial_model_input", train.initial_model_input()},
        {"evaluation_input", train.evaluation_input()},
        {"teacher_input", train.teacher_input()},
        {"tokenizer_input", train.tokenizer_input()}};
    for (const auto& [field, value] : kNamed) {
      if (value.empty() ||
          std::count(inputs.begin(), inputs.end(), value) > 0) {
        continue;
      }
      const std::string path = absl::StrCat(stage.name(), ".", field);
      errors.Add(sources.Nearest(path), path,
                 absl::StrCat("'", value, "' is none of the stage's inputs",
                              SuggestNames(value, inputs)));
    }
  }
}

// Top-k distillation reads what pack stores beside the bins, and pack has it
// from its second input.
void CheckSignals(const Recipe& recipe, const SourceMap& sources,
                  RecipeErrors& errors) {
  for (const StageEntry& stage : recipe.stages()) {
    if (!stage.has_train() || stage.inputs().empty() ||
        stage.train().objective().kind() !=
            ObjectiveOptions::KIND_TOPK_DISTILLATION) {
      continue;
    }
    const int bins = FindStage(recipe, stage.inputs(0));
    if (bins < 0 || !recipe.stages(bins).has_pack() ||
        recipe.stages(bins).inputs_size() > 1) {
      continue;
    }
    const std::string path = absl::StrCat(stage.name(), ".objective.kind");
    errors.Add(sources.Nearest(path), path,
               absl::StrCat("needs teacher signals beside the bins; give '",
                            stage.inputs(0),
                            "' a second input: a generate stage with "
                            "capture_top_k or a score stage"));
  }
}

void CheckReport(const Recipe& recipe, const SourceMap& sources,
                 RecipeErrors& errors) {
  std::vector<std::string> known;
  for (const StageEntry& stage : recipe.stages()) {
    if (stage.has_evaluate()) known.push_back(stage.name());
  }
  for (int i = 0; i < recipe.report().evaluations_size(); ++i) {
    const std::string& name = recipe.report().evaluations(i);
    if (std::count(known.begin(), known.end(), name) > 0) continue;
    const std::string path =
        absl::StrCat(kRecipePrefix, ".report.evaluations[", i, "]");
    errors.Add(
        sources.Nearest(path), path,
        absl::StrCat("no evaluation '", name, "'", SuggestNames(name, known)));
  }
}

// The name becomes a folder below workspace/.
void CheckRecipeName(const Recipe& recipe, const SourceMap& sources,
                     RecipeErrors& errors) {
  const std::string& name = recipe.name();
  const bool bad = std::any_of(name.begin(), name.end(), [](char c) {
    return c == '/' || absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (!bad && (name.empty() || name[0] != '.')) return;
  const std::string path = absl::StrCat(kRecipePrefix, ".name");
  errors.Add(sources.Nearest(path), path,
             absl::StrCat("is '", absl::Utf8SafeCHexEscape(name),
                          "'; it names the workspace's folder: no '/', no "
                          "control characters and no '.' in front"));
}

void CheckNumbers(const Recipe& recipe, const SourceMap& sources,
                  RecipeErrors& errors) {
  const std::string prefix = absl::StrCat(kRecipePrefix, ".");
  if (recipe.threads() < 0 || recipe.threads() > kMaxThreads) {
    const std::string path = absl::StrCat(prefix, "threads");
    errors.Add(sources.Nearest(path), path,
               absl::StrCat("is ", recipe.threads(), ", allowed is 0 to ",
                            kMaxThreads));
  }
  const ReportOptions& report = recipe.report();
  const std::pair<const char*, double> kPrices[] = {
      {"price_per_cpu_hour", report.price_per_cpu_hour()},
      {"price_per_gpu_hour", report.price_per_gpu_hour()},
      {"price_per_kilowatt_hour", report.price_per_kilowatt_hour()}};
  for (const auto& [field, price] : kPrices) {
    if (price >= 0 && price < 1e9) continue;  // refuses NaN as well
    const std::string path = absl::StrCat(prefix, "report.", field);
    errors.Add(sources.Nearest(path), path,
               absl::StrCat("is ", price, ", allowed is 0 to 1e9"));
  }
}

}  // namespace

absl::StatusOr<ResolvedRecipe> ResolveRecipe(const RecipeSource& source) {
  ResolvedRecipe resolved;
  resolved.recipe = source.recipe;
  resolved.sources = source.sources;
  RecipeErrors errors;
  CheckRecipeName(source.recipe, source.sources, errors);
  CheckNumbers(source.recipe, source.sources, errors);
  resolved.order = CheckGraph(source.recipe, source.sources, errors);
  ResolveStages(&resolved.recipe, source.sources, errors);
  CheckTrainInputs(source.recipe, source.sources, errors);
  CheckSignals(source.recipe, source.sources, errors);
  CheckReport(source.recipe, source.sources, errors);
  CheckPaths(source, errors);
  absl::Status status = errors.ToStatus();
  if (!status.ok()) return status;
  return resolved;
}

}  // namespace limbeck
