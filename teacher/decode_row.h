// One running sample of the local sampler: what its row of the batch knows, and
// when it is finished.
#ifndef LIMBECK_TEACHER_DECODE_ROW_H_
#define LIMBECK_TEACHER_DECODE_ROW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "teacher/sampler.h"
#include "teacher/sampling.h"
#include "teacher/signal_records.h"

namespace limbeck {

// What ends a sample, beside its own max_tokens.
struct StopRules {
  std::vector<bool> is_end;  // by token id
  std::vector<std::string> stop_strings;
  int64_t max_context = 0;  // prompt and output tokens
};

class DecodeRow {
 public:
  // Takes a request whose prompt fits; the row's cache holds all prompt tokens
  // but the last, which the first decoding step appends.
  void Start(SampleRequest request, uint64_t weights_version);
  void Drop() { live_ = false; }

  bool live() const { return live_; }
  uint64_t ticket() const { return request_.ticket; }
  // What the next decoding step appends, and where; -1 when idle.
  int64_t next_id() const { return live_ ? next_id_ : 0; }
  int64_t length() const { return live_ ? length_ : -1; }

  // Samples from this row's logits. Rows do not share anything, so different
  // rows may do this at the same time.
  void Sample(absl::Span<const float> logits);
  // Takes the sampled token into the result; true when the sample is complete.
  // pieces: the text of each id.
  bool Advance(const StopRules& rules, const std::vector<std::string>& pieces);
  // The finished result; the row is idle afterwards.
  SampleResult Finish(const TeacherSignal& identity, LogprobCodec codec);

 private:
  bool EndsInStopString(const StopRules& rules, size_t new_bytes);

  bool live_ = false;
  SampleRequest request_;
  uint64_t key_ = 0;
  int64_t next_id_ = 0;
  int64_t length_ = 0;  // tokens cached
  SampleResult result_;
  TopKColumns columns_;
  RowScratch scratch_;
  RowSample sampled_;
};

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_DECODE_ROW_H_
