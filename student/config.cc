// config.json and generation_config.json as written by transformers 4 and 5.
#include "student/config.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

// (Peng et al. 2023, arXiv:2309.00071, section 3.4.)
double YarnMscale(double factor, double mscale) {
  return factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

constexpr uint64_t kMaxConfigBytes = uint64_t{1} << 24;
constexpr int64_t kMaxSize = int64_t{1} << 24;
constexpr int64_t kMaxLayers = 4096;
constexpr double kMaxParameters = 1e13;

bool IsAbsent(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  return value == nullptr || value->is_null();
}

absl::Status Unsupported(absl::string_view key, absl::string_view found,
                         absl::string_view supported) {
  return absl::UnimplementedError(
      absl::StrCat(key, " is ", found, ", supported is ", supported));
}

absl::Status RefuseUnlessAbsent(const Json& json, absl::string_view key) {
  if (IsAbsent(json, key)) return absl::OkStatus();
  return Unsupported(key, WriteJson(*json.Find(key)), "only its absence");
}

absl::Status RefuseUnlessFalse(const Json& json, absl::string_view key) {
  LIMBECK_ASSIGN_OR_RETURN(const bool value, json.GetBool(key, false));
  return value ? Unsupported(key, "true", "false") : absl::OkStatus();
}

absl::Status RefuseSlidingLayers(const Json& json) {
  const Json* types = json.Find("layer_types");
  if (types == nullptr || !types->is_array()) return absl::OkStatus();
  for (const Json& type : types->array()) {
    if (!type.is_string() || type.string() != "full_attention") {
      return Unsupported("layer_types", WriteJson(type),
                         "\"full_attention\" alone");
    }
  }
  return absl::OkStatus();
}

absl::Status RefusePartialRotation(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(const double rotated,
                           json.GetDouble("partial_rotary_factor", 1.0));
  if (rotated == 1.0) return absl::OkStatus();
  return Unsupported("partial_rotary_factor", absl::StrCat(rotated), "1");
}

absl::Status RefuseRotaryVariants(const Json& rope, absl::string_view where) {
  if (!rope.is_object()) {
    return Unsupported(where, WriteJson(rope), "an object");
  }
  LIMBECK_RETURN_IF_ERROR(RefusePartialRotation(rope));
  LIMBECK_ASSIGN_OR_RETURN(std::string type, rope.GetString("type", "default"));
  LIMBECK_ASSIGN_OR_RETURN(type, rope.GetString("rope_type", std::move(type)));
  if (type == "default") return absl::OkStatus();
  return Unsupported(absl::StrCat(where, ".rope_type"), type, "default");
}

// Everything that would change the numbers but is not in ModelConfig.
absl::Status RefuseWhatForwardDoesNot(const Json& json,
                                      absl::string_view model_type) {
  LIMBECK_RETURN_IF_ERROR(RefuseUnlessAbsent(json, "quantization_config"));
  LIMBECK_RETURN_IF_ERROR(RefuseUnlessFalse(json, "mlp_bias"));
  LIMBECK_RETURN_IF_ERROR(RefuseUnlessFalse(json, "use_sliding_window"));
  LIMBECK_RETURN_IF_ERROR(RefuseSlidingLayers(json));
  if (model_type == "llama") {
    LIMBECK_RETURN_IF_ERROR(RefuseUnlessFalse(json, "attention_bias"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string activation,
                           json.GetString("hidden_act", "silu"));
  if (activation != "silu") {
    return Unsupported("hidden_act", activation, "silu");
  }
  LIMBECK_RETURN_IF_ERROR(RefusePartialRotation(json));
  for (const absl::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (IsAbsent(json, key)) continue;
    LIMBECK_RETURN_IF_ERROR(RefuseRotaryVariants(*json.Find(key), key));
  }
  return absl::OkStatus();
}

// An id, a list of ids, or null; adds those not yet in `ids`.
absl::Status CollectIds(const Json& json, absl::string_view key,
                        std::vector<int32_t>& ids) {
  if (IsAbsent(json, key)) return absl::OkStatus();
  const Json& value = *json.Find(key);
  const JsonArray list = value.is_array() ? value.array() : JsonArray{value};
  for (const Json& entry : list) {
    if (entry.kind() != Json::Kind::kInt || entry.integer() < 0 ||
        entry.integer() > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, " holds ", WriteJson(entry),
                       ", expected an id or a list of ids"));
    }
    const int32_t id = static_cast<int32_t>(entry.integer());
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return absl::OkStatus();
}

absl::Status ReadSizes(const Json& json, ModelConfig& config) {
  LIMBECK_ASSIGN_OR_RETURN(config.vocab_size, json.GetInt("vocab_size"));
  LIMBECK_ASSIGN_OR_RETURN(config.hidden_size, json.GetInt("hidden_size"));
  LIMBECK_ASSIGN_OR_RETURN(config.num_layers, json.GetInt("num_hidden_layers"));
  LIMBECK_ASSIGN_OR_RETURN(config.num_heads,
                           json.GetInt("num_attention_heads"));
  LIMBECK_ASSIGN_OR_RETURN(
      config.num_kv_heads,
      json.GetInt("num_key_value_heads", config.num_heads));
  LIMBECK_ASSIGN_OR_RETURN(config.intermediate_size,
                           json.GetInt("intermediate_size"));
  LIMBECK_ASSIGN_OR_RETURN(config.max_positions,
                           json.GetInt("max_position_embeddings"));
  // Both families leave head_dim out where it follows from the other two.
  const int64_t quotient =
      config.num_heads > 0 ? config.hidden_size / config.num_heads : 0;
  LIMBECK_ASSIGN_OR_RETURN(config.head_dim, json.GetInt("head_dim", quotient));
  return absl::OkStatus();
}

absl::StatusOr<double> ReadRopeTheta(const Json& json) {
  const Json* parameters = json.Find("rope_parameters");  // transformers 5
  if (parameters != nullptr && parameters->is_object() &&
      !IsAbsent(*parameters, "rope_theta")) {
    return parameters->GetDouble("rope_theta");
  }
  return json.GetDouble("rope_theta");
}

absl::StatusOr<std::string> ReadDtype(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(std::string dtype,
                           json.GetString("torch_dtype", "float32"));
  return json.GetString("dtype", std::move(dtype));  // transformers 5
}

absl::Status ReadIds(const Json& json, const Json& generation,
                     ModelConfig& config) {
  std::vector<int32_t> bos;
  LIMBECK_RETURN_IF_ERROR(CollectIds(json, "bos_token_id", bos));
  if (!bos.empty()) config.bos_id = bos.front();
  LIMBECK_RETURN_IF_ERROR(CollectIds(json, "eos_token_id", config.eos_ids));
  return CollectIds(generation, "eos_token_id", config.eos_ids);
}

absl::Status CheckSize(absl::string_view name, int64_t value, int64_t largest) {
  if (value >= 1 && value <= largest) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model config: ", name, " is ", value,
                   ", expected a value from 1 to ", largest));
}

