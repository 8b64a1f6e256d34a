// Which configurations are a model that fits in memory's address range and that
// a config.json of its family can describe.
#include <cmath>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "data/base/status_macros.h"
#include "student/config/config.h"
#include "student/config/config_family.h"
#include "student/config/config_json.h"
#include "student/config/config_parameters.h"
#include "student/config/config_rope.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxSize = int64_t{1} << 24;
constexpr int64_t kMaxLayers = 4096;
constexpr double kMaxParameters = 1e13;
// Of all layers together.
constexpr int64_t kMaxExperts = int64_t{1} << 17;
constexpr int64_t kMaxPredictionLayers = 64;

struct NamedSize {
  absl::string_view name;
  int64_t value = 0;
  int64_t least = 1;
  int64_t most = kMaxSize;
};

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("model config: ", parts...));
}

absl::Status CheckSizes(std::initializer_list<NamedSize> sizes) {
  for (const NamedSize& size : sizes) {
    if (size.value >= size.least && size.value <= size.most) continue;
    return Invalid(size.name, " is ", size.value, ", expected a value from ",
                   size.least, " to ", size.most);
  }
  return absl::OkStatus();
}

absl::Status CheckFamily(const ModelConfig& config, const ModelFamily& family) {
  const auto differs = [&](absl::string_view part, bool has) {
    return Invalid(part, " is ", has ? "set" : "not set",
                   ", which config.json of ", config.model_type, " cannot say");
  };
  const bool qkv = family.bias == AttentionBias::kOptional
                       ? config.qkv_bias
                       : family.bias == AttentionBias::kQkv;
  if (config.qkv_bias != qkv) return differs("qkv_bias", config.qkv_bias);
  const bool o = family.bias == AttentionBias::kOptional && qkv;
  if (config.o_bias != o) return differs("o_bias", config.o_bias);
  if (config.qk_norm != family.qk_norm) {
    return differs("qk_norm", config.qk_norm);
  }
  const bool may_slide = family.window != WindowPlace::kNowhere;
  if (config.sliding_window != 0 && !may_slide) {
    return differs("sliding_window", true);
  }
  if (config.first_sliding_layer != 0 &&
      family.window != WindowPlace::kUpperLayers) {
    return differs("first_sliding_layer", true);
  }
  if (config.latent.has_value() != family.latent) {
    return differs("latent attention", config.latent.has_value());
  }
  if (config.experts.has_value() != family.latent) {
    return differs("mixture of experts", config.experts.has_value());
  }
  if (config.rope_interleaved && !family.latent) {
    return differs("rope_interleaved", true);
  }
  return absl::OkStatus();
}

absl::Status CheckDtype(const ModelConfig& config) {
  if (config.dtype != "float32" && config.dtype != "bfloat16" &&
      config.dtype != "float16") {
    return UnsupportedSetting("dtype", config.dtype,
                              "float32, bfloat16 or float16");
  }
  if (!config.fp8_blocks.has_value()) return absl::OkStatus();
  return CheckSizes({{"weight_block_size", config.fp8_blocks->rows},
                     {"weight_block_size", config.fp8_blocks->columns}});
}

absl::Status CheckHeads(const ModelConfig& config, const ModelFamily& family) {
  if (config.num_heads % config.num_kv_heads != 0) {
    return Invalid("num_attention_heads is ", config.num_heads,
                   ", not a multiple of num_key_value_heads ",
                   config.num_kv_heads);
  }
  if (config.RotaryDim() % 2 != 0) {
    return Invalid(config.latent ? "qk_rope_head_dim is " : "head_dim is ",
                   config.RotaryDim(), ", RoPE needs an even number");
  }
  if (family.equal_heads && config.hidden_size % config.num_heads != 0) {
    // The arithmetic would work, but transformers refuses such checkpoints.
    return Invalid("hidden_size is ", config.hidden_size,
                   ", not a multiple of num_attention_heads ",
                   config.num_heads);
  }
  return absl::OkStatus();
}

absl::Status CheckLatent(const ModelConfig& config) {
  const LatentAttention& latent = *config.latent;
  LIMBECK_RETURN_IF_ERROR(CheckSizes({{"q_lora_rank", latent.q_rank, 0},
                                      {"kv_lora_rank", latent.kv_rank},
                                      {"qk_nope_head_dim", latent.nope_dim},
                                      {"qk_rope_head_dim", latent.rope_dim},
                                      {"v_head_dim", latent.value_dim}}));
  if (config.head_dim != latent.nope_dim + latent.rope_dim) {
    return Invalid("head_dim is ", config.head_dim, ", expected ",
                   latent.nope_dim + latent.rope_dim,
                   ", the sum of qk_nope_head_dim and qk_rope_head_dim");
  }
  if (config.num_kv_heads != config.num_heads) {
    return Invalid("num_key_value_heads is ", config.num_kv_heads,
                   ", latent attention needs as many as num_attention_heads, ",
                   config.num_heads);
  }
  return absl::OkStatus();
}

