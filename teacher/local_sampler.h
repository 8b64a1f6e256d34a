// Samples from a model in this process: continuous batching over a fixed
// number of rows, in exact mode.
//
// Exact: a result depends on its request and the weights only. The decoder
// computes each token of each row on its own (kernels/decode), and the random
// numbers of a sample are a function of its key, so concurrency, the number of
// rows, order of submission and restarts leave every byte alone.
#ifndef LIMBECK_TEACHER_LOCAL_SAMPLER_H_
#define LIMBECK_TEACHER_LOCAL_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/text/chat_format.h"
#include "data/text/tokenizer.h"
#include "student/weights.h"
#include "teacher/sampler.h"

namespace limbeck {

struct LocalSamplerOptions {
  int rows = 32;  // samples decoded together, 1..4096
  // Prompt and output tokens of one sample; 0: as many as the model's config
  // allows. The KV cache grows to rows times the longest request so far.
  int64_t max_context = 0;
  // A request that would make the cache larger fails; 0: none does.
  double max_cache_bytes = 0.0;
  // A sample also ends where its text contains one of these; the text is cut
  // before it, the ids keep the tokens that complete it.
  std::vector<std::string> stop_strings;
  // Goes on after end tokens until max_tokens (benchmarks).
  bool ignore_end_ids = false;
  // Columns of the head that are tokens; the padding behind them is neither
  // sampled nor part of any log-probability. 0: as many as the tokenizer has.
  int64_t num_valid_columns = 0;
  LogprobCodec signal_codec = LOGPROB_CODEC_FLOAT32;
  // How problems become prompts; a sample also ends at the token that ends its
  // turns. Null: the built-in format.
  std::shared_ptr<const ChatFormat> format;
  Teacher identity;  // empty fields are filled in from the checkpoint
};

// Loads checkpoint, tokenizer and (unless the options have one) chat format of
// a folder, as float32. Ends at the end ids of config, generation_config and
// tokenizer.
absl::StatusOr<std::unique_ptr<Sampler>> CreateLocalSampler(
    const std::string& checkpoint_directory,
    const LocalSamplerOptions& options);

// The same over a model that others hold too; they may change its weights
// between samples and say so through PublishWeights. Decoding is in float32:
// of other types the sampler keeps a copy, 4 bytes for each parameter.
absl::StatusOr<std::unique_ptr<Sampler>> CreateLocalSampler(
    std::shared_ptr<const Model> model,
    std::shared_ptr<const Tokenizer> tokenizer,
    const LocalSamplerOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_LOCAL_SAMPLER_H_
