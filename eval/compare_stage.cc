// See compare_stage.h.
#include "eval/compare_stage.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "eval/compare.h"
#include "eval/score_json.h"

namespace limbeck {
namespace {

absl::StatusOr<std::vector<BenchmarkScores>> ReadInput(
    const StageInput& input) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact, OpenInput(input));
  const std::string path = artefact.Path(0, kScoresFile);
  if (!FileExists(path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "input '", input.name, "' is no evaluation: ", input.directory,
        " has no ", kScoresFile));
  }
  return ReadScores(path);
}

absl::StatusOr<std::vector<BenchmarkComparison>> CompareAll(
    const CompareOptions& options, const StageRun& run) {
  PairedOptions paired;
  paired.confidence = options.confidence();
  paired.permutations = options.permutations();
  paired.seed = run.identity.seed;
  std::vector<BenchmarkComparison> all;
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<BenchmarkScores> first,
                           ReadInput(run.inputs[0]));
  for (size_t i = 1; i < run.inputs.size(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<BenchmarkScores> other,
                             ReadInput(run.inputs[i]));
    auto comparisons = CompareScores(first, other, paired);
    if (!comparisons.ok()) {
      return absl::Status(comparisons.status().code(),
                          absl::StrCat("'", run.inputs[0].name, "' against '",
                                       run.inputs[i].name,
                                       "': ", comparisons.status().message()));
    }
    for (BenchmarkComparison& comparison : *comparisons) {
      comparison.model_a = run.inputs[0].name;
      comparison.model_b = run.inputs[i].name;
      all.push_back(std::move(comparison));
    }
  }
  AdjustPValues(&all);
  return all;
}

}  // namespace

absl::Status RunCompareStage(const CompareOptions& options,
                             const StageRun& run) {
  if (run.inputs.size() < 2) {
    return WrongNumberOfInputs(run, "two or more evaluations");
  }
  if (run.context.cancelled()) {
    return absl::CancelledError(
        absl::StrCat("stage '", run.identity.name, "' stopped"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<BenchmarkComparison> comparisons,
                           CompareAll(options, run));
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<PartitionWriter> writer,
                           PartitionWriter::Create(run, 0, 1));
  writer->set_unit("comparisons");
  writer->CountIn(comparisons.size());
  writer->CountOut(comparisons.size());
  const std::string name(kComparisonFile);
  LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
      JoinPath(writer->directory(), name),
      absl::StrCat(WriteJsonIndented(ComparisonsToJson(comparisons)), "\n")));
  LIMBECK_RETURN_IF_ERROR(writer->AddFile(name));
  return writer->Commit();
}

}  // namespace limbeck
