#include "data/stages/verify.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/stages/agreement.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/trace_parts.h"
#include "data/verify/reward.h"
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

// The total, where there is one, then the terms.
void StoreRewards(const RewardSpec& spec, Verdict verdict, Trace& trace) {
  RewardInput input;
  input.output = trace.raw_output();
  if (trace.output_ids_size() > 0) input.num_tokens = trace.output_ids_size();
  input.verdict = verdict;
  const absl::StatusOr<RewardResult> result = ComputeReward(spec, input);
  LIMBECK_CHECK(result.ok());  // the options were resolved
  trace.clear_rewards();
  const auto add = [&](const std::string& name, std::optional<double> value) {
    if (!value) return;
    RewardValue* stored = trace.add_rewards();
    stored->set_name(name);
    stored->set_value(*value);
  };
  add("total", result->total);
  for (const RewardTermValue& term : result->terms) add(term.name, term.value);
}

}  // namespace

void VerifyTrace(Trace& trace, const VerifyOptions& options) {
  const OutputParts parts = PartsOf(trace);
  StoreParts(parts, trace);
  VerifyRequest request;
  request.gold = trace.problem().gold_answer();
  request.answer = AnswerText(trace, parts);
  request.kind = options.has_answer_kind() ? options.answer_kind()
                                           : trace.problem().answer_kind();
  request.options = trace.problem().answer_options();
  if (options.note_compat()) {
    request.mode = VerifyMode::kCompat;
    Verification compat = VerifyAnswer(request);
    *trace.add_verifications() = std::move(compat);
    request.mode = VerifyMode::kSound;
  }
  Verification verdict = VerifyAnswer(request);
  trace.set_extracted_answer(verdict.extracted());
  if (options.has_reward()) {
    StoreRewards(options.reward(), verdict.verdict(), trace);
  }
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
                                   VerifyTrace(trace, options);
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
