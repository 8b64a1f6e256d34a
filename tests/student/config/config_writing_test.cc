// What is written reads back as the same configuration, in both styles.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/base/random.h"
#include "student/config/config.h"
#include "student/config/config_family.h"
#include "tests/support/config_examples.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

// Draws that depend on the seed and their order alone.
class Draws {
 public:
  explicit Draws(uint64_t seed) : key_(RandomKey(seed, RandomPurpose::kTest)) {}
  int64_t Below(int64_t limit) {
    return static_cast<int64_t>(
        RandomBelow(static_cast<uint64_t>(limit), key_, count_++));
  }
  int64_t From1(int64_t most) { return 1 + Below(most); }
  bool Coin() { return Below(2) == 1; }

 private:
  uint64_t key_;
  uint64_t count_ = 0;
};

RopeScaling RandomScaling(Draws& draws) {
  RopeScaling scaling;
  scaling.type = static_cast<RopeType>(draws.Below(4));
  if (scaling.type == RopeType::kDefault) return scaling;
  scaling.factor = 1.0 + static_cast<double>(draws.Below(80)) / 8;
  const auto maybe = [&](std::optional<double>& value) {
    if (draws.Coin()) value = 0.1 * static_cast<double>(draws.From1(20));
  };
  maybe(scaling.mscale_all_dim);
  if (scaling.type == RopeType::kLinear) return scaling;
  scaling.original_max_positions = draws.From1(9000);
  if (scaling.type == RopeType::kLlama3) {
    scaling.low_freq_factor = 0.5 * static_cast<double>(draws.From1(3));
    scaling.high_freq_factor = 2.0 + static_cast<double>(draws.Below(5));
    return scaling;
  }
  scaling.beta_fast = 20.0 + static_cast<double>(draws.Below(20));
  scaling.beta_slow = 0.25 * static_cast<double>(draws.From1(8));
  scaling.truncate = draws.Coin();
  maybe(scaling.attention_factor);
  maybe(scaling.mscale);
  return scaling;
}

void AddLatentParts(Draws& draws, ModelConfig& config) {
  config.num_kv_heads = config.num_heads;
  config.latent = LatentAttention{.q_rank = draws.Below(3) * 8,
                                  .kv_rank = draws.From1(40),
                                  .nope_dim = draws.From1(20),
                                  .rope_dim = 2 * draws.From1(10),
                                  .value_dim = draws.From1(20)};
  config.head_dim = config.latent->nope_dim + config.latent->rope_dim;
  config.rope_interleaved = draws.Coin();
  const int64_t groups = draws.From1(4);
  const int64_t in_group = 1 + draws.From1(4);
  const int64_t chosen_groups = draws.From1(groups);
  config.experts =
      ExpertMixture{.num_experts = groups * in_group,
                    .num_chosen = draws.From1(chosen_groups * in_group),
                    .num_groups = groups,
                    .num_chosen_groups = chosen_groups,
                    .intermediate_size = draws.From1(30),
                    .num_shared = draws.Below(3),
                    .first_layer = draws.Below(config.num_layers + 2),
                    .normalize = draws.Coin(),
                    .scaling = 0.25 * static_cast<double>(draws.From1(12))};
}

// A valid configuration of the family; sizes small, all else as it comes.
ModelConfig RandomConfig(const ModelFamily& family, uint64_t seed) {
  Draws draws(seed);
  ModelConfig config;
  config.model_type = std::string(family.name);
  config.vocab_size = draws.From1(500);
  config.num_layers = draws.From1(6);
  config.num_kv_heads = draws.From1(4);
  config.num_heads = config.num_kv_heads * draws.From1(3);
  config.hidden_size = config.num_heads * draws.From1(9);
  config.head_dim = 2 * draws.From1(20);
  config.intermediate_size = draws.From1(100);
  config.max_positions = draws.From1(5000);
  config.rms_norm_eps = draws.Coin() ? 1e-6 : 1e-5;
  config.rope_theta = 1000.0 * static_cast<double>(draws.From1(1000));
  config.rope_scaling = RandomScaling(draws);
  config.qk_norm = family.qk_norm;
  config.o_bias = family.bias == AttentionBias::kOptional && draws.Coin();
  config.qkv_bias = config.o_bias || family.bias == AttentionBias::kQkv;
  if (family.window != WindowPlace::kNowhere && draws.Coin()) {
    config.sliding_window = draws.From1(64);
    if (family.window == WindowPlace::kUpperLayers) {
      config.first_sliding_layer = draws.Below(config.num_layers);
    }
  }
  if (family.latent) AddLatentParts(draws, config);
  config.tied_head = draws.Coin();
  config.initializer_range = 0.01 * static_cast<double>(draws.From1(9));
  config.bos_id = static_cast<int32_t>(draws.Below(3)) - 1;
  for (int32_t id = 0; id < draws.Below(4); ++id) config.eos_ids.push_back(id);
  const char* dtypes[] = {"float32", "bfloat16", "float16"};
  config.dtype = dtypes[draws.Below(3)];
  return config;
}

