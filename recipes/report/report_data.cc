#include "recipes/report/report_data.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/pack.h"
#include "data/stages/recount.h"
#include "recipes/report/collect.h"
#include "recipes/report/svg.h"

namespace limbeck::report {
namespace {

const StageEntry* FindEntry(const Recipe& recipe, absl::string_view name) {
  for (const StageEntry& entry : recipe.stages()) {
    if (entry.name() == name) return &entry;
  }
  return nullptr;
}

const ModelEntry* FindModelEntry(const Recipe& recipe, absl::string_view name) {
  for (const ModelEntry& entry : recipe.models()) {
    if (entry.name() == name) return &entry;
  }
  return nullptr;
}

// The first input that is a model: a folder of the recipe or a training.
std::string ModelInputOf(const Recipe& recipe, const StageEntry& entry) {
  for (const std::string& input : entry.inputs()) {
    if (FindModelEntry(recipe, input) != nullptr) return input;
    const StageEntry* stage = FindEntry(recipe, input);
    if (stage != nullptr && stage->has_train()) return input;
  }
  return "";
}

absl::Status CollectKind(const Place& place, ReportData* data) {
  switch (place.entry->options_case()) {
    case StageEntry::kEvaluate:
      return CollectEvaluation(place, data);
    case StageEntry::kTrain:
      return CollectTraining(place, data);
    case StageEntry::kGenerate:
      return CollectGeneration(place, data);
    case StageEntry::kTokenize:
      return CollectTokenized(place, data);
    case StageEntry::kArithmeticProblems:
    case StageEntry::kIngest:
      return CollectOrigin(place, data);
    case StageEntry::kCompare:
      return CollectComparison(place, data);
    case StageEntry::kPack:
      return CollectJson(place, kPackingFile, &data->packings);
    case StageEntry::kVerify:
      return CollectAgreement(place, data);
    default:
      return absl::OkStatus();
  }
}

absl::Status CollectArtefact(const ReportRequest& request,
                             const std::string& name,
                             const std::string& directory, ReportData* data) {
  Place place;
  place.stage = name;
  place.relative = BaseName(directory);
  place.entry = FindEntry(request.recipe, name);
  if (place.entry == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "artefact ", directory, " is of stage '", name, "', which recipe '",
        request.recipe.name(), "' does not have"));
  }
  place.model = ModelInputOf(request.recipe, *place.entry);
  LIMBECK_ASSIGN_OR_RETURN(place.artefact, Artefact::Open(directory));
  LIMBECK_RETURN_IF_ERROR(CheckCounts(directory));
  const Manifest& manifest = place.artefact.manifest();
  data->stages.push_back(
      {name,
       manifest.stage_kind(),
       place.relative,
       {place.entry->inputs().begin(), place.entry->inputs().end()},
       manifest});
  CollectBuilds(name, directory, data);
  LIMBECK_RETURN_IF_ERROR(CollectRejections(place, data));
  LIMBECK_RETURN_IF_ERROR(CollectKind(place, data));
  if (!place.entry->has_train()) return absl::OkStatus();
  ModelFacts facts;
  facts.name = name;
  const std::string parent = place.model;
  facts.origin =
      parent.empty() ? "trained from random weights" : TrainedFrom(parent);
  facts.tokenizer_fingerprint = manifest.tokenizer_fingerprint();
  facts.source = place.Source(kCheckpointFolder);
  LIMBECK_RETURN_IF_ERROR(
      ReadCheckpointFacts(place.artefact.Path(0, kCheckpointFolder), &facts));
  data->models.push_back(std::move(facts));
  return absl::OkStatus();
}

absl::Status CollectGivenModels(const Recipe& recipe, ReportData* data) {
  std::vector<ModelFacts> given;
  for (const ModelEntry& entry : recipe.models()) {
    ModelFacts facts;
    facts.name = entry.name();
    facts.origin = kGivenOrigin;
    facts.source = absl::StrCat("model:", entry.name());
    LIMBECK_RETURN_IF_ERROR(ReadCheckpointFacts(entry.path(), &facts));
    given.push_back(std::move(facts));
  }
  data->models.insert(data->models.begin(),
                      std::make_move_iterator(given.begin()),
                      std::make_move_iterator(given.end()));
  return absl::OkStatus();
}

// Evaluations in the order that the recipe's report asks for.
void SortEvaluations(const ReportOptions& options, ReportData* data) {
  const auto rank = [&](const Evaluation& evaluation) {
    const auto& wanted = options.evaluations();
    return std::find(wanted.begin(), wanted.end(), evaluation.stage) -
           wanted.begin();
  };
  std::stable_sort(data->evaluations.begin(), data->evaluations.end(),
                   [&](const Evaluation& a, const Evaluation& b) {
                     return rank(a) < rank(b);
                   });
}

