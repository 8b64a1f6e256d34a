// See sample_outcome.h.
#include "teacher/sample_outcome.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/stages/record_id.h"
#include "data/stages/trace_parts.h"
#include "data/text/reasoning_format.h"
#include "teacher/sampling.h"
#include "teacher/signal_records.h"

namespace limbeck {
namespace {

RejectionReason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:
      return REJECTION_REASON_PROMPT_TOO_LONG;
    case absl::StatusCode::kNotFound:
      return REJECTION_REASON_NO_RECORDED_TRACE;
    default:
      return REJECTION_REASON_TEACHER_ERROR;
  }
}

void FillOutput(SampleResult result, Trace& trace) {
  trace.set_finish_reason(result.finish_reason);
  trace.set_raw_output(std::move(result.text));
  trace.mutable_prompt_ids()->Add(result.prompt_ids.begin(),
                                  result.prompt_ids.end());
  trace.mutable_output_ids()->Add(result.output_ids.begin(),
                                  result.output_ids.end());
  trace.mutable_output_logprobs()->Add(result.output_logprobs.begin(),
                                       result.output_logprobs.end());
  if (!SamplesModelItself(trace.sampling())) {
    trace.mutable_sampling_logprobs()->Add(result.sampling_logprobs.begin(),
                                           result.sampling_logprobs.end());
  }
  // The usual prefix is not stored.
  if (result.turn_prefix &&
      *result.turn_prefix != absl::StrCat(kThinkOpenTag, "\n")) {
    trace.set_turn_prefix(*std::move(result.turn_prefix));
  }
  for (Verification& verification : result.verifications) {
    *trace.add_verifications() = std::move(verification);
  }
}

}  // namespace

GeneratedSample MakeOutcome(const SampleRequest& request,
                            const Teacher& answered_by, int64_t max_context,
                            SampleResult result) {
  GeneratedSample outcome;
  outcome.set_problem_id(request.problem.id());
  outcome.set_sample_index(request.sampling.sample_index());
  Trace trace;
  *trace.mutable_problem() = request.problem;
  *trace.mutable_teacher() = result.teacher.value_or(answered_by);
  *trace.mutable_sampling() = request.sampling;
  trace.set_id(TraceId(trace));
  if (!result.status.ok()) {
    Rejection& rejection = *outcome.mutable_rejection();
    rejection.set_reason(ReasonOf(result.status));
    rejection.set_detail(std::string(result.status.message()));
    if (rejection.reason() == REJECTION_REASON_PROMPT_TOO_LONG) {
      rejection.set_value(static_cast<double>(result.prompt_ids.size()));
      rejection.set_threshold(static_cast<double>(max_context));
    }
    trace.set_finish_reason(FINISH_REASON_ERROR);
    *rejection.mutable_trace() = std::move(trace);
    return outcome;
  }
  SetSignalKeys(trace.id(), absl::MakeSpan(result.signals));
  for (TeacherSignal& signal : result.signals) {
    *outcome.add_signals() = std::move(signal);
  }
  FillOutput(std::move(result), trace);
  StoreParts(SplitOutput(trace.raw_output(), ThoughtStateOf(trace)), trace);
  *outcome.mutable_trace() = std::move(trace);
  return outcome;
}

}  // namespace limbeck
