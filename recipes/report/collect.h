// The parts of CollectReportData, one function per kind of artefact.
#ifndef LIMBECK_RECIPES_REPORT_COLLECT_H_
#define LIMBECK_RECIPES_REPORT_COLLECT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/stages/artefact.h"
#include "recipes/recipe.pb.h"
#include "recipes/report/report_data.h"

namespace limbeck::report {

// One artefact and what the recipe says about it.
struct Place {
  std::string stage;
  std::string relative;  // directory, relative to the workspace
  Artefact artefact;
  const StageEntry* entry = nullptr;
  std::string model;  // the input that is a model; may be empty

  // Of one file in partition `partition`, relative to the workspace.
  std::string Source(absl::string_view file, int partition = 0) const;
  // Of a file in every partition.
  std::string SourceOfAll(absl::string_view file) const;
};

absl::StatusOr<Json> ReadJsonFile(const std::string& path);
// The member's number; `fallback` when there is none.
double NumberOr(const Json& object, absl::string_view key, double fallback);
// The member's integer; 0 when there is none that is at least 0.
uint64_t CountAt(const Json& object, absl::string_view key);

// Reads scores.json and the traces, and checks one against the other.
absl::Status CollectEvaluation(const Place& place, ReportData* data);
// Reads metrics.jsonl.
absl::Status CollectTraining(const Place& place, ReportData* data);
// Lengths of generated outputs; nothing when the traces carry no token ids.
absl::Status CollectGeneration(const Place& place, ReportData* data);
// Lengths of the outputs that were tokenized for training.
absl::Status CollectTokenized(const Place& place, ReportData* data);
// Data sets and licences of problems.
absl::Status CollectOrigin(const Place& place, ReportData* data);
// Reads comparison.json.
absl::Status CollectComparison(const Place& place, ReportData* data);
// Our verdicts against published labels, where they were compared.
absl::Status CollectAgreement(const Place& place, ReportData* data);
// Program and machine of every attempt in run.json. It is no part of the
// artefact: one that is absent or damaged leaves nothing to show.
void CollectBuilds(const std::string& stage, const std::string& directory,
                   ReportData* data);
// The first rejection of each reason.
absl::Status CollectRejections(const Place& place, ReportData* data);
// A JSON file of any partition, where it exists.
absl::Status CollectJson(const Place& place, absl::string_view name,
                         std::vector<std::pair<std::string, Json>>* out);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_COLLECT_H_
