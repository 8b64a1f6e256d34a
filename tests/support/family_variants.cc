// See family_variants.h.
#include "tests/support/family_variants.h"

#include <utility>

namespace limbeck {
namespace {

// Heads wider than the hidden state.
ModelConfig Qwen3Config() {
  ModelConfig config = TinyConfig();
  config.model_type = "qwen3";
  config.qk_norm = true;
  config.num_heads = 3;
  config.num_kv_heads = 1;
  config.head_dim = 10;
  config.hidden_size = 18;
  config.tied_head = true;
  return config;
}

ModelConfig MistralConfig() {
  ModelConfig config = TinyConfig();
  config.model_type = "mistral";
  config.sliding_window = 5;
  return config;
}

// The second layer slides, positions are stretched.
ModelConfig Qwen2SlidingConfig() {
  ModelConfig config = TinyConfig();
  config.model_type = "qwen2";
  config.qkv_bias = true;
  config.sliding_window = 9;
  config.first_sliding_layer = 1;
  config.rope_scaling.type = RopeType::kYarn;
  config.rope_scaling.factor = 4.0;
  config.rope_scaling.original_max_positions = 32;
  return config;
}

ModelConfig Llama3Config() {
  ModelConfig config = TinyConfig();
  config.head_dim = 16;
  config.rope_scaling.type = RopeType::kLlama3;
  config.rope_scaling.factor = 8.0;
  config.rope_scaling.low_freq_factor = 1.0;
  config.rope_scaling.high_freq_factor = 4.0;
  config.rope_scaling.original_max_positions = 16;
  return config;
}

// Also a bias everywhere that Llama's attention can have one.
ModelConfig LinearConfig() {
  ModelConfig config = TinyConfig();
  config.qkv_bias = true;
  config.o_bias = true;
  config.rope_scaling.type = RopeType::kLinear;
  config.rope_scaling.factor = 2.5;
  return config;
}

ExpertMixture TinyExperts() {
  ExpertMixture experts;
  experts.num_experts = 8;
  experts.num_chosen = 3;
  experts.num_groups = 4;
  experts.num_chosen_groups = 2;
  experts.intermediate_size = 11;
  experts.num_shared = 1;
  experts.first_layer = 1;
  experts.normalize = true;
  experts.scaling = 2.5;
  return experts;
}

ModelConfig LatentConfig(const LatentAttention& latent) {
  ModelConfig config = TinyConfig();
  config.model_type = "deepseek_v3";
  config.latent = latent;
  config.num_heads = 3;
  config.num_kv_heads = 3;
  config.head_dim = latent.nope_dim + latent.rope_dim;
  config.rope_interleaved = true;
  config.experts = TinyExperts();
  return config;
}

ModelConfig DeepseekConfig() {
  ModelConfig config = LatentConfig({.q_rank = 9,
                                     .kv_rank = 7,
                                     .nope_dim = 5,
                                     .rope_dim = 4,
                                     .value_dim = 6});
  config.rope_scaling.type = RopeType::kYarn;
  config.rope_scaling.factor = 40.0;
  config.rope_scaling.original_max_positions = 16;
  config.rope_scaling.mscale = 1.0;
  config.rope_scaling.mscale_all_dim = 0.7;
  return config;
}

// mscale_all_dim counts without YaRN too.
ModelConfig DeepseekLinearConfig() {
  ModelConfig config = DeepseekConfig();
  config.rope_scaling = RopeScaling();
  config.rope_scaling.type = RopeType::kLinear;
  config.rope_scaling.factor = 4.0;
  config.rope_scaling.mscale_all_dim = 1.0;
  return config;
}

// Pairs (i, i + half), values wider than keys, experts from the first layer on
// in one group, two shared ones, weights that do not sum to one.
ModelConfig DeepseekDirectConfig() {
  ModelConfig config = LatentConfig(
      {.kv_rank = 12, .nope_dim = 2, .rope_dim = 6, .value_dim = 18});
  config.rope_interleaved = false;
  config.experts->num_experts = 5;
  config.experts->num_chosen = 2;
  config.experts->num_groups = 1;
  config.experts->num_chosen_groups = 1;
  config.experts->num_shared = 2;
  config.experts->first_layer = 0;
  config.experts->normalize = false;
  config.experts->scaling = 1.0;
  return config;
}

}  // namespace

std::vector<ModelVariant> FamilyVariants() {
  return {{"qwen3", Qwen3Config()},
          {"mistral", MistralConfig()},
          {"qwen2_sliding", Qwen2SlidingConfig()},
          {"llama3_rope", Llama3Config()},
          {"linear_rope_biases", LinearConfig()},
          {"deepseek", DeepseekConfig()},
          {"deepseek_linear", DeepseekLinearConfig()},
          {"deepseek_direct", DeepseekDirectConfig()}};
}

std::vector<ModelVariant> AllVariants() {
  std::vector<ModelVariant> variants = TinyVariants();
  for (ModelVariant& variant : FamilyVariants()) {
    variants.push_back(std::move(variant));
  }
  return variants;
}

}  // namespace limbeck
