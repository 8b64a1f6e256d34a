// See local_sampler.h.
#include "teacher/local_sampler.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "student/checkpoint/checkpoint.h"
#include "student/forward.h"
#include "teacher/decode_row.h"
#include "teacher/prompt.h"
#include "teacher/sampling.h"

namespace limbeck {
namespace {

constexpr int kMaxRows = 4096;
constexpr int64_t kFirstTokens = 256;  // of a row, until a request needs more
constexpr double kMegabyte = 1e6;

class LocalSampler : public Sampler {
 public:
  LocalSampler(std::shared_ptr<const Model> model,
               std::shared_ptr<const Tokenizer> tokenizer,
               const LocalSamplerOptions& options)
      : model_(std::move(model)),
        tokenizer_(std::move(tokenizer)),
        options_(options),
        rows_(static_cast<size_t>(options.rows)),
        cached_(static_cast<size_t>(options.rows)) {}

  // Tables, weights and the KV cache, from options that were checked.
  absl::Status Prepare();

  SamplerCapabilities Capabilities() const override;
  Teacher Identity() const override { return options_.identity; }
  std::string TemplateFingerprint() const override {
    return options_.format->Fingerprint();
  }
  absl::Status Submit(SampleRequest request) override;
  absl::StatusOr<std::vector<SampleResult>> Poll() override;
  void Cancel(uint64_t ticket) override;
  absl::Status PublishWeights(uint64_t version) override;

 private:
  absl::Status CheckRequest(SampleRequest& request) const;
  absl::Status CastWeights();
  absl::Status CheckCache(const SampleRequest& request) const;
  int64_t TokensOf(const SampleRequest& request) const;
  void GrowCache(int64_t tokens);
  const ModelWeights& weights() const { return decoded_->weights; }
  bool AnyLive() const;
  void FillFreeRows();
  void CachePrompt(const std::vector<uint32_t>& prompt_ids, size_t row);
  void Step();