absl::Status CheckKind(const ModelConfig& config) {
  if (config.model_type != "llama" && config.model_type != "qwen2") {
    return Unsupported("model_type", config.model_type, "llama or qwen2");
  }
  if (config.model_type == "llama" && config.qkv_bias) {
    return Unsupported("attention_bias", "true", "false for llama");
  }
  if (config.dtype != "float32" && config.dtype != "bfloat16" &&
      config.dtype != "float16") {
    return Unsupported("dtype", config.dtype, "float32, bfloat16 or float16");
  }
  return absl::OkStatus();
}

absl::Status CheckParameterCount(const ModelConfig& config) {
  // In double: the product of legal sizes may exceed 64 bits.
  const double block_weights =
      static_cast<double>(config.hidden_size) *
      (2.0 * static_cast<double>(config.head_dim) *
           static_cast<double>(config.num_heads + config.num_kv_heads) +
       3.0 * static_cast<double>(config.intermediate_size));
  const double parameters =
      block_weights * static_cast<double>(config.num_layers) +
      2.0 * static_cast<double>(config.vocab_size) *
          static_cast<double>(config.hidden_size);
  if (parameters > kMaxParameters) {
    return absl::InvalidArgumentError(absl::StrCat(
        "model config: about ", parameters,
        " parameters, more than the largest supported ", kMaxParameters));
  }
  return absl::OkStatus();
}

