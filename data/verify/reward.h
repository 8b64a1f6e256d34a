// Rewards as pure functions of what a model wrote, and their weighted sum
// (data/verify/reward.proto). Sources stand beside each function.
#ifndef LIMBECK_DATA_VERIFY_REWARD_H_
#define LIMBECK_DATA_VERIFY_REWARD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/records.pb.h"
#include "data/verify/reward.pb.h"

namespace limbeck {

struct RewardInput {
  absl::string_view output;           // as produced
  std::optional<int64_t> num_tokens;  // end token included; unknown: nullopt
  Verdict verdict = VERDICT_UNKNOWN;  // of the sound verifier
};

struct RewardTermValue {
  std::string name;
  double weight = 1;
  std::optional<double> value;  // before the weight; nullopt: it has none
};

struct RewardResult {
  std::optional<double> total;  // nullopt: leave the sample out
  std::string reason;           // why there is no total
  std::vector<RewardTermValue> terms;
};

// Every field in range, no name twice, at least one term; the error names the
// term and the field.
absl::Status CheckReward(const RewardSpec& spec);

// The terms and their weighted sum; an error only where CheckReward has one.
absl::StatusOr<RewardResult> ComputeReward(const RewardSpec& spec,
                                           const RewardInput& input);

// 1 or 0 (DeepSeek-R1, arXiv 2501.12948, section 2.2.2).
double ScoreFormat(const FormatReward& rule, absl::string_view output);

// 0, 0.25 .. 1 (Open-R1's tag count).
double ScoreTagCount(absl::string_view output);

// Between the two values of right or wrong answers (Yeo et al., "Demystifying
// long chain-of-thought reasoning", arXiv 2502.03373, appendix).
double ScoreCosineLength(const CosineLengthReward& rule, bool correct,
                         int64_t length);

// 0 to -1 (DAPO, arXiv 2503.14476, equation 13).
double ScoreOverlong(const OverlongReward& rule, int64_t length);

// 0 to max_penalty (the repetition penalty of arXiv 2502.03373, as Open-R1
// computes it). Fewer words than one n-gram: 0.
double ScoreRepetition(const RepetitionReward& rule, absl::string_view output);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_REWARD_H_
