// See tiny_models.h.
#include "tests/support/tiny_models.h"

#include <ATen/ATen.h>

#include <utility>

#include "data/base/check.h"
#include "data/base/random.h"

namespace limbeck {

ModelConfig TinyConfig() {
  ModelConfig config;
  config.vocab_size = 37;
  config.hidden_size = 16;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.intermediate_size = 24;
  config.max_positions = 128;
  config.rms_norm_eps = 1e-5;
  config.rope_theta = 1000.0;
  config.eos_ids = {2};
  return config;
}

std::vector<ModelVariant> TinyVariants() {
  std::vector<ModelVariant> variants = {{"llama", TinyConfig()}};
  ModelConfig config = TinyConfig();
  config.tied_head = true;
  variants.push_back({"llama_tied", config});
  config = TinyConfig();
  config.model_type = "qwen2";
  config.qkv_bias = true;
  config.tied_head = true;
  config.num_kv_heads = 1;
  config.num_heads = 3;
  config.hidden_size = 18;
  variants.push_back({"qwen2", config});
  config = TinyConfig();
  config.num_kv_heads = 4;
  config.head_dim = 6;
  config.hidden_size = 20;
  config.intermediate_size = 13;
  variants.push_back({"odd_widths", config});
  config = TinyConfig();
  config.head_dim = 40;
  config.num_heads = 8;
  config.num_kv_heads = 1;
  config.num_layers = 1;
  variants.push_back({"wide_heads", config});
  return variants;
}

ModelConfig TinyTeacherConfig() {
  ModelConfig config = TinyConfig();
  config.vocab_size = 264;
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.max_positions = 160;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 10000.0;
  config.initializer_range = 0.25;
  config.eos_ids = {};
  return config;
}

ModelConfig TinyTrainingConfig(bool tied_head) {
  ModelConfig config = TinyConfig();
  config.vocab_size = kTinyVocab;
  config.head_dim = 4;
  config.intermediate_size = 23;
  config.max_positions = 64;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 10000.0;
  config.tied_head = tied_head;
  config.initializer_range = 0.2;
  return config;
}

Model FreshModel(const ModelConfig& config, uint64_t seed) {
  absl::StatusOr<Model> model = MakeRandomModel(config, seed);
  LIMBECK_CHECK(model.ok());
  return *std::move(model);
}

Model TinyModel(const ModelConfig& config, uint64_t seed) {
  ModelConfig wide = config;
  wide.initializer_range = 0.4;
  Model model = FreshModel(wide, seed);
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      if (slot.decays) continue;
      at::Tensor values = ViewSlot(group.flat, slot);
      for (int64_t i = 0; i < values.numel(); ++i) {
        values[i] += 0.3 * (static_cast<double>(i % 5) - 2.0);
      }
    }
  }
  return model;
}

std::vector<int64_t> TinyIds(const ModelConfig& config, int64_t length,
                             uint64_t seed) {
  const uint64_t key = RandomKey(seed, RandomPurpose::kTest);
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < length; ++i) {
    ids.push_back(static_cast<int64_t>(
        RandomBelow(static_cast<uint64_t>(config.vocab_size), key,
                    static_cast<uint64_t>(i))));
  }
  return ids;
}

}  // namespace limbeck
