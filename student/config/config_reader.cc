// config.json and generation_config.json as written by transformers 4 and 5.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "data/base/status_macros.h"
#include "student/config/config.h"
#include "student/config/config_family.h"
#include "student/config/config_json.h"
#include "student/config/config_rope.h"

namespace limbeck {
namespace {

constexpr size_t kMaxEosIds = 256;
// Of mistral, qwen2 and qwen3 where they are absent.
constexpr int64_t kUnsetWindow = 4096;
constexpr int64_t kUnsetWindowLayers = 28;

// Everything that would change the numbers but is not in ModelConfig.
absl::Status RefuseWhatForwardDoesNot(const Json& json) {
  LIMBECK_RETURN_IF_ERROR(RefuseUnlessFalse(json, "mlp_bias"));
  LIMBECK_RETURN_IF_ERROR(RefuseUnlessAbsent(json, "compression_config"));
  LIMBECK_RETURN_IF_ERROR(RefuseUnlessAbsent(json, "per_layer_config"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string activation,
                           json.GetString("hidden_act", "silu"));
  if (activation == "swish") return absl::OkStatus();  // its older name
  return RefuseOtherWord(json, "hidden_act", "silu");
}

// An id, a list of ids, or null; adds those not yet in `ids`.
absl::Status CollectIds(const Json& json, absl::string_view key,
                        std::vector<int32_t>& ids) {
  if (IsAbsent(json, key)) return absl::OkStatus();
  const Json& value = *json.Find(key);
  const JsonArray list = value.is_array() ? value.array() : JsonArray{value};
  if (list.size() > kMaxEosIds) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, " holds ", list.size(),
                     " ids, more than the largest supported ", kMaxEosIds));
  }
  for (const Json& entry : list) {
    if (entry.kind() != Json::Kind::kInt || entry.integer() < 0 ||
        entry.integer() > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, " holds ", ShownSetting(WriteJson(entry)),
                       ", expected an id or a list of ids"));
    }
    const int32_t id = static_cast<int32_t>(entry.integer());
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return absl::OkStatus();
}

absl::Status ReadSizes(const Json& json, const ModelFamily& family,
                       ModelConfig& config) {
  LIMBECK_ASSIGN_OR_RETURN(config.vocab_size, json.GetInt("vocab_size"));
  LIMBECK_ASSIGN_OR_RETURN(config.hidden_size, json.GetInt("hidden_size"));
  LIMBECK_ASSIGN_OR_RETURN(config.num_layers, json.GetInt("num_hidden_layers"));
  LIMBECK_ASSIGN_OR_RETURN(config.num_heads,
                           json.GetInt("num_attention_heads"));
  // null means as many as heads in every family; an absent key does not.
  const bool absent = json.Find("num_key_value_heads") == nullptr;
  LIMBECK_ASSIGN_OR_RETURN(
      config.num_kv_heads,
      json.GetInt("num_key_value_heads", absent && family.num_kv_heads > 0
                                             ? family.num_kv_heads
                                             : config.num_heads));
  LIMBECK_ASSIGN_OR_RETURN(config.intermediate_size,
                           json.GetInt("intermediate_size"));
  config.max_positions = family.max_positions;
  if (json.Find("max_position_embeddings") != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(config.max_positions,
                             json.GetInt("max_position_embeddings"));
  }
  if (family.latent) return absl::OkStatus();
  int64_t head_dim = family.head_dim;
  if (head_dim == 0 && config.num_heads > 0) {
    head_dim = config.hidden_size / config.num_heads;
  }
  LIMBECK_ASSIGN_OR_RETURN(config.head_dim, json.GetInt("head_dim", head_dim));
  return absl::OkStatus();
}

absl::Status ReadBiases(const Json& json, const ModelFamily& family,
                        ModelConfig& config) {
  config.qk_norm = family.qk_norm;
  if (family.bias == AttentionBias::kQkv) {
    config.qkv_bias = true;
    return absl::OkStatus();
  }
  if (family.bias == AttentionBias::kNever) {
    return RefuseUnlessFalse(json, "attention_bias");
  }
  LIMBECK_ASSIGN_OR_RETURN(config.qkv_bias,
                           json.GetBool("attention_bias", false));
  config.o_bias = config.qkv_bias;
  return absl::OkStatus();
}

