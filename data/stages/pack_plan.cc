#include "data/stages/pack_plan.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

uint64_t BudgetOrder(uint64_t seed, const TokenizedSample& sample) {
  const std::string id = FieldHasher("limbeck.pack.order.v1")
                             .Int(static_cast<int64_t>(seed))
                             .Bytes(sample.trace_id())
                             .Id();
  uint64_t order = 0;
  for (size_t i = 0; i < 8; ++i) {
    order = order << 8 | static_cast<unsigned char>(id[i]);
  }
  return order;
}

}  // namespace

uint64_t CountLossTokens(const TokenizedSample& sample) {
  uint64_t tokens = 0;
  for (const LossRun& run : sample.loss_runs()) tokens += run.length();
  return tokens;
}

absl::Status CheckSample(const TokenizedSample& sample) {
  const uint64_t size = static_cast<uint64_t>(sample.ids_size());
  const std::string name = absl::StrCat("sample ", ToHex(sample.trace_id()));
  if (size == 0) return absl::DataLossError(absl::StrCat(name, " has no ids"));
  if (sample.output_start() > size) {
    return absl::DataLossError(absl::StrCat(name, " has ", size,
                                            " ids, its output starts at ",
                                            sample.output_start()));
  }
  uint64_t end = 1;  // nothing predicts the first token
  for (const LossRun& run : sample.loss_runs()) {
    if (run.start() < end || uint64_t{run.start()} + run.length() > size) {
      return absl::DataLossError(absl::StrCat(
          name, " has a loss run of ", run.length(), " tokens from ",
          run.start(), "; it may lie in [", end, ", ", size, ")"));
    }
    end = uint64_t{run.start()} + run.length();
  }
  return absl::OkStatus();
}

absl::Status PackPlan::Add(const TokenizedSample& sample) {
  LIMBECK_RETURN_IF_ERROR(CheckSample(sample));
  const size_t number = decisions_.size();
  decisions_.emplace_back();
  PackDecision& decision = decisions_.back();
  if (sample.ids_size() > options_.bin_tokens()) {
    decision = {REJECTION_REASON_EXCEEDS_BIN,
                static_cast<double>(sample.ids_size()),
                static_cast<double>(options_.bin_tokens())};
    return absl::OkStatus();
  }
  if (signals_ != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(const uint64_t missing,
                             signals_->CountMissing(sample));
    if (missing > 0) {
      decision = {REJECTION_REASON_MISSING_SIGNAL, static_cast<double>(missing),
                  0};
      return absl::OkStatus();
    }
  }
  candidates_.push_back(
      {BudgetOrder(seed_, sample), number, CountLossTokens(sample)});
  return absl::OkStatus();
}

void PackPlan::ApplyBudget() {
  const uint64_t budget = static_cast<uint64_t>(options_.max_loss_tokens());
  if (budget == 0) return;
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) {
              return std::tie(a.order, a.sample) < std::tie(b.order, b.sample);
            });
  uint64_t tokens = 0;  // of this sample and all before it
  for (const Candidate& candidate : candidates_) {
    tokens += candidate.loss_tokens;
    if (tokens <= budget) continue;
    decisions_[candidate.sample] = {REJECTION_REASON_OVER_BUDGET,
                                    static_cast<double>(tokens),
                                    static_cast<double>(budget)};
  }
}

}  // namespace limbeck
