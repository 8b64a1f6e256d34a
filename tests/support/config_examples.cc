#include "tests/support/config_examples.h"

#include <utility>

#include "data/base/check.h"

namespace limbeck {
namespace {

// Llama 2 7B: neither theta nor grouped heads are stated.
constexpr char kLlama2[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama",
  "vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 32,
  "num_attention_heads": 32, "num_key_value_heads": 32, "hidden_act": "silu",
  "intermediate_size": 11008, "max_position_embeddings": 4096,
  "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false,
  "bos_token_id": 1, "eos_token_id": 2, "pretraining_tp": 1,
  "initializer_range": 0.02, "torch_dtype": "float16", "use_cache": true})";

// Llama 3.1 8B.
constexpr char kLlama31[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama",
  "attention_bias": false, "attention_dropout": 0.0, "vocab_size": 128256,
  "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": 8, "intermediate_size": 14336,
  "max_position_embeddings": 131072, "mlp_bias": false,
  "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "rope_scaling": {
    "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192, "rope_type": "llama3"},
  "tie_word_embeddings": false, "bos_token_id": 128000,
  "eos_token_id": [128001, 128008, 128009], "torch_dtype": "bfloat16"})";

// Mistral 7B v0.1.
constexpr char kMistral[] = R"({
  "architectures": ["MistralForCausalLM"], "model_type": "mistral",
  "vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 32,
  "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_act": "silu",
  "intermediate_size": 14336, "max_position_embeddings": 32768,
  "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096,
  "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2,
  "torch_dtype": "bfloat16"})";

// Mistral Nemo: heads are narrower than hidden_size / heads.
constexpr char kNemo[] = R"({
  "architectures": ["MistralForCausalLM"], "model_type": "mistral",
  "vocab_size": 131072, "hidden_size": 5120, "num_hidden_layers": 40,
  "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
  "intermediate_size": 14336, "max_position_embeddings": 1024000,
  "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null,
  "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2,
  "torch_dtype": "bfloat16"})";

// Qwen2.5 0.5B with the window switched on, as transformers 5 writes it.
constexpr char kQwen2[] = R"({
  "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
  "vocab_size": 151936, "hidden_size": 896, "num_hidden_layers": 6,
  "num_attention_heads": 14, "num_key_value_heads": 2,
  "intermediate_size": 4864, "max_position_embeddings": 32768,
  "max_window_layers": 4, "rms_norm_eps": 1e-06,
  "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"},
  "use_sliding_window": true, "sliding_window": 2048,
  "layer_types": ["full_attention", "full_attention", "full_attention",
                  "full_attention", "sliding_attention", "sliding_attention"],
  "tie_word_embeddings": true, "bos_token_id": 151643,
  "eos_token_id": 151645, "dtype": "bfloat16"})";

// Qwen3 0.6B, stretched to four times its context.
constexpr char kQwen3[] = R"({
  "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3",
  "attention_bias": false, "vocab_size": 151936, "hidden_size": 1024,
  "num_hidden_layers": 28, "num_attention_heads": 16,
  "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072,
  "max_position_embeddings": 131072, "max_window_layers": 28,
  "rms_norm_eps": 1e-06, "rope_theta": 1000000, "rope_scaling": {
    "type": "yarn", "factor": 4.0,
    "original_max_position_embeddings": 32768},
  "use_sliding_window": false, "sliding_window": null,
  "tie_word_embeddings": true, "bos_token_id": 151643,
  "eos_token_id": 151645, "torch_dtype": "bfloat16"})";

// DeepSeek-R1.
constexpr char kDeepSeek[] = R"({
  "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3",
  "attention_bias": false, "attention_dropout": 0.0,
  "auto_map": {"AutoConfig": "configuration_deepseek.DeepseekV3Config"},
  "vocab_size": 129280, "hidden_size": 7168, "num_hidden_layers": 61,
  "num_attention_heads": 128, "num_key_value_heads": 128,
  "hidden_act": "silu", "intermediate_size": 18432,
  "max_position_embeddings": 163840, "q_lora_rank": 1536,
  "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
  "v_head_dim": 128, "n_routed_experts": 256, "n_shared_experts": 1,
  "num_experts_per_tok": 8, "n_group": 8, "topk_group": 4,
  "topk_method": "noaux_tc", "scoring_func": "sigmoid",
  "norm_topk_prob": true, "routed_scaling_factor": 2.5,
  "first_k_dense_replace": 3, "moe_layer_freq": 1,
  "moe_intermediate_size": 2048, "num_nextn_predict_layers": 1,
  "ep_size": 1, "aux_loss_alpha": 0.001, "seq_aux": true,
  "quantization_config": {"activation_scheme": "dynamic", "fmt": "e4m3",
    "quant_method": "fp8", "weight_block_size": [128, 128]},
  "rms_norm_eps": 1e-06, "rope_theta": 10000, "rope_scaling": {
    "beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0,
    "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096,
    "type": "yarn"},
  "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": 1,
  "torch_dtype": "bfloat16"})";

// Moonlight 16B: queries without a latent, one group, as transformers 5 writes.
constexpr char kMoonlight[] = R"({
  "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3",
  "vocab_size": 163840, "hidden_size": 2048, "num_hidden_layers": 27,
  "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 64,
  "intermediate_size": 11264, "max_position_embeddings": 8192,
  "q_lora_rank": null, "kv_lora_rank": 512, "qk_head_dim": 192,
  "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
  "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6,
  "n_group": 1, "topk_group": 1, "norm_topk_prob": true,
  "routed_scaling_factor": 2.446, "first_k_dense_replace": 1,
  "moe_intermediate_size": 1408, "num_nextn_predict_layers": 0,
  "rms_norm_eps": 1e-05, "rope_interleave": true,
  "rope_parameters": {"rope_theta": 50000.0, "rope_type": "default"},
  "tie_word_embeddings": false, "bos_token_id": 163584,
  "eos_token_id": 163585, "dtype": "bfloat16"})";

}  // namespace

const std::vector<ConfigExample>& ConfigExamples() {
  static const auto* examples =
      new std::vector<ConfigExample>{{"llama2", kLlama2, 6738415616},
                                     {"llama31", kLlama31, 8030261248},
                                     {"mistral", kMistral, 7241732096},
                                     {"nemo", kNemo, 12247782400},
                                     {"qwen2", kQwen2, 225609856},
                                     {"qwen3", kQwen3, 596049920},
                                     {"deepseek", kDeepSeek, 671026419200},
                                     {"moonlight", kMoonlight, 15960110208}};
  return *examples;
}

Json ExampleJson(const std::string& name) {
  for (const ConfigExample& example : ConfigExamples()) {
    if (example.name == name) return *ParseJson(example.config);
  }
  LIMBECK_CHECK(false);
  return Json();
}

ModelConfig ExampleConfig(const std::string& name) {
  absl::StatusOr<ModelConfig> config =
      ParseModelConfig(ExampleJson(name), Json());
  LIMBECK_CHECK(config.ok());
  return *std::move(config);
}

absl::StatusOr<ModelConfig> ParseChanged(const std::string& name,
                                         const std::string& key, Json value) {
  return ParseModelConfig(ExampleJson(name).Set(key, std::move(value)), Json());
}

absl::StatusOr<ModelConfig> ParseWithout(const std::string& name,
                                         const std::string& key) {
  Json json = Json::Object();
  const Json whole = ExampleJson(name);
  for (const JsonMember& member : whole.object()) {
    if (member.first != key) json.Set(member.first, member.second);
  }
  return ParseModelConfig(json, Json());
}

}  // namespace limbeck