// The first layer with a window, num_layers where none has one; nothing where
// the file does not say. Full layers after it are refused.
absl::StatusOr<std::optional<int64_t>> FirstSlidingLayer(const Json& json,
                                                         int64_t num_layers) {
  if (IsAbsent(json, "layer_types")) return std::optional<int64_t>();
  const Json& types = *json.Find("layer_types");
  if (!types.is_array()) {
    return UnsupportedSetting("layer_types", WriteJson(types), "a list");
  }
  int64_t full = 0;
  bool sliding = false;
  for (const Json& type : types.array()) {
    const bool is_full = type == Json("full_attention");
    if (!is_full && !(type == Json("sliding_attention"))) {
      return UnsupportedSetting("layer_types", WriteJson(type),
                                "full_attention or sliding_attention");
    }
    if (is_full && sliding) {
      return UnsupportedSetting("layer_types", "a window before a full layer",
                                "full layers first, then those with a window");
    }
    sliding = !is_full;
    full += is_full ? 1 : 0;
  }
  const auto size = static_cast<int64_t>(types.array().size());
  if (size != num_layers) {
    return absl::InvalidArgumentError(
        absl::StrCat("layer_types has ", size,
                     " entries, num_hidden_layers is ", num_layers));
  }
  return std::optional<int64_t>(full);
}

// 0 for null.
absl::StatusOr<int64_t> WindowSize(const Json& json) {
  const Json* window = json.Find("sliding_window");
  if (window == nullptr) return kUnsetWindow;
  if (window->is_null()) return 0;
  LIMBECK_ASSIGN_OR_RETURN(const int64_t size, json.GetInt("sliding_window"));
  if (size > 0) return size;
  return absl::InvalidArgumentError(absl::StrCat(
      "sliding_window is ", size, ", expected a positive number or null"));
}

absl::Status ContradictoryLayers(int64_t full, absl::string_view window) {
  return absl::InvalidArgumentError(
      absl::StrCat("layer_types has a window from layer ", full,
                   " on, but sliding_window is ", window));
}

// Which layers see only the last tokens, and how many.
absl::Status ReadWindow(const Json& json, const ModelFamily& family,
                        ModelConfig& config) {
  const int64_t layers = config.num_layers;
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<int64_t> listed,
                           FirstSlidingLayer(json, layers));
  if (family.window == WindowPlace::kNowhere) {
    LIMBECK_RETURN_IF_ERROR(RefuseUnlessFalse(json, "use_sliding_window"));
    LIMBECK_RETURN_IF_ERROR(RefuseUnlessAbsent(json, "sliding_window"));
    return listed.value_or(layers) == layers
               ? absl::OkStatus()
               : UnsupportedSetting("layer_types", "\"sliding_attention\"",
                                    "full_attention");
  }
  LIMBECK_ASSIGN_OR_RETURN(int64_t window, WindowSize(json));
  int64_t first = 0;
  if (family.window == WindowPlace::kUpperLayers) {
    LIMBECK_ASSIGN_OR_RETURN(const bool used,
                             json.GetBool("use_sliding_window", false));
    if (!used) window = 0;
    LIMBECK_ASSIGN_OR_RETURN(
        first, json.GetInt("max_window_layers", kUnsetWindowLayers));
    first = std::clamp<int64_t>(listed.value_or(first), 0,
                                std::max<int64_t>(layers, 0));
  }
  if (listed.value_or(layers) < layers && window == 0) {
    return ContradictoryLayers(*listed, "off");
  }
  if (listed.value_or(first) != first && window > 0) {
    return ContradictoryLayers(*listed, absl::StrCat(window, " everywhere"));
  }
  if (window == 0 || first >= layers) return absl::OkStatus();
  config.sliding_window = window;
  config.first_sliding_layer = first;
  return absl::OkStatus();
}

