// Splits the samples of one partition into batches for the scorer, and turns
// what it returns into signals.
#ifndef LIMBECK_TEACHER_SCORE_BATCHES_H_
#define LIMBECK_TEACHER_SCORE_BATCHES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/records.pb.h"
#include "teacher/scorer.h"

namespace limbeck {

struct ScoreLimits {
  int64_t max_positions = 0;
  int64_t vocab_size = 0;  // of the tokenizer
};

// Why a model cannot score a sample; nullopt when it can.
std::optional<Rejection> WhyNotScored(const TokenizedSample& sample,
                                      const ScoreLimits& limits);

// Consecutive samples of up to `batch_tokens` tokens together, at least one.
// Depends on the samples alone, never on what is already done: a row's float32
// result may change with the size of its batch.
std::vector<absl::Span<const TokenizedSample>> PlanBatches(
    absl::Span<const TokenizedSample> samples, int64_t batch_tokens);

struct SignalOptions {
  int top_k = 0;
  LogprobCodec codec = LOGPROB_CODEC_FLOAT32;
  int64_t vocab_size = 0;
};

// Scores one batch: the signals of its samples, in order, keys filled in.
absl::StatusOr<std::vector<TeacherSignal>> ScoreBatch(
    absl::Span<const TokenizedSample> batch, const SignalOptions& options,
    Scorer& scorer);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SCORE_BATCHES_H_