  const std::shared_ptr<const Model> model_;
  std::shared_ptr<const Model> decoded_;  // model_ as float32, or itself
  const std::shared_ptr<const Tokenizer> tokenizer_;
  const LocalSamplerOptions options_;
  StopRules rules_;
  std::vector<std::string> pieces_;  // text of each id
  TeacherSignal signal_identity_;
  uint64_t weights_version_ = 0;
  KvCache cache_;
  std::deque<SampleRequest> queue_;
  std::vector<DecodeRow> rows_;
  // The tokens at the start of each row's cache, kept after the sample ended.
  std::vector<std::vector<int64_t>> cached_;
  std::vector<SampleResult> finished_;
};

absl::Status LocalSampler::Prepare() {
  const ModelConfig& config = model_->config;
  LIMBECK_RETURN_IF_ERROR(CastWeights());
  const size_t columns = static_cast<size_t>(options_.num_valid_columns);
  rules_.max_context = options_.max_context;
  rules_.stop_strings = options_.stop_strings;
  rules_.is_end.assign(columns, false);
  pieces_.resize(columns);
  for (size_t id = 0; id < columns; ++id) {
    const int32_t piece = static_cast<int32_t>(id);
    if (piece >= tokenizer_->vocab_size()) break;
    LIMBECK_ASSIGN_OR_RETURN(pieces_[id], tokenizer_->PieceOf(piece));
  }
  std::vector<int32_t> ends = config.eos_ids;
  ends.insert(ends.end(), tokenizer_->end_ids().begin(),
              tokenizer_->end_ids().end());
  if (!options_.format->is_built_in()) {
    const absl::StatusOr<int32_t> turn_end =
        options_.format->TurnEndId(*tokenizer_);
    if (turn_end.ok()) ends.push_back(*turn_end);
  }
  for (const int32_t id : ends) {
    if (id < 0 || static_cast<size_t>(id) >= columns) {
      return absl::InvalidArgumentError(
          absl::StrCat("end token ", id, " is outside the ", columns,
                       " tokens of the head: it could never be sampled"));
    }
    rules_.is_end[static_cast<size_t>(id)] = !options_.ignore_end_ids;
  }
  signal_identity_.set_teacher_revision(options_.identity.revision());
  signal_identity_.set_tokenizer_fingerprint(tokenizer_->fingerprint());
  signal_identity_.set_vocab_size(static_cast<uint32_t>(columns));
  cache_ =
      MakeKvCache(config, options_.rows,
                  std::min(kFirstTokens, options_.max_context), at::kFloat);
  return absl::OkStatus();
}

absl::Status LocalSampler::CastWeights() {
  decoded_ = model_;
  if (model_->weights.embedding.scalar_type() == at::kFloat) {
    return absl::OkStatus();
  }
  LIMBECK_ASSIGN_OR_RETURN(Model cast, CastModel(*model_, at::kFloat));
  decoded_ = std::make_shared<const Model>(std::move(cast));
  return absl::OkStatus();
}

SamplerCapabilities LocalSampler::Capabilities() const {
  SamplerCapabilities capabilities;
  capabilities.token_ids = true;
  capabilities.logprobs = true;
  capabilities.max_top_k = static_cast<int>(options_.num_valid_columns);
  capabilities.exact = true;
  capabilities.publish_weights = true;
  capabilities.max_context = options_.max_context;
  return capabilities;
}

absl::Status LocalSampler::CheckRequest(SampleRequest& request) const {
  LIMBECK_RETURN_IF_ERROR(ValidateSampling(request.sampling));
  if (request.capture_top_k < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "capture_top_k is ", request.capture_top_k, ", must be 0 or more"));
  }
  if (request.prompt_ids.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(
        PromptTokens prompt,
        MakePrompt(request.problem, *options_.format, *tokenizer_));
    request.prompt_ids = std::move(prompt.ids);
    request.turn_prefix = std::move(prompt.turn_prefix);
  }
  if (request.prompt_ids.empty()) {
    return absl::InvalidArgumentError(
        "the prompt has no tokens: there is nothing to continue");
  }
  for (const uint32_t id : request.prompt_ids) {
    if (id < options_.num_valid_columns) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the prompt holds token ", id, ", the tokenizer has ",
                     options_.num_valid_columns, " tokens (the model's head ",
                     model_->config.vocab_size, " rows)"));
  }
  const int64_t tokens = static_cast<int64_t>(request.prompt_ids.size());
  if (tokens >= options_.max_context) {
    return absl::OutOfRangeError(
        absl::StrCat("the prompt has ", tokens, " tokens, the context holds ",
                     options_.max_context, " tokens of prompt and output"));
  }
  return CheckCache(request);
}

// Prompt and output together, of a request that was checked.
int64_t LocalSampler::TokensOf(const SampleRequest& request) const {
  const int64_t prompt = static_cast<int64_t>(request.prompt_ids.size());
  const int64_t output = static_cast<int64_t>(request.sampling.max_tokens());
  return std::min(prompt + output, options_.max_context);
}

absl::Status LocalSampler::CheckCache(const SampleRequest& request) const {
  const int64_t tokens = TokensOf(request);
  const double bytes = KvCacheBytes(model_->config, options_.rows, tokens);
  if (options_.max_cache_bytes <= 0.0 || bytes <= options_.max_cache_bytes) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrFormat(
      "keys and values of %d rows of %d tokens take %.1f MB, the memory for "
      "them is %.1f MB: decode fewer rows together or ask for fewer tokens",
      options_.rows, tokens, bytes / kMegabyte,
      options_.max_cache_bytes / kMegabyte));
}