absl::Status ReadLatent(const Json& json, ModelConfig& config) {
  LatentAttention& latent = config.latent.emplace();
  if (json.Find("q_lora_rank") == nullptr) {
    return absl::NotFoundError(
        "\"q_lora_rank\" is missing (null where queries have no latent)");
  }
  const bool has_q_rank = !IsAbsent(json, "q_lora_rank");
  if (has_q_rank) {
    LIMBECK_ASSIGN_OR_RETURN(latent.q_rank, json.GetInt("q_lora_rank"));
    if (latent.q_rank < 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "q_lora_rank is ", latent.q_rank, ", expected null or at least 1"));
    }
  }
  LIMBECK_ASSIGN_OR_RETURN(latent.kv_rank, json.GetInt("kv_lora_rank"));
  LIMBECK_ASSIGN_OR_RETURN(latent.nope_dim, json.GetInt("qk_nope_head_dim"));
  LIMBECK_ASSIGN_OR_RETURN(latent.rope_dim, json.GetInt("qk_rope_head_dim"));
  LIMBECK_ASSIGN_OR_RETURN(latent.value_dim, json.GetInt("v_head_dim"));
  LIMBECK_ASSIGN_OR_RETURN(config.rope_interleaved,
                           json.GetBool("rope_interleave", true));
  // transformers 5 writes the rotated part as head_dim.
  LIMBECK_ASSIGN_OR_RETURN(const int64_t rotated,
                           json.GetInt("head_dim", latent.rope_dim));
  if (rotated != latent.rope_dim) {
    return absl::InvalidArgumentError(
        absl::StrCat("head_dim is ", rotated, ", but qk_rope_head_dim is ",
                     latent.rope_dim, "; they name the same channels"));
  }
  if (__builtin_add_overflow(latent.nope_dim, latent.rope_dim,
                             &config.head_dim)) {
    return absl::InvalidArgumentError(
        absl::StrCat("qk_nope_head_dim is ", latent.nope_dim,
                     ", expected a number of channels"));
  }
  return absl::OkStatus();
}