absl::Status CheckExperts(const ModelConfig& config) {
  const ExpertMixture& experts = *config.experts;
  const int64_t most = kMaxExperts / config.num_layers;
  LIMBECK_RETURN_IF_ERROR(CheckSizes(
      {{"n_routed_experts", experts.num_experts, 2, most},
       {"n_group", experts.num_groups, 1, experts.num_experts},
       {"topk_group", experts.num_chosen_groups, 1, experts.num_groups},
       {"moe_intermediate_size", experts.intermediate_size},
       {"n_shared_experts", experts.num_shared, 0, most},
       {"first_k_dense_replace", experts.first_layer, 0},
       {"num_nextn_predict_layers", config.num_prediction_layers, 0,
        kMaxPredictionLayers}}));
  const int64_t in_group = experts.num_experts / experts.num_groups;
  // transformers weighs a group by its two best experts.
  if (experts.num_experts % experts.num_groups != 0 || in_group < 2) {
    return Invalid("n_routed_experts is ", experts.num_experts,
                   ", expected a multiple of n_group ", experts.num_groups,
                   " with at least 2 experts in each group");
  }
  LIMBECK_RETURN_IF_ERROR(
      CheckSizes({{"num_experts_per_tok", experts.num_chosen, 1,
                   experts.num_chosen_groups * in_group}}));
  if (!(std::abs(experts.scaling) <= 1e6)) {
    return Invalid("routed_scaling_factor is ", experts.scaling,
                   ", expected a value from -1e6 to 1e6");
  }
  return absl::OkStatus();
}

// Before anything multiplies sizes as integers.
absl::Status CheckParameterCount(const ModelConfig& config) {
  const double parameters = CountParameters<double>(
      config, config.experts ? config.experts->num_experts : 0);
  if (parameters <= kMaxParameters) return absl::OkStatus();
  return Invalid("about ", parameters,
                 " parameters, more than the largest supported ",
                 kMaxParameters);
}

absl::Status CheckScalars(const ModelConfig& config) {
  if (!(config.rms_norm_eps >= 0.0 && config.rms_norm_eps < 1.0)) {
    return Invalid("rms_norm_eps is ", config.rms_norm_eps,
                   ", expected a value from 0 to 1");
  }
  if (!(config.initializer_range >= 0.0 && config.initializer_range <= 1e3)) {
    return Invalid("initializer_range is ", config.initializer_range,
                   ", expected a value from 0 to 1000");
  }
  return CheckRope(config.rope_theta, config.rope_scaling);
}

}  // namespace

absl::Status ValidateConfig(const ModelConfig& config) {
  const ModelFamily* family = FindModelFamily(config.model_type);
  if (family == nullptr) {
    return UnsupportedSetting("model_type", config.model_type,
                              absl::StrJoin(ModelFamilyNames(), ", "));
  }
  LIMBECK_RETURN_IF_ERROR(CheckFamily(config, *family));
  LIMBECK_RETURN_IF_ERROR(CheckDtype(config));
  LIMBECK_RETURN_IF_ERROR(
      CheckSizes({{"vocab_size", config.vocab_size},
                  {"hidden_size", config.hidden_size},
                  {"num_attention_heads", config.num_heads},
                  {"num_key_value_heads", config.num_kv_heads},
                  {"head_dim", config.head_dim},
                  {"intermediate_size", config.intermediate_size},
                  {"max_position_embeddings", config.max_positions},
                  {"num_hidden_layers", config.num_layers, 1, kMaxLayers},
                  {"sliding_window", config.sliding_window, 0},
                  {"max_window_layers", config.first_sliding_layer, 0,
                   config.num_layers}}));
  LIMBECK_RETURN_IF_ERROR(CheckHeads(config, *family));
  if (config.latent) LIMBECK_RETURN_IF_ERROR(CheckLatent(config));
  if (config.experts) LIMBECK_RETURN_IF_ERROR(CheckExperts(config));
  LIMBECK_RETURN_IF_ERROR(CheckParameterCount(config));
  return CheckScalars(config);
}

}  // namespace limbeck