// To the double at least, so that rising lengths do not copy every time.
void LocalSampler::GrowCache(int64_t tokens) {
  if (tokens <= cache_.capacity) return;
  const int64_t ample =
      std::min(std::max(tokens, 2 * cache_.capacity), options_.max_context);
  const bool fits = options_.max_cache_bytes <= 0.0 ||
                    KvCacheBytes(model_->config, options_.rows, ample) <=
                        options_.max_cache_bytes;
  std::vector<int64_t> cached;
  for (size_t row = 0; row < rows_.size(); ++row) {
    const int64_t prompt = static_cast<int64_t>(cached_[row].size());
    cached.push_back(std::max(rows_[row].length(), prompt));
  }
  GrowKvCache(model_->config, fits ? ample : tokens, cached, cache_);
}

absl::Status LocalSampler::Submit(SampleRequest request) {
  absl::Status status = CheckRequest(request);
  if (status.ok()) {
    queue_.push_back(std::move(request));
    return absl::OkStatus();
  }
  SampleResult& refused = finished_.emplace_back();
  refused.ticket = request.ticket;
  refused.status = std::move(status);
  refused.finish_reason = FINISH_REASON_ERROR;
  refused.weights_version = weights_version_;
  refused.prompt_ids = std::move(request.prompt_ids);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SampleResult>> LocalSampler::Poll() {
  const c10::NoGradGuard no_grad;
  while (finished_.empty() && (!queue_.empty() || AnyLive())) {
    FillFreeRows();
    Step();
  }
  return std::exchange(finished_, {});
}

void LocalSampler::Cancel(uint64_t ticket) {
  const auto has_ticket = [ticket](const auto& item) {
    return item.ticket == ticket;
  };
  queue_.erase(std::remove_if(queue_.begin(), queue_.end(), has_ticket),
               queue_.end());
  finished_.erase(
      std::remove_if(finished_.begin(), finished_.end(), has_ticket),
      finished_.end());
  for (DecodeRow& row : rows_) {
    if (row.live() && row.ticket() == ticket) row.Drop();
  }
}

absl::Status LocalSampler::PublishWeights(uint64_t version) {
  if (AnyLive()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "weights of version ", version, " arrive while samples of version ",
        weights_version_, " are running: poll or cancel them first"));
  }
  LIMBECK_RETURN_IF_ERROR(CastWeights());
  weights_version_ = version;
  for (std::vector<int64_t>& prompt : cached_) prompt.clear();
  return absl::OkStatus();
}

bool LocalSampler::AnyLive() const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [](const DecodeRow& row) { return row.live(); });
}

void LocalSampler::FillFreeRows() {
  for (size_t row = 0; row < rows_.size() && !queue_.empty(); ++row) {
    if (rows_[row].live()) continue;
    GrowCache(TokensOf(queue_.front()));
    CachePrompt(queue_.front().prompt_ids, row);
    rows_[row].Start(std::move(queue_.front()), weights_version_);
    queue_.pop_front();
  }
}

// All tokens of the prompt but the last: the last one goes through a decoding
// step, so that every logit comes from the same arithmetic.
void LocalSampler::CachePrompt(const std::vector<uint32_t>& prompt_ids,
                               size_t row) {
  const std::vector<int64_t> ids(prompt_ids.begin(), prompt_ids.end() - 1);
  if (ids.empty() || cached_[row] == ids) return;
  const auto source = std::find(cached_.begin(), cached_.end(), ids);
  if (source != cached_.end()) {
    CopyKvRow(cache_, source - cached_.begin(), static_cast<int64_t>(row),
              static_cast<int64_t>(ids.size()));
  } else {
    Prefill(model_->config, weights(), ids, static_cast<int64_t>(row), cache_);
  }
  cached_[row] = ids;
}

