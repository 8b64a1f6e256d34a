// What the data stages' artefacts say: lengths, origins, verdicts, rejections.
#include <map>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/input_records.h"
#include "eval/compare.h"
#include "recipes/report/collect.h"

namespace limbeck::report {
namespace {

// Calls body(record) for each record of `file` in all partitions.
template <typename Record>
absl::Status ForEachOf(const Place& place, absl::string_view file,
                       const std::function<void(const Record&)>& body) {
  for (int i = 0; i < place.artefact.num_partitions(); ++i) {
    LIMBECK_RETURN_IF_ERROR(ForEachRecord<Record>(
        place.artefact.Path(i, file), [&](Record& record) -> absl::Status {
          body(record);
          return absl::OkStatus();
        }));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CollectGeneration(const Place& place, ReportData* data) {
  if (!HoldsShard(place.artefact.manifest(), kTracesFile)) {
    return absl::OkStatus();
  }
  Outputs outputs;
  outputs.label = absl::StrCat(ReadableName(place.stage), ", as generated");
  outputs.model = place.model;
  outputs.source = place.SourceOfAll(kTracesFile);
  LIMBECK_RETURN_IF_ERROR(
      ForEachOf<Trace>(place, kTracesFile, [&](const Trace& trace) {
        if (trace.output_ids_size() == 0) return;
        outputs.tokens.push_back(trace.output_ids_size());
      }));
  if (!outputs.tokens.empty()) data->outputs.push_back(std::move(outputs));
  return absl::OkStatus();
}

absl::Status CollectTokenized(const Place& place, ReportData* data) {
  if (!HoldsShard(place.artefact.manifest(), kSamplesFile)) {
    return absl::OkStatus();
  }
  Outputs outputs;
  outputs.label = absl::StrCat(ReadableName(place.stage), ", as trained");
  outputs.source = place.SourceOfAll(kSamplesFile);
  LIMBECK_RETURN_IF_ERROR(ForEachOf<TokenizedSample>(
      place, kSamplesFile, [&](const TokenizedSample& sample) {
        outputs.tokens.push_back(static_cast<double>(sample.ids_size()) -
                                 static_cast<double>(sample.output_start()));
      }));
  if (!outputs.tokens.empty()) data->outputs.push_back(std::move(outputs));
  return absl::OkStatus();
}

absl::Status CollectOrigin(const Place& place, ReportData* data) {
  if (!HoldsShard(place.artefact.manifest(), kProblemsFile)) {
    return absl::OkStatus();
  }
  Origin origin;
  origin.stage = place.stage;
  origin.source = place.SourceOfAll(kProblemsFile);
  LIMBECK_RETURN_IF_ERROR(
      ForEachOf<Problem>(place, kProblemsFile, [&](const Problem& problem) {
        const Source& source = problem.source();
        ++origin.problems[{source.dataset(), source.split(), source.licence()}];
      }));
  data->origins.push_back(std::move(origin));
  return absl::OkStatus();
}

absl::Status CollectAgreement(const Place& place, ReportData* data) {
  if (place.entry->verify().compare_with().empty()) return absl::OkStatus();
  Agreement agreement;
  agreement.stage = place.stage;
  agreement.source = place.SourceOfAll(kAgreementFile);
  LIMBECK_ASSIGN_OR_RETURN(agreement.table, ReadAgreement(place.artefact));
  data->agreements.push_back(std::move(agreement));
  return absl::OkStatus();
}

absl::Status CollectComparison(const Place& place, ReportData* data) {
  std::vector<std::pair<std::string, Json>> files;
  LIMBECK_RETURN_IF_ERROR(CollectJson(place, kComparisonFile, &files));
  for (auto& [source, json] : files) {
    ComparisonFile file = {source, std::move(json)};
    if (place.entry->compare().has_confidence()) {
      file.confidence = place.entry->compare().confidence();
    }
    data->comparisons.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::Status CollectRejections(const Place& place, ReportData* data) {
  if (place.artefact.manifest().counts().rejected() == 0) {
    return absl::OkStatus();
  }
  std::map<int, RejectionExample> first;
  for (int i = 0; i < place.artefact.num_partitions(); ++i) {
    const std::string path = place.artefact.Path(i, kRejectsFile);
    if (!FileExists(path)) continue;
    LIMBECK_RETURN_IF_ERROR(ForEachRecord<Rejection>(
        path, [&](Rejection& rejection) -> absl::Status {
          const int reason = rejection.reason();
          if (first.count(reason) > 0) return absl::OkStatus();
          first[reason] = {place.stage, place.Source(kRejectsFile, i),
                           std::move(rejection)};
          return absl::OkStatus();
        }));
  }
  for (auto& [reason, example] : first) {
    data->rejections.push_back(std::move(example));
  }
  return absl::OkStatus();
}

absl::Status CollectJson(const Place& place, absl::string_view name,
                         std::vector<std::pair<std::string, Json>>* out) {
  for (int i = 0; i < place.artefact.num_partitions(); ++i) {
    const std::string path = place.artefact.Path(i, name);
    if (!FileExists(path)) continue;
    LIMBECK_ASSIGN_OR_RETURN(Json json, ReadJsonFile(path));
    out->emplace_back(place.Source(name, i), std::move(json));
  }
  return absl::OkStatus();
}

}  // namespace limbeck::report
