// Teacher signals as records on disk, and back: made from rows of top-k
// log-probabilities, whoever computed them.
#ifndef LIMBECK_TEACHER_SIGNAL_RECORDS_H_
#define LIMBECK_TEACHER_SIGNAL_RECORDS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "data/records.pb.h"

namespace limbeck {

inline constexpr uint32_t kMaxSignalTokens = 1024;

// Top-k distributions of consecutive output tokens, one after another.
struct TopKColumns {
  std::vector<uint32_t> counts;      // entries of each token
  std::vector<uint32_t> ids;         // all tokens' entries in a row
  std::vector<float> logprobs;       // beside ids, temperature 1, nats
  std::vector<float> tail_logprobs;  // one per token

  void Append(absl::Span<const uint32_t> token_ids,
              absl::Span<const float> token_logprobs, float tail_logprob);
};

// Cuts the columns into records of at most kMaxSignalTokens tokens. All but
// num_tokens and the signal itself comes from `identity`, whose first_token is
// that of the first record; keys are left to the caller, who knows the trace.
std::vector<TeacherSignal> MakeTopKSignals(const TopKColumns& columns,
                                           const TeacherSignal& identity,
                                           LogprobCodec codec);
// Fills trace id and key of each signal.
void SetSignalKeys(absl::string_view trace_id,
                   absl::Span<TeacherSignal> signals);

// Reads one record. Sizes that contradict each other, ids outside the record's
// vocabulary and NaN are errors that name both values.
absl::StatusOr<TopKColumns> ReadTopKSignal(const TeacherSignal& signal);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SIGNAL_RECORDS_H_