// Without the texts that it came from.
ModelConfig Bare(ModelConfig config) {
  config.original = Json();
  config.original_generation = Json();
  return config;
}

absl::StatusOr<ModelConfig> ReadBack(const ModelConfig& config) {
  return ParseModelConfig(ConfigToJson(config), GenerationConfigToJson(config));
}

std::vector<ModelFamily> Families() {
  std::vector<ModelFamily> families;
  for (const std::string& name : ModelFamilyNames()) {
    families.push_back(*FindModelFamily(name));
  }
  return families;
}

TEST(ConfigWriting, FreshOnesReadBackEqual) {
  for (const ModelFamily& family : Families()) {
    for (uint64_t seed = 0; seed < 300; ++seed) {
      const ModelConfig config = RandomConfig(family, seed);
      LIMBECK_ASSERT_OK(ValidateConfig(config)) << family.name << seed;
      LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig read, ReadBack(config));
      EXPECT_EQ(Bare(read), config)
          << family.name << " " << WriteJson(ConfigToJson(config));
      EXPECT_EQ(ConfigToJson(read), ConfigToJson(config)) << family.name;
    }
  }
}

// Every field of one configuration over the text of another.
TEST(ConfigWriting, ChangesOfAnOriginalReadBackEqual) {
  for (const ConfigExample& example : ConfigExamples()) {
    const ModelConfig original = ExampleConfig(example.name);
    const ModelFamily& family = *FindModelFamily(original.model_type);
    for (uint64_t seed = 0; seed < 100; ++seed) {
      ModelConfig config = RandomConfig(family, seed);
      config.original = original.original;
      LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig read, ReadBack(config));
      EXPECT_EQ(Bare(read), Bare(config))
          << example.name << " " << WriteJson(ConfigToJson(config));
    }
  }
}

TEST(ConfigWriting, WhatWasReadIsKeptAsItWas) {
  for (const ConfigExample& example : ConfigExamples()) {
    const ModelConfig config = ExampleConfig(example.name);
    const Json written = ConfigToJson(config);
    for (const JsonMember& member : config.original.object()) {
      const std::string& key = member.first;
      if (key == "quantization_config" || key == "auto_map") {
        EXPECT_EQ(written.Find(key), nullptr) << example.name;
      } else if (key == "num_nextn_predict_layers") {
        EXPECT_EQ(*written.Find(key), Json(0));
      } else if (!member.second.is_number()) {
        ASSERT_NE(written.Find(key), nullptr) << example.name << " " << key;
        EXPECT_EQ(*written.Find(key), member.second)
            << example.name << " " << key;
      } else {
        EXPECT_EQ(written.Find(key)->number(), member.second.number())
            << example.name << " " << key;
      }
    }
  }
}

TEST(ConfigWriting, ScalingStaysInTheStyleOfTheOriginal) {
  ModelConfig config = ExampleConfig("qwen2");  // transformers 5
  config.rope_scaling = ExampleConfig("llama31").rope_scaling;
  Json json = ConfigToJson(config);
  EXPECT_EQ(json.Find("rope_scaling"), nullptr);
  EXPECT_EQ(json.Find("rope_theta"), nullptr);
  EXPECT_EQ(*json.Find("rope_parameters")->Find("rope_type"), Json("llama3"));
  EXPECT_EQ(json.Find("rope_parameters")->Find("rope_theta")->number(), 1e6);
  config = ExampleConfig("llama31");  // transformers 4
  config.rope_scaling = RopeScaling();
  json = ConfigToJson(config);
  EXPECT_EQ(json.Find("rope_parameters"), nullptr);
  EXPECT_TRUE(json.Find("rope_scaling")->is_null());
  EXPECT_EQ(json.Find("rope_theta")->number(), 500000.0);
}

TEST(ConfigWriting, FreshOnesNameTheirClass) {
  for (const ModelFamily& family : Families()) {
    const Json json = ConfigToJson(RandomConfig(family, 1));
    EXPECT_EQ(json.Find("architectures")->array().front(),
              Json(family.architecture));
  }
}

}  // namespace
}  // namespace limbeck
