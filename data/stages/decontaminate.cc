#include "data/stages/decontaminate.h"

#include <optional>
#include <string>
#include <utility>

#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/ngram_index.h"
#include "data/stages/record_id.h"
#include "data/stages/rejections.h"

namespace limbeck {
namespace {

const Problem& ProblemOf(const Problem& problem) { return problem; }
const Problem& ProblemOf(const Trace& trace) { return trace.problem(); }

template <typename Record>
absl::Status AddShards(const Artefact& artefact, absl::string_view file,
                       NgramIndex& index) {
  for (int part = 0; part < artefact.num_partitions(); ++part) {
    std::string previous;  // traces of one problem stand together
    LIMBECK_RETURN_IF_ERROR(ForEachRecord<Record>(
        artefact.Path(part, file), [&](Record& record) -> absl::Status {
          const Problem& problem = ProblemOf(record);
          if (problem.id() == previous) return absl::OkStatus();
          previous = problem.id();
          index.Add(QuestionText(problem), problem.id());
          return absl::OkStatus();
        }));
  }
  return absl::OkStatus();
}

absl::Status AddReference(const StageInput& input, NgramIndex& index) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact, OpenInput(input));
  LIMBECK_ASSIGN_OR_RETURN(const ItemKind kind, ItemKindOf(artefact));
  if (kind == ItemKind::kProblems) {
    return AddShards<Problem>(artefact, kProblemsFile, index);
  }
  return AddShards<Trace>(artefact, kTracesFile, index);
}

template <typename Record>
absl::Status MapClean(const StageRun& run, const Artefact& input,
                      const RecordMap& map, const NgramIndex& index) {
  return MapRecords<Record>(
      run, input, map,
      [&](Record& record, PartitionWriter& writer) -> absl::Status {
        std::optional<NgramMatch> match =
            index.Find(QuestionText(ProblemOf(record)));
        if (!match) {
          return Keep(record, writer);
        }
        Rejection rejection = MakeRejection(
            REJECTION_REASON_CONTAMINATED,
            static_cast<double>(match->shared_ngrams), 0, "shared n-grams");
        *rejection.mutable_span() = match->first;
        rejection.set_other_id(std::move(match->problem_id));
        SetRejected(std::move(record), rejection);
        return writer.Reject(std::move(rejection));
      });
}

}  // namespace

absl::Status RunDecontaminateStage(const DecontaminateOptions& options,
                                   const StageRun& run) {
  if (run.inputs.size() < 2) {
    return WrongNumberOfInputs(run, "an input and at least one reference");
  }
  NgramIndex index(options.ngram());
  for (size_t i = 1; i < run.inputs.size(); ++i) {
    LIMBECK_RETURN_IF_ERROR(AddReference(run.inputs[i], index));
  }
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input, OpenInput(run.inputs[0]));
  LIMBECK_ASSIGN_OR_RETURN(const ItemKind kind, ItemKindOf(input));
  if (kind == ItemKind::kProblems) {
    return MapClean<Problem>(run, input, ProblemsToProblems(), index);
  }
  return MapClean<Trace>(run, input, TracesToTraces(input), index);
}

}  // namespace limbeck