// A model has one colour on every chart, in the order of the evaluations; one
// that was evaluated twice on the same benchmark has one per evaluation.
void AssignColours(ReportData* data) {
  std::map<std::pair<std::string, std::string>, int> evaluated;
  for (const Evaluation& one : data->evaluations) {
    ++evaluated[{one.model, one.benchmark}];
  }
  std::map<std::string, int> colours;
  int next = 0;
  const auto colour_of = [&](const std::string& name) {
    const auto [at, is_new] = colours.emplace(name, next);
    if (is_new) ++next;
    return at->second;
  };
  for (Evaluation& one : data->evaluations) {
    const bool unique =
        !one.model.empty() && evaluated[{one.model, one.benchmark}] == 1;
    const std::string& name = unique ? one.model : one.stage;
    one.label = ReadableName(name);
    one.colour = colour_of(name);
    colours.emplace(one.model, one.colour);
  }
  for (Training& one : data->trainings) one.colour = colour_of(one.stage);
  for (Outputs& one : data->outputs) {
    one.colour = one.model.empty() ? kNeutralColour : colour_of(one.model);
  }
  for (ModelFacts& one : data->models) one.colour = colour_of(one.name);
}

bool TakesModel(const StageEntry& entry, absl::string_view model) {
  return std::count(entry.inputs().begin(), entry.inputs().end(), model) > 0;
}

// Whoever generates or scores what others are trained on is a teacher, whoever
// was trained is a student; a trained one that teaches stays a student.
std::string RoleOf(const Recipe& recipe, const std::string& model) {
  const StageEntry* own = FindEntry(recipe, model);
  if (own != nullptr && own->has_train()) return "student";
  for (const StageEntry& entry : recipe.stages()) {
    if ((entry.has_generate() || entry.has_score()) &&
        TakesModel(entry, model)) {
      return "teacher";
    }
  }
  return "";
}

void NameModels(const Recipe& recipe, ReportData* data) {
  for (Evaluation& one : data->evaluations) {
    one.role = RoleOf(recipe, one.model);
    one.model_names.push_back(one.model);
    const ModelEntry* given = FindModelEntry(recipe, one.model);
    if (given != nullptr) one.model_names.push_back(BaseName(given->path()));
  }
}

// Of a stage that tokenizes with the model's own tokenizer.
std::string TokenizerOf(const std::string& model, const ReportData& data) {
  for (const StageCounts& stage : data.stages) {
    const bool uses_it = stage.kind == "tokenize" || stage.kind == "generate" ||
                         stage.kind == "evaluate";
    if (uses_it &&
        std::count(stage.inputs.begin(), stage.inputs.end(), model)) {
      return stage.manifest.tokenizer_fingerprint();
    }
  }
  return "";
}

void CompleteModels(const Recipe& recipe, ReportData* data) {
  for (ModelFacts& facts : data->models) {
    facts.label = ReadableName(facts.name);
    facts.licences = LicencesOf(recipe, facts.name);
    if (facts.tokenizer_fingerprint.empty()) {
      facts.tokenizer_fingerprint = TokenizerOf(facts.name, *data);
    }
  }
}

}  // namespace

std::string Place::Source(absl::string_view file, int partition) const {
  return absl::StrCat(relative, "/", PartitionName(partition), "/", file);
}

std::string Place::SourceOfAll(absl::string_view file) const {
  if (artefact.num_partitions() == 1) return Source(file);
  return absl::StrCat(relative, "/part-*/", file);
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  absl::StatusOr<Json> json = ParseJson(text);
  if (json.ok()) return json;
  return absl::DataLossError(absl::StrCat(path, ": ", json.status().message()));
}

double NumberOr(const Json& object, absl::string_view key, double fallback) {
  const Json* value = object.Find(key);
  return value != nullptr && value->is_number() ? value->number() : fallback;
}

uint64_t CountAt(const Json& object, absl::string_view key) {
  const Json* value = object.Find(key);
  const bool is_count =
      value != nullptr && value->is_integer() &&
      !(value->kind() == Json::Kind::kInt && value->integer() < 0);
  return is_count ? value->unsigned_integer() : 0;
}

const Evaluation* ReportData::FindEvaluation(absl::string_view stage) const {
  for (const Evaluation& evaluation : evaluations) {
    if (evaluation.stage == stage) return &evaluation;
  }
  return nullptr;
}

const ModelFacts* ReportData::FindModel(absl::string_view name) const {
  for (const ModelFacts& facts : models) {
    if (facts.name == name) return &facts;
  }
  return nullptr;
}

std::string ReadableName(absl::string_view stage) {
  return absl::StrReplaceAll(absl::StripSuffix(stage, "_scores"), {{"_", " "}});
}

absl::StatusOr<ReportData> CollectReportData(const ReportRequest& request) {
  ReportData data;
  data.overrides = request.overrides;
  for (const auto& [name, directory] : request.artefacts) {
    LIMBECK_RETURN_IF_ERROR(CollectArtefact(request, name, directory, &data));
  }
  LIMBECK_RETURN_IF_ERROR(CollectGivenModels(request.recipe, &data));
  SortEvaluations(request.recipe.report(), &data);
  AssignColours(&data);
  NameModels(request.recipe, &data);
  CompleteModels(request.recipe, &data);
  if (FileExists(request.ledger_path)) {
    LIMBECK_ASSIGN_OR_RETURN(data.ledger, ReadJsonFile(request.ledger_path));
  }
  return data;
}

}  // namespace limbeck::report