void LocalSampler::Step() {
  std::vector<int64_t> ids;
  std::vector<int64_t> lengths;
  for (const DecodeRow& row : rows_) {
    ids.push_back(row.next_id());
    lengths.push_back(row.length());
  }
  const at::Tensor logits =
      DecodeStep(model_->config, weights(), ids, lengths, cache_).contiguous();
  LIMBECK_CHECK(logits.scalar_type() == at::kFloat);
  const float* values = logits.const_data_ptr<float>();
  const size_t stride = static_cast<size_t>(logits.size(1));
  const size_t columns = static_cast<size_t>(options_.num_valid_columns);
  at::parallel_for(0, static_cast<int64_t>(rows_.size()), 1,
                   [&](int64_t begin, int64_t end) {
                     for (size_t row = static_cast<size_t>(begin);
                          row < static_cast<size_t>(end); ++row) {
                       if (!rows_[row].live()) continue;
                       rows_[row].Sample({values + row * stride, columns});
                     }
                   });
  for (DecodeRow& row : rows_) {
    if (row.live() && row.Advance(rules_, pieces_)) {
      finished_.push_back(row.Finish(signal_identity_, options_.signal_codec));
    }
  }
}

absl::Status CheckOption(absl::string_view name, int64_t value, int64_t low,
                         int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "local sampler: ", name, " is ", value, ", must be ", low, " to ", high));
}

absl::Status FillOptions(const ModelConfig& config, const Tokenizer& tokenizer,
                         LocalSamplerOptions& options) {
  if (tokenizer.vocab_size() > config.vocab_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("the tokenizer has ", tokenizer.vocab_size(),
                     " tokens, the model's head ", config.vocab_size,
                     ": they do not belong "
                     "together"));
  }
  if (options.format == nullptr) {
    options.format = std::make_shared<const ChatFormat>(ChatFormat::BuiltIn());
  }
  if (options.max_context == 0) options.max_context = config.max_positions;
  if (options.num_valid_columns == 0) {
    options.num_valid_columns = tokenizer.vocab_size();
  }
  if (options.identity.tokenizer_fingerprint().empty()) {
    options.identity.set_tokenizer_fingerprint(tokenizer.fingerprint());
  }
  LIMBECK_RETURN_IF_ERROR(CheckOption("rows", options.rows, 1, kMaxRows));
  LIMBECK_RETURN_IF_ERROR(
      CheckOption("max_context", options.max_context, 2, config.max_positions));
  LIMBECK_RETURN_IF_ERROR(CheckOption(
      "num_valid_columns", options.num_valid_columns, 1, config.vocab_size));
  for (const std::string& stop : options.stop_strings) {
    if (stop.empty()) {
      return absl::InvalidArgumentError(
          "local sampler: an empty stop string would end every sample");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sampler>> CreateLocalSampler(
    std::shared_ptr<const Model> model,
    std::shared_ptr<const Tokenizer> tokenizer,
    const LocalSamplerOptions& options) {
  LocalSamplerOptions filled = options;
  LIMBECK_RETURN_IF_ERROR(FillOptions(model->config, *tokenizer, filled));
  auto sampler = std::make_unique<LocalSampler>(std::move(model),
                                                std::move(tokenizer), filled);
  LIMBECK_RETURN_IF_ERROR(sampler->Prepare());
  return sampler;
}

absl::StatusOr<std::unique_ptr<Sampler>> CreateLocalSampler(
    const std::string& checkpoint_directory,
    const LocalSamplerOptions& options) {
  LIMBECK_ASSIGN_OR_RETURN(Model model,
                           LoadCheckpoint(checkpoint_directory, at::kFloat));
  LIMBECK_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(checkpoint_directory));
  LocalSamplerOptions filled = options;
  if (filled.format == nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(
        ChatFormat format,
        ChatFormat::Load(checkpoint_directory, ChatOptions()));
    filled.format = std::make_shared<const ChatFormat>(std::move(format));
  }
  if (filled.identity.name().empty()) {
    filled.identity.set_name(BaseName(checkpoint_directory));
  }
  if (filled.identity.revision().empty()) {
    LIMBECK_ASSIGN_OR_RETURN(*filled.identity.mutable_revision(),
                             CheckpointDigest(checkpoint_directory));
  }
  return CreateLocalSampler(std::make_shared<const Model>(std::move(model)),
                            std::move(tokenizer), filled);
}

}  // namespace limbeck
