#include "data/stages/filter.h"

#include <optional>
#include <utility>

#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/filter_rules.h"
#include "data/stages/input_records.h"
#include "data/stages/rejections.h"

namespace limbeck {

absl::Status RunFilterStage(const FilterOptions& options, const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input,
                           OpenInputWith(run, kTracesFile));
  const RecordMap map = TracesToTraces(input);
  return MapRecords<Trace>(
      run, input, map,
      [&](Trace& trace, PartitionWriter& writer) -> absl::Status {
        std::optional<Rejection> breach = FindBreach(trace, options);
        if (breach) {
          SetRejected(std::move(trace), *breach);
          return writer.Reject(*std::move(breach));
        }
        return Keep(trace, writer);
      });
}

}  // namespace limbeck