absl::Status CheckSizes(const ModelConfig& config) {
  const std::initializer_list<std::pair<absl::string_view, int64_t>> sizes = {
      {"vocab_size", config.vocab_size},
      {"hidden_size", config.hidden_size},
      {"num_attention_heads", config.num_heads},
      {"num_key_value_heads", config.num_kv_heads},
      {"head_dim", config.head_dim},
      {"intermediate_size", config.intermediate_size},
      {"max_position_embeddings", config.max_positions}};
  for (const auto& [name, value] : sizes) {
    LIMBECK_RETURN_IF_ERROR(CheckSize(name, value, kMaxSize));
  }
  LIMBECK_RETURN_IF_ERROR(
      CheckSize("num_hidden_layers", config.num_layers, kMaxLayers));
  if (config.num_heads % config.num_kv_heads != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "model config: num_attention_heads is ", config.num_heads,
        ", not a multiple of num_key_value_heads ", config.num_kv_heads));
  }
  if (config.head_dim % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("model config: head_dim is ", config.head_dim,
                     ", RoPE needs an even number"));
  }
  if (config.hidden_size % config.num_heads != 0) {
    // The arithmetic would work, but transformers refuses such checkpoints.
    return absl::InvalidArgumentError(absl::StrCat(
        "model config: hidden_size is ", config.hidden_size,
        ", not a multiple of num_attention_heads ", config.num_heads));
  }
  return CheckParameterCount(config);
}

absl::Status CheckScalars(const ModelConfig& config) {
  if (!(config.rms_norm_eps >= 0.0 && config.rms_norm_eps < 1.0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model config: rms_norm_eps is ", config.rms_norm_eps,
                     ", expected a value from 0 to 1"));
  }
  if (!(config.rope_theta > 0.0 && config.rope_theta < 1e15)) {
    return absl::InvalidArgumentError(
        absl::StrCat("model config: rope_theta is ", config.rope_theta,
                     ", expected a positive number"));
  }
  return absl::OkStatus();
}

Json IdsToJson(const std::vector<int32_t>& ids) {
  if (ids.empty()) return Json();
  if (ids.size() == 1) return Json(ids.front());
  Json list = Json::Array();
  for (const int32_t id : ids) list.Push(id);
  return list;
}

Json IdToJson(int32_t id) { return id < 0 ? Json() : Json(id); }

Json FreshConfig(const ModelConfig& config) {
  const bool llama = config.model_type == "llama";
  Json json = Json::Object();
  Json architectures = Json::Array();
  architectures.Push(llama ? "LlamaForCausalLM" : "Qwen2ForCausalLM");
  json.Set("architectures", std::move(architectures));
  json.Set("attention_dropout", 0.0);
  json.Set("hidden_act", "silu");
  if (llama) {
    json.Set("attention_bias", false);
    json.Set("mlp_bias", false);
  } else {
    json.Set("use_sliding_window", false);
  }
  json.Set("use_cache", true);
  return json;
}

int64_t AttentionParameters(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t out = hidden * config.num_heads * config.ValueDim() +
                      (config.o_bias ? hidden : 0);
  if (config.latent) {
    const LatentAttention& latent = *config.latent;
    const int64_t queries = latent.q_rank > 0
                                ? latent.q_rank * (hidden + 1 + q_rows)
                                : hidden * q_rows;
    return out + queries + (latent.kv_rank + latent.rope_dim) * hidden +
           latent.kv_rank +
           config.num_heads * (latent.nope_dim + latent.value_dim) *
               latent.kv_rank;
  }
  const int64_t rows = q_rows + 2 * config.num_kv_heads * config.head_dim;
  return out + rows * hidden + (config.qkv_bias ? rows : 0) +
         (config.qk_norm ? 2 * config.head_dim : 0);
}

// Router, its bias, routed and shared experts.
int64_t ExpertParameters(const ModelConfig& config) {
  const ExpertMixture& mixture = *config.experts;
  const int64_t expert = 3 * config.hidden_size * mixture.intermediate_size;
  return mixture.num_experts * (config.hidden_size + 1 + expert) +
         mixture.num_shared * expert;
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxConfigBytes));
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) {
    return absl::Status(json.status().code(),
                        absl::StrCat(path, ": ", json.status().message()));
  }
  if (!json->is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " holds a JSON ", JsonKindName(json->kind()), ", not an object"));
  }
  return json;
}

}  // namespace

