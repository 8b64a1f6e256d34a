// config.json and generation_config.json as transformers 4 and 5 read them.
#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "data/base/check.h"
#include "student/config/config.h"
#include "student/config/config_family.h"
#include "student/config/config_json.h"
#include "student/config/config_rope.h"

namespace limbeck {
namespace {

Json IdsToJson(const std::vector<int32_t>& ids) {
  if (ids.empty()) return Json();
  if (ids.size() == 1) return Json(ids.front());
  Json list = Json::Array();
  for (const int32_t id : ids) list.Push(id);
  return list;
}

Json IdToJson(int32_t id) { return id < 0 ? Json() : Json(id); }

// Files leave a setting out where it has the value that it has anyway.
void SetUnless(absl::string_view key, const Json& usual, Json value,
               Json& json) {
  if (json.Find(key) == nullptr && value == usual) return;
  json.Set(key, std::move(value));
}

Json FreshConfig(const ModelConfig& config, const ModelFamily& family) {
  Json json = Json::Object();
  Json architectures = Json::Array();
  architectures.Push(family.architecture);
  json.Set("architectures", std::move(architectures));
  json.Set("attention_dropout", 0.0);
  json.Set("hidden_act", "silu");
  if (family.bias == AttentionBias::kOptional || family.latent) {
    json.Set("attention_bias", config.qkv_bias);
  }
  if (family.name == "llama") json.Set("mlp_bias", false);
  if (family.window == WindowPlace::kUpperLayers) {
    json.Set("use_sliding_window", config.sliding_window > 0);
  }
  if (config.experts) {
    json.Set("scoring_func", "sigmoid");
    json.Set("topk_method", "noaux_tc");
    json.Set("moe_layer_freq", 1);
  }
  json.Set("use_cache", true);
  return json;
}

// Of the original what is still true of the files written here: matrices are
// no longer quantised, and no Python code goes along.
Json KeptConfig(const Json& original) {
  Json json = Json::Object();
  for (const JsonMember& member : original.object()) {
    if (member.first == "quantization_config" || member.first == "auto_map") {
      continue;
    }
    json.Set(member.first, member.second);
  }
  return json;
}

void WriteSizes(const ModelConfig& config, const ModelFamily& family,
                Json& json) {
  json.Set("model_type", config.model_type);
  json.Set("vocab_size", config.vocab_size);
  json.Set("hidden_size", config.hidden_size);
  json.Set("num_hidden_layers", config.num_layers);
  json.Set("num_attention_heads", config.num_heads);
  json.Set("num_key_value_heads", config.num_kv_heads);
  if (!family.latent) {
    json.Set("head_dim", config.head_dim);
  } else if (json.Find("head_dim") != nullptr) {
    json.Set("head_dim", config.latent->rope_dim);
  }
  json.Set("intermediate_size", config.intermediate_size);
  json.Set("max_position_embeddings", config.max_positions);
}

Json LayerTypes(const ModelConfig& config) {
  Json types = Json::Array();
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    types.Push(config.Window(layer) > 0 ? "sliding_attention"
                                        : "full_attention");
  }
  return types;
}

void WriteWindow(const ModelConfig& config, const ModelFamily& family,
                 Json& json) {
  if (!IsAbsent(json, "layer_types")) {
    json.Set("layer_types", LayerTypes(config));
  }
  const bool slides = config.sliding_window > 0;
  if (family.window == WindowPlace::kEveryLayer) {
    json.Set("sliding_window", slides ? Json(config.sliding_window) : Json());
  }
  if (family.window != WindowPlace::kUpperLayers) return;
  SetUnless("use_sliding_window", false, slides, json);
  if (!slides) return;
  json.Set("sliding_window", config.sliding_window);
  json.Set("max_window_layers", config.first_sliding_layer);
}

void WriteLatent(const ModelConfig& config, Json& json) {
  const LatentAttention& latent = *config.latent;
  json.Set("q_lora_rank", latent.q_rank > 0 ? Json(latent.q_rank) : Json());
  json.Set("kv_lora_rank", latent.kv_rank);
  json.Set("qk_nope_head_dim", latent.nope_dim);
  json.Set("qk_rope_head_dim", latent.rope_dim);
  json.Set("v_head_dim", latent.value_dim);
  if (json.Find("qk_head_dim") != nullptr) {
    json.Set("qk_head_dim", config.head_dim);
  }
  SetUnless("rope_interleave", true, config.rope_interleaved, json);
}

void WriteExperts(const ModelConfig& config, Json& json) {
  const ExpertMixture& experts = *config.experts;
  json.Set("n_routed_experts", experts.num_experts);
  json.Set("num_experts_per_tok", experts.num_chosen);
  json.Set("n_group", experts.num_groups);
  json.Set("topk_group", experts.num_chosen_groups);
  json.Set("moe_intermediate_size", experts.intermediate_size);
  json.Set("n_shared_experts", experts.num_shared);
  json.Set("first_k_dense_replace", experts.first_layer);
  json.Set("norm_topk_prob", experts.normalize);
  json.Set("routed_scaling_factor", experts.scaling);
  if (json.Find("num_mtp_layers") != nullptr) json.Set("num_mtp_layers", 0);
  json.Set("num_nextn_predict_layers", 0);
}

}  // namespace

Json ConfigToJson(const ModelConfig& config) {
  const ModelFamily* found = FindModelFamily(config.model_type);
  LIMBECK_CHECK(found != nullptr);
  const ModelFamily& family = *found;
  Json json = config.original.is_object() ? KeptConfig(config.original)
                                          : FreshConfig(config, family);
  WriteSizes(config, family, json);
  if (family.bias == AttentionBias::kOptional) {
    SetUnless("attention_bias", false, config.qkv_bias, json);
  }
  WriteWindow(config, family, json);
  if (config.latent) WriteLatent(config, json);
  if (config.experts) WriteExperts(config, json);
  json.Set("rms_norm_eps", config.rms_norm_eps);
  json.Set("initializer_range", config.initializer_range);
  json.Set("tie_word_embeddings", config.tied_head);
  WriteRope(config, json);
  // transformers 4 reads torch_dtype only, 5 reads both.
  json.Set(IsAbsent(json, "dtype") ? "torch_dtype" : "dtype", config.dtype);
  json.Set("bos_token_id", IdToJson(config.bos_id));
  json.Set("eos_token_id", IdsToJson(config.eos_ids));
  return json;
}

Json GenerationConfigToJson(const ModelConfig& config) {
  Json json = config.original_generation.is_object()
                  ? config.original_generation
                  : Json::Object();
  json.Set("bos_token_id", IdToJson(config.bos_id));
  json.Set("eos_token_id", IdsToJson(config.eos_ids));
  return json;
}

}  // namespace limbeck
