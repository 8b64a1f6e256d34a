// See local_scorer.h.
#include "teacher/local_scorer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/status_macros.h"
#include "student/forward.h"
#include "teacher/sampling.h"

namespace limbeck {
namespace {

constexpr int64_t kRowsPerTask = 8;

absl::Status CheckSequences(const ScoreRequest& request,
                            int64_t max_positions) {
  const int64_t tokens = static_cast<int64_t>(request.ids.size());
  const std::vector<int64_t>& starts = request.starts;
  if (starts.size() < 2 || starts.front() != 0 || starts.back() != tokens) {
    return absl::InvalidArgumentError(
        absl::StrCat("score request: ", starts.size(), " starts from ",
                     starts.empty() ? -1 : starts.front(), " to ",
                     starts.empty() ? -1 : starts.back(),
                     ", must go from 0 to the ", tokens, " ids"));
  }
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    const int64_t length = starts[i + 1] - starts[i];
    if (length >= 1 && length <= max_positions) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("score request: sequence ", i, " has ", length,
                     " tokens, the model takes 1 to ", max_positions));
  }
  return absl::OkStatus();
}

absl::Status CheckColumns(const ScoreRequest& request, int64_t columns) {
  if (request.top_k < 0 || request.top_k > columns) {
    return absl::InvalidArgumentError(
        absl::StrCat("score request: top_k is ", request.top_k,
                     ", the head has ", columns, " columns"));
  }
  for (size_t i = 0; i < request.ids.size(); ++i) {
    if (request.ids[i] >= 0 && request.ids[i] < columns) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("score request: id ", request.ids[i], " at ", i,
                     ", the head has ", columns, " columns"));
  }
  return absl::OkStatus();
}

// Where each row's results go.
struct ResultPointers {
  float* logprobs;
  int64_t* top_ids;
  float* top_logprobs;
  float* tails;
};

class LocalScorer : public Scorer {
 public:
  LocalScorer(std::shared_ptr<const Model> model, Teacher identity,
              const LocalScorerOptions& options)
      : model_(std::move(model)),
        identity_(std::move(identity)),
        options_(options) {}

  ScorerCapabilities Capabilities() const override {
    ScorerCapabilities capabilities;
    capabilities.max_top_k = static_cast<int>(model_->config.vocab_size);
    capabilities.hidden_states = true;
    return capabilities;
  }
  Teacher Identity() const override { return identity_; }
  at::Tensor Head() const override { return model_->weights.head; }
  absl::StatusOr<ScoreResult> Score(const ScoreRequest& request) override;

 private:
  absl::Status ScoreRows(const ScoreRequest& request, int64_t columns,
                         const at::Tensor& hidden, ScoreResult& result) const;

  const std::shared_ptr<const Model> model_;
  const Teacher identity_;
  const LocalScorerOptions options_;
};

ScoreResult AllocateResult(const ScoreRequest& request) {
  const int64_t tokens = static_cast<int64_t>(request.ids.size());
  ScoreResult result;
  result.logprobs = at::zeros({tokens}, at::kFloat);
  if (request.top_k > 0) {
    result.top_ids = at::empty({tokens, request.top_k}, at::kLong);
    result.top_logprobs = at::empty({tokens, request.top_k}, at::kFloat);
    result.tail_logprob = at::empty({tokens}, at::kFloat);
  }
  return result;
}

ResultPointers PointersOf(ScoreResult& result) {
  ResultPointers to = {};
  to.logprobs = result.logprobs.mutable_data_ptr<float>();
  if (result.top_ids.defined()) {
    to.top_ids = result.top_ids.mutable_data_ptr<int64_t>();
    to.top_logprobs = result.top_logprobs.mutable_data_ptr<float>();
    to.tails = result.tail_logprob.mutable_data_ptr<float>();
  }
  return to;
}