absl::Status ReadExperts(const Json& json, ModelConfig& config) {
  LIMBECK_RETURN_IF_ERROR(RefuseOtherWord(json, "scoring_func", "sigmoid"));
  LIMBECK_RETURN_IF_ERROR(RefuseOtherWord(json, "topk_method", "noaux_tc"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t every,
                           json.GetInt("moe_layer_freq", 1));
  if (every != 1) {
    return UnsupportedSetting("moe_layer_freq", absl::StrCat(every), "1");
  }
  ExpertMixture& experts = config.experts.emplace();
  LIMBECK_ASSIGN_OR_RETURN(experts.num_experts,
                           json.GetInt("n_routed_experts"));
  LIMBECK_ASSIGN_OR_RETURN(experts.num_chosen,
                           json.GetInt("num_experts_per_tok"));
  LIMBECK_ASSIGN_OR_RETURN(experts.num_groups, json.GetInt("n_group"));
  LIMBECK_ASSIGN_OR_RETURN(experts.num_chosen_groups,
                           json.GetInt("topk_group"));
  LIMBECK_ASSIGN_OR_RETURN(experts.intermediate_size,
                           json.GetInt("moe_intermediate_size"));
  const bool no_shared = json.Find("n_shared_experts") != nullptr &&
                         IsAbsent(json, "n_shared_experts");
  LIMBECK_ASSIGN_OR_RETURN(experts.num_shared,
                           json.GetInt("n_shared_experts", no_shared ? 0 : 1));
  LIMBECK_ASSIGN_OR_RETURN(experts.first_layer,
                           json.GetInt("first_k_dense_replace"));
  LIMBECK_ASSIGN_OR_RETURN(experts.normalize,
                           json.GetBool("norm_topk_prob", true));
  LIMBECK_ASSIGN_OR_RETURN(experts.scaling,
                           json.GetDouble("routed_scaling_factor"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t predictions,
                           json.GetInt("num_mtp_layers", 1));
  LIMBECK_ASSIGN_OR_RETURN(
      config.num_prediction_layers,
      json.GetInt("num_nextn_predict_layers", predictions));
  return absl::OkStatus();
}

absl::Status ReadQuantization(const Json& json, ModelConfig& config) {
  constexpr absl::string_view kKey = "quantization_config";
  if (IsAbsent(json, kKey)) return absl::OkStatus();
  const Json& quantization = *json.Find(kKey);
  LIMBECK_ASSIGN_OR_RETURN(const std::string method,
                           quantization.GetString("quant_method", "unnamed"));
  if (method != "fp8") {
    return UnsupportedSetting(absl::StrCat(kKey, ".quant_method"), method,
                              "fp8");
  }
  for (const auto& [key, word] :
       {std::pair("fmt", "e4m3"), std::pair("activation_scheme", "dynamic"),
        std::pair("expert_dtype", "fp8")}) {
    LIMBECK_RETURN_IF_ERROR(
        WithinSetting(kKey, RefuseOtherWord(quantization, key, word)));
  }
  const Json* size = quantization.Find("weight_block_size");
  const bool two = size != nullptr && size->is_array() &&
                   size->array().size() == 2 &&
                   size->array()[0].kind() == Json::Kind::kInt &&
                   size->array()[1].kind() == Json::Kind::kInt;
  if (!two) {
    return UnsupportedSetting(absl::StrCat(kKey, ".weight_block_size"),
                              size == nullptr ? "absent" : WriteJson(*size),
                              "a list of two numbers");
  }
  config.fp8_blocks = Fp8Blocks{.rows = size->array()[0].integer(),
                                .columns = size->array()[1].integer()};
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadDtype(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(std::string dtype,
                           json.GetString("torch_dtype", "float32"));
  // transformers 5
  LIMBECK_ASSIGN_OR_RETURN(dtype, json.GetString("dtype", std::move(dtype)));
  // Weights of 64 bits are read as float32, the widest type here.
  return dtype == "float64" ? "float32" : dtype;
}

absl::Status ReadIds(const Json& json, const Json& generation,
                     ModelConfig& config) {
  std::vector<int32_t> bos;
  LIMBECK_RETURN_IF_ERROR(CollectIds(json, "bos_token_id", bos));
  if (!bos.empty()) config.bos_id = bos.front();
  LIMBECK_RETURN_IF_ERROR(CollectIds(json, "eos_token_id", config.eos_ids));
  return CollectIds(generation, "eos_token_id", config.eos_ids);
}

absl::Status ReadScalars(const Json& json, const ModelFamily& family,
                         ModelConfig& config) {
  config.rms_norm_eps = family.rms_norm_eps;
  if (json.Find("rms_norm_eps") != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(config.rms_norm_eps,
                             json.GetDouble("rms_norm_eps"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const RopeSettings rope,
                           ReadRope(json, config.max_positions));
  config.rope_theta = rope.theta;
  config.rope_scaling = rope.scaling;
  LIMBECK_ASSIGN_OR_RETURN(config.tied_head,
                           json.GetBool("tie_word_embeddings", false));
  LIMBECK_ASSIGN_OR_RETURN(config.initializer_range,
                           json.GetDouble("initializer_range", 0.02));
  LIMBECK_ASSIGN_OR_RETURN(config.dtype, ReadDtype(json));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(const Json& json,
                                             const Json& generation) {
  ModelConfig config;
  LIMBECK_ASSIGN_OR_RETURN(config.model_type, json.GetString("model_type"));
  const ModelFamily* family = FindModelFamily(config.model_type);
  if (family == nullptr) {
    return UnsupportedSetting("model_type", config.model_type,
                              absl::StrJoin(ModelFamilyNames(), ", "));
  }
  LIMBECK_RETURN_IF_ERROR(RefuseWhatForwardDoesNot(json));
  LIMBECK_RETURN_IF_ERROR(ReadQuantization(json, config));
  LIMBECK_RETURN_IF_ERROR(ReadSizes(json, *family, config));
  LIMBECK_RETURN_IF_ERROR(ReadBiases(json, *family, config));
  LIMBECK_RETURN_IF_ERROR(ReadWindow(json, *family, config));
  if (family->latent) {
    LIMBECK_RETURN_IF_ERROR(ReadLatent(json, config));
    LIMBECK_RETURN_IF_ERROR(ReadExperts(json, config));
  }
  LIMBECK_RETURN_IF_ERROR(ReadScalars(json, *family, config));
  LIMBECK_RETURN_IF_ERROR(ReadIds(json, generation, config));
  config.original = json;
  config.original_generation = generation;
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  return config;
}

}  // namespace limbeck
