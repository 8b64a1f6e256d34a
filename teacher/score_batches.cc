// See score_batches.h.
#include "teacher/score_batches.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "teacher/signal_records.h"

namespace limbeck {
namespace {

// Nothing speaks about a token without context: plain text starts at its
// second token.
uint32_t FirstScored(const TokenizedSample& sample) {
  return std::max(sample.output_start(), 1u);
}

// Output token j is spoken about by the row of the token before it.
TopKColumns ColumnsOf(const TokenizedSample& sample, int64_t start,
                      const ScoreResult& scored) {
  const int64_t k = scored.top_ids.size(1);
  const int64_t* ids = scored.top_ids.const_data_ptr<int64_t>();
  const float* logprobs = scored.top_logprobs.const_data_ptr<float>();
  const float* tails = scored.tail_logprob.const_data_ptr<float>();
  TopKColumns columns;
  for (int64_t token = FirstScored(sample); token < sample.ids_size();
       ++token) {
    const int64_t row = start + token - 1;
    const std::vector<uint32_t> row_ids(ids + row * k, ids + (row + 1) * k);
    columns.Append(row_ids, {logprobs + row * k, static_cast<size_t>(k)},
                   tails[row]);
  }
  return columns;
}

TeacherSignal IdentityOf(const TokenizedSample& sample, const Teacher& teacher,
                         const SignalOptions& options) {
  TeacherSignal identity;
  identity.set_teacher_revision(teacher.revision());
  identity.set_tokenizer_fingerprint(teacher.tokenizer_fingerprint());
  identity.set_token_ids_hash(sample.token_ids_hash());
  identity.set_vocab_size(static_cast<uint32_t>(options.vocab_size));
  identity.set_first_token(FirstScored(sample) - sample.output_start());
  return identity;
}

}  // namespace

std::optional<Rejection> WhyNotScored(const TokenizedSample& sample,
                                      const ScoreLimits& limits) {
  Rejection rejection;
  *rejection.mutable_sample() = sample;
  if (FirstScored(sample) >= static_cast<uint32_t>(sample.ids_size())) {
    rejection.set_reason(REJECTION_REASON_BAD_RECORD);
    rejection.set_detail(absl::StrCat(
        "the output starts at token ", sample.output_start(), " of ",
        sample.ids_size(), ": no token of it has context before it"));
    return rejection;
  }
  if (sample.ids_size() > limits.max_positions) {
    rejection.set_reason(REJECTION_REASON_TOO_LONG);
    rejection.set_value(sample.ids_size());
    rejection.set_threshold(static_cast<double>(limits.max_positions));
    rejection.set_detail("tokens against positions of the scoring model");
    return rejection;
  }
  for (const uint32_t id : sample.ids()) {
    if (id < limits.vocab_size) continue;
    rejection.set_reason(REJECTION_REASON_BAD_RECORD);
    rejection.set_value(id);
    rejection.set_threshold(static_cast<double>(limits.vocab_size));
    rejection.set_detail("token id outside the tokenizer");
    return rejection;
  }
  return std::nullopt;
}

std::vector<absl::Span<const TokenizedSample>> PlanBatches(
    absl::Span<const TokenizedSample> samples, int64_t batch_tokens) {
  std::vector<absl::Span<const TokenizedSample>> batches;
  size_t first = 0;
  int64_t tokens = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const int64_t length = samples[i].ids_size();
    if (i > first && tokens + length > batch_tokens) {
      batches.push_back(samples.subspan(first, i - first));
      first = i;
      tokens = 0;
    }
    tokens += length;
  }
  if (first < samples.size()) batches.push_back(samples.subspan(first));
  return batches;
}

absl::StatusOr<std::vector<TeacherSignal>> ScoreBatch(
    absl::Span<const TokenizedSample> batch, const SignalOptions& options,
    Scorer& scorer) {
  ScoreRequest request;
  request.starts.push_back(0);
  for (const TokenizedSample& sample : batch) {
    request.ids.insert(request.ids.end(), sample.ids().begin(),
                       sample.ids().end());
    request.starts.push_back(static_cast<int64_t>(request.ids.size()));
  }
  request.num_valid_columns = options.vocab_size;
  request.top_k =
      static_cast<int>(std::min<int64_t>(options.top_k, options.vocab_size));
  LIMBECK_ASSIGN_OR_RETURN(const ScoreResult scored, scorer.Score(request));
  const Teacher teacher = scorer.Identity();
  std::vector<TeacherSignal> signals;
  for (size_t i = 0; i < batch.size(); ++i) {
    std::vector<TeacherSignal> records =
        MakeTopKSignals(ColumnsOf(batch[i], request.starts[i], scored),
                        IdentityOf(batch[i], teacher, options), options.codec);
    SetSignalKeys(batch[i].trace_id(), absl::MakeSpan(records));
    std::move(records.begin(), records.end(), std::back_inserter(signals));
  }
  return signals;
}

}  // namespace limbeck
