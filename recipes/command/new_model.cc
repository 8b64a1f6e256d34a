#include "recipes/command/new_model.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "student/config/config_family.h"

namespace limbeck {
namespace {

// Latent attention and experts that are small beside the given sizes.
void AddLatentParts(ModelConfig& config) {
  const int64_t nope = config.head_dim;
  const int64_t rope = std::max<int64_t>(2, nope / 4 * 2);
  config.latent =
      LatentAttention{.q_rank = std::max<int64_t>(1, config.hidden_size / 2),
                      .kv_rank = std::max<int64_t>(1, config.hidden_size / 4),
                      .nope_dim = nope,
                      .rope_dim = rope,
                      .value_dim = nope};
  config.head_dim = nope + rope;
  config.num_kv_heads = config.num_heads;
  config.rope_interleaved = true;
  config.experts = ExpertMixture{
      .num_experts = 8,
      .num_chosen = 2,
      .num_groups = 2,
      .num_chosen_groups = 1,
      .intermediate_size = std::max<int64_t>(1, config.intermediate_size / 4),
      .num_shared = 1,
      .first_layer = 1};
}

absl::Status RequireSizes(const NewModelOptions& options) {
  std::vector<std::string> missing;
  const auto require = [&](const std::optional<int64_t>& size,
                           const char* option) {
    if (!size.has_value()) missing.emplace_back(option);
  };
  require(options.hidden_size, "--hidden_size");
  require(options.num_layers, "--layers");
  require(options.num_heads, "--heads");
  require(options.intermediate_size, "--intermediate_size");
  if (missing.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("give ", absl::StrJoin(missing, ", "),
                   ", or --config with a config.json that says them"));
}

absl::StatusOr<ModelConfig> ConfigOfFamily(const NewModelOptions& options) {
  LIMBECK_RETURN_IF_ERROR(RequireSizes(options));
  ModelConfig config;
  config.model_type = options.family.value_or("llama");
  const ModelFamily* family = FindModelFamily(config.model_type);
  if (family == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--family is ", config.model_type, ", known are ",
                     absl::StrJoin(ModelFamilyNames(), ", ")));
  }
  config.vocab_size = options.vocab_size.value_or(0);
  config.hidden_size = *options.hidden_size;
  config.num_layers = *options.num_layers;
  config.num_heads = *options.num_heads;
  config.num_kv_heads = options.num_kv_heads.value_or(config.num_heads);
  config.head_dim = options.head_dim.value_or(
      config.num_heads > 0 ? config.hidden_size / config.num_heads : 0);
  config.intermediate_size = *options.intermediate_size;
  config.max_positions = options.max_positions.value_or(2048);
  const bool mistral = family->window == WindowPlace::kEveryLayer;
  config.rms_norm_eps = mistral ? 1e-5 : 1e-6;
  config.rope_theta =
      options.rope_theta.value_or(mistral || family->qk_norm ? 1e6 : 1e4);
  config.qkv_bias = family->bias == AttentionBias::kQkv;
  config.qk_norm = family->qk_norm;
  config.tied_head = options.tied_head.value_or(true);
  if (!family->latent) return config;
  if (options.num_kv_heads.value_or(config.num_heads) != config.num_heads) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--kv_heads is ", *options.num_kv_heads, ", ", config.model_type,
        " has as many as --heads, ", config.num_heads));
  }
  AddLatentParts(config);
  return config;
}

template <typename Value>
void Replace(const std::optional<Value>& given, Value& value) {
  if (given.has_value()) value = *given;
}

absl::StatusOr<ModelConfig> ConfigOfFile(const NewModelOptions& options) {
  const std::string& path = options.config_path;
  LIMBECK_ASSIGN_OR_RETURN(ModelConfig config, IsDirectory(path)
                                                   ? ReadModelConfig(path)
                                                   : ReadModelConfigFile(path));
  if (options.family.value_or(config.model_type) != config.model_type) {
    return absl::InvalidArgumentError(
        absl::StrCat("--family is ", *options.family, ", ", path, " describes ",
                     config.model_type, "; leave --family out"));
  }
  if (config.latent && (options.head_dim || options.num_kv_heads)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--head_dim and --kv_heads do not apply to the latent "
                     "attention of ",
                     path));
  }
  Replace(options.vocab_size, config.vocab_size);
  Replace(options.hidden_size, config.hidden_size);
  Replace(options.num_layers, config.num_layers);
  Replace(options.num_heads, config.num_heads);
  Replace(options.num_kv_heads, config.num_kv_heads);
  if (config.latent) config.num_kv_heads = config.num_heads;
  Replace(options.head_dim, config.head_dim);
  Replace(options.intermediate_size, config.intermediate_size);
  Replace(options.max_positions, config.max_positions);
  Replace(options.rope_theta, config.rope_theta);
  Replace(options.tied_head, config.tied_head);
  if (config.first_sliding_layer >= config.num_layers) {
    config.sliding_window = 0;
    config.first_sliding_layer = 0;
  }
  // Random weights are neither quantised nor do they predict further tokens.
  config.fp8_blocks.reset();
  config.num_prediction_layers = 0;
  return config;
}

}  // namespace

absl::StatusOr<ModelConfig> ConfigOfNewModel(const NewModelOptions& options) {
  return options.config_path.empty() ? ConfigOfFamily(options)
                                     : ConfigOfFile(options);
}

}  // namespace limbeck
