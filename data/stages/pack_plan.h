// Decides for each sample whether it is packed, before anything is written.
#ifndef LIMBECK_DATA_STAGES_PACK_PLAN_H_
#define LIMBECK_DATA_STAGES_PACK_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/stages/options.pb.h"
#include "data/stages/signal_index.h"

namespace limbeck {

// Tokens of the sample that carry loss.
uint64_t CountLossTokens(const TokenizedSample& sample);
// Ids, runs and output start fit together; at least one token.
absl::Status CheckSample(const TokenizedSample& sample);

// What happens to one sample. `reason` unspecified: it is packed.
struct PackDecision {
  RejectionReason reason = REJECTION_REASON_UNSPECIFIED;
  double value = 0;
  double threshold = 0;
};

// Takes all samples in order, then answers for each by its number.
class PackPlan {
 public:
  // `signals` may be null; `seed` orders the samples for the budget.
  PackPlan(const PackOptions& resolved, uint64_t seed,
           const SignalIndex* signals)
      : options_(resolved), seed_(seed), signals_(signals) {}

  absl::Status Add(const TokenizedSample& sample);
  // To be called once, after the last Add: whole samples in the order of the
  // hash of their trace ids, up to the first that does not fit the budget.
  void ApplyBudget();

  size_t size() const { return decisions_.size(); }
  const PackDecision& decision(size_t sample) const {
    return decisions_[sample];
  }

 private:
  struct Candidate {
    uint64_t order;
    size_t sample;
    uint64_t loss_tokens;
  };

  const PackOptions options_;
  const uint64_t seed_;
  const SignalIndex* const signals_;
  std::vector<PackDecision> decisions_;
  std::vector<Candidate> candidates_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_PACK_PLAN_H_
