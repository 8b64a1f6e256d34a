#include "data/stages/verify.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/stages/agreement.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/trace_parts.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

absl::Status WriteAgreement(const AgreementTable& table,
                            PartitionWriter& writer) {
  const std::string path = JoinPath(writer.directory(), kAgreementFile);
  LIMBECK_RETURN_IF_ERROR(
      WriteFileAtomically(path, WriteJsonIndented(AgreementToJson(table))));
  return writer.AddFile(std::string(kAgreementFile));
}

}  // namespace

void VerifyTrace(Trace& trace) {
  const OutputParts parts = PartsOf(trace);
  StoreParts(parts, trace);
  Verification verdict =
      VerifyAnswer(trace.problem().gold_answer(), AnswerText(trace, parts),
                   trace.problem().answer_kind());
  trace.set_extracted_answer(verdict.extracted());
  *trace.add_verifications() = std::move(verdict);
}

absl::Status RunVerifyStage(const VerifyOptions& options, const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input,
                           OpenInputWith(run, kTracesFile));
  const std::string& method = options.compare_with();
  StageProgress progress(run.context, run.identity.kind,
                         NumRecords(input.manifest(), kTracesFile), "traces");
  return MapPartitions(
      run, input.num_partitions(),
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        AgreementTable table;
        table.compared_with = method;
        LIMBECK_RETURN_IF_ERROR(TouchOutput(TracesToTraces(input), writer));
        LIMBECK_RETURN_IF_ERROR(
            ForEachRecord<Trace>(input.Path(partition, kTracesFile),
                                 [&](Trace& trace) -> absl::Status {
                                   VerifyTrace(trace);
                                   if (!method.empty())
                                     AddToAgreement(trace, table);
                                   progress.Add(1);
                                   writer.CountIn();
                                   return Keep(trace, writer);
                                 }));
        return method.empty() ? absl::OkStatus()
                              : WriteAgreement(table, writer);
      });
}

}  // namespace limbeck