void StoreRow(const RowSample& row, bool has_next, int64_t token,
              const ResultPointers& to) {
  if (has_next) to.logprobs[token] = row.logprob;
  const int64_t k = static_cast<int64_t>(row.top.ids.size());
  if (k == 0) return;
  std::copy(row.top.ids.begin(), row.top.ids.end(), to.top_ids + token * k);
  std::copy(row.top.logprobs.begin(), row.top.logprobs.end(),
            to.top_logprobs + token * k);
  to.tails[token] = row.top.tail_logprob;
}

absl::Status LocalScorer::ScoreRows(const ScoreRequest& request,
                                    int64_t columns, const at::Tensor& hidden,
                                    ScoreResult& result) const {
  const int64_t tokens = static_cast<int64_t>(request.ids.size());
  std::vector<bool> has_next(request.ids.size(), true);
  for (size_t i = 1; i < request.starts.size(); ++i) {
    has_next[static_cast<size_t>(request.starts[i] - 1)] = false;
  }
  const ResultPointers to = PointersOf(result);
  const at::Tensor head = model_->weights.head.narrow(0, 0, columns);
  for (int64_t first = 0; first < tokens; first += options_.head_rows) {
    const int64_t rows = std::min(options_.head_rows, tokens - first);
    const at::Tensor logits = at::linear(hidden.narrow(0, first, rows), head)
                                  .to(at::kFloat)
                                  .contiguous();
    const float* values = logits.const_data_ptr<float>();
    std::mutex mutex;
    absl::Status failed;
    at::parallel_for(0, rows, kRowsPerTask, [&](int64_t begin, int64_t end) {
      RowScratch scratch;
      RowSample row;
      for (int64_t i = begin; i < end; ++i) {
        const size_t token = static_cast<size_t>(first + i);
        const uint32_t target =
            has_next[token] ? static_cast<uint32_t>(request.ids[token + 1]) : 0;
        const absl::Status status =
            ScoreRow({values + i * columns, static_cast<size_t>(columns)},
                     target, request.top_k, scratch, row);
        if (!status.ok()) {
          const std::lock_guard<std::mutex> lock(mutex);
          failed.Update(status);
          return;
        }
        StoreRow(row, has_next[token], first + i, to);
      }
    });
    LIMBECK_RETURN_IF_ERROR(failed);
  }
  return absl::OkStatus();
}

absl::StatusOr<ScoreResult> LocalScorer::Score(const ScoreRequest& request) {
  const c10::NoGradGuard no_grad;
  const ModelConfig& config = model_->config;
  const int64_t columns = request.num_valid_columns < 0
                              ? config.vocab_size
                              : request.num_valid_columns;
  if (columns < 1 || columns > config.vocab_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("score request: num_valid_columns is ", columns,
                     ", the head has ", config.vocab_size));
  }
  LIMBECK_RETURN_IF_ERROR(CheckSequences(request, config.max_positions));
  LIMBECK_RETURN_IF_ERROR(CheckColumns(request, columns));
  const PackedLayout layout = MakePackedLayout(
      config, request.starts, model_->weights.embedding.scalar_type());
  const at::Tensor hidden =
      ForwardPacked(config, ParameterStore(model_->weights), layout,
                    at::tensor(request.ids, at::kLong));
  ScoreResult result = AllocateResult(request);
  if (request.logprobs || request.top_k > 0) {
    LIMBECK_RETURN_IF_ERROR(ScoreRows(request, columns, hidden, result));
  }
  if (request.hidden) result.hidden = hidden;
  return result;
}

}  // namespace

std::unique_ptr<Scorer> MakeLocalScorer(std::shared_ptr<const Model> model,
                                        Teacher identity,
                                        const LocalScorerOptions& options) {
  LIMBECK_CHECK_GE(options.head_rows, 1);
  return std::make_unique<LocalScorer>(std::move(model), std::move(identity),
                                       options);
}

}  // namespace limbeck
