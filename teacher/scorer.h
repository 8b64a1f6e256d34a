// Soft labels for given tokens. Host records are made from the device tensors,
// not the other way round.
#ifndef LIMBECK_TEACHER_SCORER_H_
#define LIMBECK_TEACHER_SCORER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/records.pb.h"

namespace limbeck {

struct ScorerCapabilities {
  int max_top_k = 0;
  bool hidden_states = false;
};

// What to compute for one packed run of tokens.
struct ScoreRequest {
  std::vector<int64_t> ids;     // packed sequences
  std::vector<int64_t> starts;  // as PackedLayout::starts
  bool logprobs = true;         // false and no top-k: the head is not applied
  int top_k = 0;                // 0: no top-k
  bool hidden = false;
  int64_t num_valid_columns = -1;  // mask padding columns; -1: all of the head
};

// Row t speaks about the token after t: entry t predicts ids[t + 1].
struct ScoreResult {
  at::Tensor logprobs;      // [tokens] of ids[t + 1]; 0 at sequence ends
  at::Tensor top_ids;       // [tokens, k] int64, by falling probability
  at::Tensor top_logprobs;  // [tokens, k] float32
  at::Tensor tail_logprob;  // [tokens] float32: log of the mass outside top-k
  at::Tensor hidden;        // [tokens, width]
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual ScorerCapabilities Capabilities() const = 0;
  virtual Teacher Identity() const = 0;
  // The output head, for losses that take teacher hidden states:
  // [vocab, width]; undefined where hidden states are not offered.
  virtual at::Tensor Head() const = 0;
  // Several threads may call at once.
  virtual absl::StatusOr<ScoreResult> Score(const ScoreRequest& request) = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SCORER_H_
