#include "data/stages/tokenize_trace.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/stages/record_id.h"
#include "data/stages/rejections.h"
#include "data/stages/trace_parts.h"
#include "data/text/reasoning_format.h"

namespace limbeck {
namespace {

bool WasCutOff(const Trace& trace) {
  switch (trace.finish_reason()) {
    case FINISH_REASON_LENGTH:
    case FINISH_REASON_CANCELLED:
    case FINISH_REASON_ERROR:
      return true;
    default:
      return false;
  }
}

TokenizedTrace Rejected(Rejection rejection) {
  TokenizedTrace result;
  result.rejection = std::move(rejection);
  return result;
}

TokenizedTrace MakeSample(const Trace& trace,
                          const std::vector<uint32_t>& prompt,
                          const std::vector<uint32_t>& output,
                          uint32_t loss_start) {
  TokenizedTrace result;
  TokenizedSample& sample = result.sample;
  sample.set_trace_id(trace.id());
  sample.set_problem_id(trace.problem().id());
  sample.mutable_ids()->Add(prompt.begin(), prompt.end());
  sample.mutable_ids()->Add(output.begin(), output.end());
  LossRun* run = sample.add_loss_runs();
  run->set_start(loss_start);
  run->set_length(static_cast<uint32_t>(sample.ids_size()) - loss_start);
  sample.set_weight(1.0f);
  sample.set_output_start(static_cast<uint32_t>(prompt.size()));
  sample.set_token_ids_hash(TokenIdsHash(prompt, output));
  return result;
}

}  // namespace

absl::StatusOr<TraceTokenizer> TraceTokenizer::Create(
    std::shared_ptr<const Tokenizer> tokenizer, TokenizeOptions resolved) {
  const int32_t end_id = tokenizer->IdOf(kEndTag);
  if (end_id < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("tokenizer ", tokenizer->fingerprint(), " has no token ",
                     kEndTag, ", which the reasoning format needs"));
  }
  return TraceTokenizer(std::move(tokenizer), std::move(resolved),
                        static_cast<uint32_t>(end_id));
}

absl::StatusOr<TraceTokenizer::Ids> TraceTokenizer::Encode(
    absl::string_view text, const Trace& trace) const {
  const auto ids = tokenizer_->Encode(text);
  if (ids.ok()) return Ids(ids->begin(), ids->end());
  const Source& source = trace.problem().source();
  return absl::Status(
      ids.status().code(),
      absl::StrCat("trace ", ToHex(trace.id()), " (", source.dataset(),
                   ", row ", source.row(), "): ", ids.status().message()));
}

bool TraceTokenizer::HasCapturedIds(const Trace& trace) const {
  return options_.use_captured_ids() && !trace.output_ids().empty() &&
         !trace.prompt_ids().empty();
}

absl::Status TraceTokenizer::CheckCapturedIds(const Trace& trace) const {
  const std::string& captured = trace.teacher().tokenizer_fingerprint();
  if (captured != tokenizer_->fingerprint()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "trace ", ToHex(trace.id()), " of teacher '", trace.teacher().name(),
        "' has ids of tokenizer ", captured, ", the tokenizer given is ",
        tokenizer_->fingerprint(),
        "; give the teacher's, or set use_captured_ids: false to encode the "
        "text anew"));
  }
  const uint32_t vocab_size = static_cast<uint32_t>(tokenizer_->vocab_size());
  for (const auto* ids : {&trace.prompt_ids(), &trace.output_ids()}) {
    const auto wrong = std::find_if(ids->begin(), ids->end(), [&](uint32_t id) {
      return id >= vocab_size;
    });
    if (wrong == ids->end()) continue;
    return absl::DataLossError(
        absl::StrCat("trace ", ToHex(trace.id()), " has token id ", *wrong,
                     ", the vocabulary has ", vocab_size));
  }
  return absl::OkStatus();
}

absl::StatusOr<TokenizedTrace> TraceTokenizer::TokenizePlainText(
    const Trace& trace) const {
  LIMBECK_ASSIGN_OR_RETURN(Ids ids, Encode(trace.raw_output(), trace));
  if (ids.empty()) {
    return Rejected(MakeRejection(REJECTION_REASON_TOO_SHORT, 0, 1, "tokens"));
  }
  ids.push_back(end_id_);
  return MakeSample(trace, {}, ids, 1);
}

absl::StatusOr<TraceTokenizer::Ids> TraceTokenizer::EncodeOutput(
    const Trace& trace) const {
  const OutputParts parts = PartsOf(trace);
  const bool answer_only =
      options_.target() == TokenizeOptions::TARGET_ANSWER_ONLY;
  // The prompt has opened the think tag, so the output's own is left out.
  const std::string text =
      answer_only
          ? RenderOutput("", AnswerText(trace, parts))
          : trace.raw_output().substr(parts.think.begin(),
                                      parts.answer.end() - parts.think.begin());
  LIMBECK_ASSIGN_OR_RETURN(Ids ids, Encode(text, trace));
  if (!WasCutOff(trace)) ids.push_back(end_id_);
  return ids;
}

absl::StatusOr<TokenizedTrace> TraceTokenizer::Tokenize(
    const Trace& trace) const {
  if (options_.target() == TokenizeOptions::TARGET_PLAIN_TEXT) {
    return TokenizePlainText(trace);
  }
  if (HasCapturedIds(trace)) {
    LIMBECK_RETURN_IF_ERROR(CheckCapturedIds(trace));
    const Ids prompt(trace.prompt_ids().begin(), trace.prompt_ids().end());
    const Ids output(trace.output_ids().begin(), trace.output_ids().end());
    return MakeSample(trace, prompt, output,
                      static_cast<uint32_t>(prompt.size()));
  }
  const OutputParts parts = PartsOf(trace);
  if (options_.target() == TokenizeOptions::TARGET_ANSWER_ONLY &&
      !parts.well_formed) {
    return Rejected(
        MakeRejection(REJECTION_REASON_FORMAT, 0, 1, parts.problem));
  }
  const std::vector<Message> messages(trace.problem().messages().begin(),
                                      trace.problem().messages().end());
  const absl::StatusOr<std::string> prompt_text =
      RenderMessages(messages, /*add_generation_prompt=*/true);
  if (!prompt_text.ok()) {
    return Rejected(MakeRejection(REJECTION_REASON_BAD_RECORD, 0, 1,
                                  prompt_text.status().message()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const Ids prompt, Encode(*prompt_text, trace));
  LIMBECK_ASSIGN_OR_RETURN(const Ids output, EncodeOutput(trace));
  if (output.empty()) {
    return Rejected(MakeRejection(REJECTION_REASON_TOO_SHORT, 0, 1, "tokens"));
  }
  return MakeSample(trace, prompt, output,
                    static_cast<uint32_t>(prompt.size()));
}

}  // namespace limbeck