int64_t ModelConfig::NumParameters() const {
  const int64_t dense = 3 * hidden_size * intermediate_size;
  int64_t total = (tied_head ? 1 : 2) * vocab_size * hidden_size + hidden_size;
  for (int64_t layer = 0; layer < num_layers; ++layer) {
    total += 2 * hidden_size + AttentionParameters(*this) +
             (HasExperts(layer) ? ExpertParameters(*this) : dense);
  }
  return total;
}

double ModelConfig::AttentionScale() const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  const double all_dim = rope_scaling.mscale_all_dim.value_or(0.0);
  if (!latent || rope_scaling.type == RopeType::kDefault || all_dim == 0.0) {
    return scale;
  }
  const double mscale = YarnMscale(rope_scaling.factor, all_dim);
  return scale * mscale * mscale;
}

absl::Status ValidateConfig(const ModelConfig& config) {
  LIMBECK_RETURN_IF_ERROR(CheckKind(config));
  LIMBECK_RETURN_IF_ERROR(CheckSizes(config));
  return CheckScalars(config);
}

absl::StatusOr<ModelConfig> ParseModelConfig(const Json& json,
                                             const Json& generation) {
  ModelConfig config;
  LIMBECK_ASSIGN_OR_RETURN(config.model_type, json.GetString("model_type"));
  if (config.model_type != "llama" && config.model_type != "qwen2") {
    return Unsupported("model_type", config.model_type, "llama or qwen2");
  }
  LIMBECK_RETURN_IF_ERROR(RefuseWhatForwardDoesNot(json, config.model_type));
  LIMBECK_RETURN_IF_ERROR(ReadSizes(json, config));
  LIMBECK_ASSIGN_OR_RETURN(config.rms_norm_eps, json.GetDouble("rms_norm_eps"));
  LIMBECK_ASSIGN_OR_RETURN(config.rope_theta, ReadRopeTheta(json));
  config.qkv_bias = config.model_type == "qwen2";
  LIMBECK_ASSIGN_OR_RETURN(config.tied_head,
                           json.GetBool("tie_word_embeddings", false));
  LIMBECK_ASSIGN_OR_RETURN(config.initializer_range,
                           json.GetDouble("initializer_range", 0.02));
  LIMBECK_ASSIGN_OR_RETURN(config.dtype, ReadDtype(json));
  LIMBECK_RETURN_IF_ERROR(ReadIds(json, generation, config));
  config.original = json;
  config.original_generation = generation;
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  return config;
}

absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const Json json,
                           ReadJsonFile(JoinPath(directory, "config.json")));
  Json generation;
  const std::string generation_path =
      JoinPath(directory, "generation_config.json");
  if (FileExists(generation_path)) {
    LIMBECK_ASSIGN_OR_RETURN(generation, ReadJsonFile(generation_path));
  }
  absl::StatusOr<ModelConfig> config = ParseModelConfig(json, generation);
  if (!config.ok()) {
    return absl::Status(config.status().code(),
                        absl::StrCat(JoinPath(directory, "config.json"), ": ",
                                     config.status().message()));
  }
  return config;
}

Json ConfigToJson(const ModelConfig& config) {
  const bool fresh = !config.original.is_object();
  Json json = fresh ? FreshConfig(config) : config.original;
  json.Set("model_type", config.model_type);
  json.Set("vocab_size", config.vocab_size);
  json.Set("hidden_size", config.hidden_size);
  json.Set("num_hidden_layers", config.num_layers);
  json.Set("num_attention_heads", config.num_heads);
  json.Set("num_key_value_heads", config.num_kv_heads);
  json.Set("head_dim", config.head_dim);
  json.Set("intermediate_size", config.intermediate_size);
  json.Set("max_position_embeddings", config.max_positions);
  json.Set("rms_norm_eps", config.rms_norm_eps);
  json.Set("initializer_range", config.initializer_range);
  json.Set("tie_word_embeddings", config.tied_head);
  const Json* parameters = json.Find("rope_parameters");
  if (parameters != nullptr && parameters->is_object()) {
    Json updated = *parameters;
    updated.Set("rope_theta", config.rope_theta);
    json.Set("rope_parameters", std::move(updated));
  } else {
    json.Set("rope_theta", config.rope_theta);
  }
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
