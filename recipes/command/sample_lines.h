// Lines of the generate filter: prompts in, samples out.
#ifndef LIMBECK_RECIPES_COMMAND_SAMPLE_LINES_H_
#define LIMBECK_RECIPES_COMMAND_SAMPLE_LINES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/text/tokenizer.h"
#include "recipes/command/chat_lines.h"
#include "teacher/sampler.h"

namespace limbeck {

struct SampleSettings {
  Sampling sampling;  // sample_index is filled in
  int num_samples = 1;
  int top_k_logprobs = 0;                 // of --logprobs
  std::shared_ptr<const ChatLines> chat;  // renders lines of messages
};

// Ids of {"ids"}, {"prompt"} or {"messages"}; exactly one of them.
absl::StatusOr<std::vector<uint32_t>> PromptOf(const Json& line,
                                               const Tokenizer& tokenizer,
                                               const SampleSettings& settings);

// {"samples": [{"ids", "text", "finish_reason", "logprobs"}...]} for each line.
std::vector<absl::StatusOr<Json>> SampleBatch(Sampler& sampler,
                                              const Tokenizer& tokenizer,
                                              const SampleSettings& settings,
                                              const std::vector<Json>& lines);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_SAMPLE_LINES_H_
