// The configuration of a model that begins with random weights.
#ifndef LIMBECK_RECIPES_COMMAND_NEW_MODEL_H_
#define LIMBECK_RECIPES_COMMAND_NEW_MODEL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "student/config/config.h"

namespace limbeck {

// Sizes that are given; the others are of the file, or the family's defaults.
struct NewModelOptions {
  std::string config_path;            // config.json, or a folder with one
  std::optional<std::string> family;  // default llama
  std::optional<int64_t> vocab_size;
  std::optional<int64_t> hidden_size;
  std::optional<int64_t> num_layers;
  std::optional<int64_t> num_heads;
  std::optional<int64_t> num_kv_heads;
  std::optional<int64_t> head_dim;
  std::optional<int64_t> intermediate_size;
  std::optional<int64_t> max_positions;
  std::optional<double> rope_theta;
  std::optional<bool> tied_head;
};

// Without a file: biases and norms of heads are the family's; rms_norm_eps is
// 1e-6 (mistral: 1e-5), rope_theta 10000 (mistral, qwen3: 1000000), 2048
// positions, a tied head, no window and no RoPE scaling. deepseek_v3 has
// latents of hidden_size / 4 (keys and values) and hidden_size / 2 (queries),
// half as many rotated channels as head_dim says others (at least 2), and after
// one dense layer 8 experts of intermediate_size / 4 in 2 groups, 2 of one
// group for each token, and a shared one.
// vocab_size may be left 0: nothing is checked that depends on it.
absl::StatusOr<ModelConfig> ConfigOfNewModel(const NewModelOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_NEW_MODEL_H_
