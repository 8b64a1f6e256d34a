// Values of transformers 5.23, models/*/configuration_*.py and modeling_*.py.
#include "student/config/config_family.h"

namespace limbeck {
namespace {

constexpr ModelFamily kFamilies[] = {
    {.name = "llama",
     .architecture = "LlamaForCausalLM",
     .bias = AttentionBias::kOptional,
     .equal_heads = true,
     .max_positions = 2048},
    {.name = "mistral",
     .architecture = "MistralForCausalLM",
     .window = WindowPlace::kEveryLayer,
     .num_kv_heads = 8,
     .max_positions = 131072},
    {.name = "qwen2",
     .architecture = "Qwen2ForCausalLM",
     .bias = AttentionBias::kQkv,
     .window = WindowPlace::kUpperLayers,
     .num_kv_heads = 32,
     .max_positions = 32768},
    {.name = "qwen3",
     .architecture = "Qwen3ForCausalLM",
     .bias = AttentionBias::kOptional,
     .window = WindowPlace::kUpperLayers,
     .qk_norm = true,
     .head_dim = 128,
     .num_kv_heads = 32,
     .max_positions = 32768},
    {.name = "deepseek_v3",
     .architecture = "DeepseekV3ForCausalLM",
     .latent = true,
     .max_positions = 4096},
};

}  // namespace

const ModelFamily* FindModelFamily(absl::string_view name) {
  for (const ModelFamily& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

std::vector<std::string> ModelFamilyNames() {
  std::vector<std::string> names;
  for (const ModelFamily& family : kFamilies) names.emplace_back(family.name);
  return names;
}

}  // namespace limbeck
