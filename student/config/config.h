// The shape of a decoder and the special ids that stop it, as in config.json.
#ifndef LIMBECK_STUDENT_CONFIG_CONFIG_H_
#define LIMBECK_STUDENT_CONFIG_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/json.h"

namespace limbeck {

enum class RopeType { kDefault, kLinear, kLlama3, kYarn };

// How rotary frequencies are stretched for long contexts; raw values of
// rope_parameters (transformers 5) or rope_scaling (4). Absent fields of a type
// keep the defaults that transformers gives them.
struct RopeScaling {
  RopeType type = RopeType::kDefault;
  double factor = 1.0;                     // all but default
  int64_t original_max_positions = 0;      // llama3, yarn
  double low_freq_factor = 1.0;            // llama3
  double high_freq_factor = 4.0;           // llama3
  double beta_fast = 32.0;                 // yarn, rotations
  double beta_slow = 1.0;                  // yarn, rotations
  bool truncate = true;                    // yarn: whole channels
  std::optional<double> attention_factor;  // yarn: of cosine and sine
  std::optional<double> mscale;            // yarn
  std::optional<double> mscale_all_dim;    // yarn; deepseek_v3: all types

  bool operator==(const RopeScaling&) const = default;
};

// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1):
// keys and values are made from a latent vector of `kv_rank` numbers, and one
// rotated key part is shared by all heads.
struct LatentAttention {
  int64_t q_rank = 0;  // 0: queries come straight from the hidden state
  int64_t kv_rank = 0;
  int64_t nope_dim = 0;   // per head, without rotation
  int64_t rope_dim = 0;   // per head, rotated; even
  int64_t value_dim = 0;  // per head

  bool operator==(const LatentAttention&) const = default;
};

// Mixture of experts with a sigmoid router whose choice is balanced by a bias
// (DeepSeek-V3, arXiv:2412.19437, section 2.1.2).
struct ExpertMixture {
  int64_t num_experts = 0;
  int64_t num_chosen = 0;         // experts for each token
  int64_t num_groups = 1;         // experts come in groups of equal size
  int64_t num_chosen_groups = 1;  // a token's experts come from these
  int64_t intermediate_size = 0;  // of one expert
  int64_t num_shared = 0;         // shared experts, one MLP of that many widths
  int64_t first_layer = 0;        // layers before are dense
  bool normalize = true;          // weights of the chosen sum to one
  double scaling = 1.0;           // of the weights after that

  bool operator==(const ExpertMixture&) const = default;
};

// Matrices are stored as float8 e4m3, with one float32 factor for each block
// of this size (tensor NAME_scale_inv); the last blocks may be cut.
struct Fp8Blocks {
  int64_t rows = 128;
  int64_t columns = 128;

  bool operator==(const Fp8Blocks&) const = default;
};

// Decoder with RMSNorm, RoPE and SwiGLU. How one family differs from another
// is data here: nothing else asks for model_type.
struct ModelConfig {
  // "llama", "mistral", "qwen2", "qwen3" or "deepseek_v3".
  std::string model_type = "llama";
  int64_t vocab_size = 0;  // rows of embedding and head, padding too
  int64_t hidden_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;           // latent attention: nope_dim + rope_dim
  int64_t intermediate_size = 0;  // of dense layers
  int64_t max_positions = 0;
  double rms_norm_eps = 0.0;
  double rope_theta = 0.0;
  RopeScaling rope_scaling;
  bool rope_interleaved = false;  // pairs (2i, 2i+1) instead of (i, i + half)
  bool qkv_bias = false;
  bool o_bias = false;
  bool qk_norm = false;        // RMSNorm of each head of q and k before RoPE
  int64_t sliding_window = 0;  // tokens seen, itself included; 0: all
  int64_t first_sliding_layer = 0;  // layers before see all
  std::optional<LatentAttention> latent;
  std::optional<ExpertMixture> experts;
  bool tied_head = false;  // head is the embedding
  double initializer_range = 0.02;
  int32_t bos_id = -1;
  std::vector<int32_t> eos_ids;   // union of config and generation_config
  std::string dtype = "float32";  // as stored: float32, bfloat16, float16
  // What a checkpoint holds besides: read, never written.
  std::optional<Fp8Blocks> fp8_blocks;
  int64_t num_prediction_layers = 0;  // after the last one; nothing uses them
  Json original;                      // config.json as read; kept on export
  Json original_generation;           // generation_config.json as read

  bool operator==(const ModelConfig&) const = default;
  int64_t NumParameters() const;
  // Those that one token meets: of the routed experts the chosen ones only.
  int64_t NumActiveParameters() const;
  // Tokens that layer `layer` sees, itself included; 0: all.
  int64_t Window(int64_t layer) const {
    return layer >= first_sliding_layer ? sliding_window : 0;
  }
  bool HasExperts(int64_t layer) const {
    return experts.has_value() && layer >= experts->first_layer;
  }
  // Per head: value_dim of latent attention, else head_dim.
  int64_t ValueDim() const { return latent ? latent->value_dim : head_dim; }
  // Channels of a head that RoPE turns: rope_dim, else head_dim.
  int64_t RotaryDim() const { return latent ? latent->rope_dim : head_dim; }
  // Of the scores: 1 / sqrt(head_dim), times the square of YaRN's mscale where
  // deepseek_v3 has mscale_all_dim, whatever the type of its scaled RoPE.
  double AttentionScale() const;
};

// Positive sizes that fit in memory's address range and with each other, known
// model_type and dtype, and nothing that the family's config.json cannot say.
absl::Status ValidateConfig(const ModelConfig& config);
// Reads config.json and, if there, generation_config.json of a folder, as
// transformers 4 and 5 write them. What is not done here (other RoPE types,
// other quantisation than blocks of float8, biases of MLPs, windows in other
// layers than the last ones) is refused with the name of the setting.
absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& directory);
// A file of any name alone.
absl::StatusOr<ModelConfig> ReadModelConfigFile(const std::string& path);
// The same from parsed files; `generation` may be null.
absl::StatusOr<ModelConfig> ParseModelConfig(const Json& config,
                                             const Json& generation);
// The content of config.json and generation_config.json: the originals with
// our fields set, so that unknown keys survive. Both versions of transformers
// read a new one; an original keeps the style of its version.
Json ConfigToJson(const ModelConfig& config);
Json GenerationConfigToJson(const ModelConfig& config);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CONFIG_CONFIG_H_
