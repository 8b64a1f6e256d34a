// The shape of a decoder and the special ids that stop it, as in config.json.
#ifndef LIMBECK_STUDENT_CONFIG_H_
#define LIMBECK_STUDENT_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/json.h"

namespace limbeck {

// Llama/Qwen2-type decoder: RMSNorm, RoPE, GQA, SwiGLU, optional qkv bias.
struct ModelConfig {
  std::string model_type = "llama";  // "llama" or "qwen2"
  int64_t vocab_size = 0;            // rows of embedding and head, padding too
  int64_t hidden_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t intermediate_size = 0;
  int64_t max_positions = 0;
  double rms_norm_eps = 0.0;
  double rope_theta = 0.0;
  bool qkv_bias = false;   // llama: attention_bias must be false
  bool tied_head = false;  // head is the embedding
  double initializer_range = 0.02;
  int32_t bos_id = -1;
  std::vector<int32_t> eos_ids;   // union of config and generation_config
  std::string dtype = "float32";  // as stored: float32, bfloat16, float16
  Json original;                  // config.json as read; kept on export
  Json original_generation;       // generation_config.json as read

  int64_t NumParameters() const;
};

// Positive sizes that fit in memory's address range, heads divisible by kv
// heads, known model_type and dtype.
absl::Status ValidateConfig(const ModelConfig& config);
// Reads config.json and, if there, generation_config.json of a folder. What
// the forward does not do (RoPE scaling, sliding windows, quantisation, biases
// elsewhere than in qkv of qwen2) is refused with the name of the setting.
absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& directory);
// The same from parsed files; `generation` may be null.
absl::StatusOr<ModelConfig> ParseModelConfig(const Json& config,
                                             const Json& generation);
// The content of config.json and generation_config.json: the originals with
// our fields set, so that unknown keys survive.
Json ConfigToJson(const ModelConfig& config);
Json GenerationConfigToJson(const ModelConfig& config);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CONFIG_H_
