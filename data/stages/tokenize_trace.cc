#include "data/stages/tokenize_trace.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/stages/record_id.h"
#include "data/stages/rejections.h"
#include "data/stages/trace_parts.h"

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

// "trace 0a1b (gsm8k, row 7)"
std::string Describe(const Trace& trace) {
  const Source& source = trace.problem().source();
  return absl::StrCat("trace ", ToHex(trace.id()), " (", source.dataset(),
                      ", row ", source.row(), ")");
}

}  // namespace

absl::StatusOr<TraceTokenizer> TraceTokenizer::Create(
    std::shared_ptr<const Tokenizer> tokenizer, TokenizeOptions resolved,
    ChatFormat format) {
  int32_t end_id = -1;
  const bool is_plain_text =
      resolved.target() == TokenizeOptions::TARGET_PLAIN_TEXT;
  if (is_plain_text && tokenizer->IdOf(kEndTag) < 0 &&
      !tokenizer->end_ids().empty()) {
    end_id = tokenizer->end_ids()[0];
  } else {
    LIMBECK_ASSIGN_OR_RETURN(end_id, format.TurnEndId(*tokenizer));
  }
  return TraceTokenizer(std::move(tokenizer), std::move(resolved),
                        std::move(format), static_cast<uint32_t>(end_id));
}

absl::StatusOr<TraceTokenizer::Ids> TraceTokenizer::Encode(
    absl::string_view text, const Trace& trace) const {
  const auto ids = tokenizer_->Encode(text);
  if (ids.ok()) return Ids(ids->begin(), ids->end());
  return absl::Status(
      ids.status().code(),
      absl::StrCat(Describe(trace), ": ", ids.status().message()));
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

absl::StatusOr<std::string> TraceTokenizer::OutputText(
    const Trace& trace, ThoughtState state) const {
  const OutputParts parts = PartsOf(trace);
  const bool wants_thought =
      options_.target() != TokenizeOptions::TARGET_ANSWER_ONLY;
  if (parts.has_thought && wants_thought) {
    if (state == ThoughtState::kClosed) {
      return absl::FailedPreconditionError(absl::StrCat(
          Describe(trace),
          " has a thought, but the student's prompt closes "
          "it: set target: TARGET_ANSWER_ONLY, or chat { enable_thinking: true "
          "}"));
    }
    const uint64_t begin = parts.think.begin();
    const std::string text =
        trace.raw_output().substr(begin, parts.answer.end() - begin);
    if (state == ThoughtState::kOpen) return text;
    // As the teacher wrote the tag, where it did.
    const absl::string_view own =
        absl::string_view(trace.raw_output()).substr(0, begin);
    return absl::StrCat(
        own.empty() ? absl::StrCat(kThinkOpenTag, "\n") : std::string(own),
        text);
  }
  absl::string_view answer = AnswerText(trace, parts);
  if (state == ThoughtState::kOpen) return RenderOutput("", answer);
  // The blank lines between thought and answer went with the thought.
  while (parts.has_thought && absl::ConsumePrefix(&answer, "\n")) {
  }
  return std::string(answer);
}

absl::StatusOr<ChatPrompt> TraceTokenizer::PromptOf(const Trace& trace) const {
  return format_.Prompt(
      {trace.problem().messages().begin(), trace.problem().messages().end()});
}

absl::StatusOr<TokenizedTrace> TraceTokenizer::TakeCapturedIds(
    const Trace& trace) const {
  LIMBECK_RETURN_IF_ERROR(CheckCapturedIds(trace));
  const Ids prompt(trace.prompt_ids().begin(), trace.prompt_ids().end());
  const Ids output(trace.output_ids().begin(), trace.output_ids().end());
  TokenizedTrace result =
      MakeSample(trace, prompt, output, static_cast<uint32_t>(prompt.size()));
  const absl::StatusOr<ChatPrompt> own = PromptOf(trace);
  if (own.ok()) {
    const absl::StatusOr<Ids> ids = Encode(own->text, trace);
    result.other_prompt = !ids.ok() || *ids != prompt;
  }
  return result;
}

absl::StatusOr<TokenizedTrace> TraceTokenizer::Tokenize(
    const Trace& trace) const {
  if (options_.target() == TokenizeOptions::TARGET_PLAIN_TEXT) {
    return TokenizePlainText(trace);
  }
  if (HasCapturedIds(trace)) return TakeCapturedIds(trace);
  const OutputParts parts = PartsOf(trace);
  if (options_.target() == TokenizeOptions::TARGET_ANSWER_ONLY &&
      !parts.well_formed) {
    return Rejected(
        MakeRejection(REJECTION_REASON_FORMAT, 0, 1, parts.problem));
  }
  const absl::StatusOr<ChatPrompt> prompt = PromptOf(trace);
  if (!prompt.ok()) {
    return Rejected(MakeRejection(REJECTION_REASON_BAD_RECORD, 0, 1,
                                  prompt.status().message()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const Ids ids, Encode(prompt->text, trace));
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string text,
      OutputText(trace, ThoughtStateAfter(prompt->turn_prefix)));
  LIMBECK_ASSIGN_OR_RETURN(Ids output, Encode(text, trace));
  if (!WasCutOff(trace)) output.push_back(end_id_);
  if (output.empty()) {
    return Rejected(MakeRejection(REJECTION_REASON_TOO_SHORT, 0, 1, "tokens"));
  }
  return MakeSample(trace, ids, output, static_cast<uint32_t>(ids.size()));
}

}  // namespace limbeck
