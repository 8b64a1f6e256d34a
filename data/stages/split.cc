#include "data/stages/split.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/record_id.h"
#include "data/stages/rejections.h"

namespace limbeck {
namespace {

template <typename Record>
absl::Status MapSplit(const SplitOptions& options, const StageRun& run,
                      const Artefact& input, const RecordMap& map) {
  return MapRecords<Record>(
      run, input, map,
      [&](Record& record, PartitionWriter& writer) -> absl::Status {
        const double position = SplitPosition(GroupId(record));
        if (position >= options.begin() && position < options.end()) {
          return Keep(record, writer);
        }
        Rejection rejection;
        rejection.set_reason(REJECTION_REASON_OUTSIDE_SPLIT);
        rejection.set_value(position);
        rejection.set_threshold(position < options.begin() ? options.begin()
                                                           : options.end());
        rejection.set_detail(absl::StrFormat("the split is [%g, %g)",
                                             options.begin(), options.end()));
        SetRejected(std::move(record), rejection);
        return writer.Reject(std::move(rejection));
      });
}

}  // namespace

absl::Status RunSplitStage(const SplitOptions& options, const StageRun& run) {
  if (run.inputs.size() != 1) return WrongNumberOfInputs(run, "one input");
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input, OpenInput(run.inputs[0]));
  LIMBECK_ASSIGN_OR_RETURN(const ItemKind kind, ItemKindOf(input));
  if (kind == ItemKind::kProblems) {
    return MapSplit<Problem>(options, run, input, ProblemsToProblems());
  }
  return MapSplit<Trace>(options, run, input, TracesToTraces(input));
}

}  // namespace limbeck
