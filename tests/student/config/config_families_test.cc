// Published configurations of every family: what is read, what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "student/config/config.h"
#include "student/config/config_family.h"
#include "tests/support/config_examples.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using absl::StatusCode;

Json Parsed(const char* text) { return *ParseJson(text); }

TEST(ConfigFamilies, ParametersAreThoseOfTransformers) {
  for (const ConfigExample& example : ConfigExamples()) {
    EXPECT_EQ(ExampleConfig(example.name).NumParameters(), example.parameters)
        << example.name;
  }
}

TEST(ConfigFamilies, OnlyExpertsMakeParametersIdle) {
  for (const ConfigExample& example : ConfigExamples()) {
    const ModelConfig config = ExampleConfig(example.name);
    const bool idle = config.NumActiveParameters() < config.NumParameters();
    EXPECT_EQ(idle, config.experts.has_value()) << example.name;
  }
  // Published: 37 billion of 671.
  EXPECT_NEAR(
      static_cast<double>(ExampleConfig("deepseek").NumActiveParameters()),
      37.55e9, 0.05e9);
}

TEST(ConfigFamilies, Llama2LeavesThetaOut) {
  const ModelConfig config = ExampleConfig("llama2");
  EXPECT_EQ(config.rope_theta, 10000.0);
  EXPECT_EQ(config.rope_scaling, RopeScaling());
  EXPECT_EQ(config.head_dim, 128);
  EXPECT_EQ(config.dtype, "float16");
}

TEST(ConfigFamilies, Llama31StretchesLongWaves) {
  const RopeScaling scaling = ExampleConfig("llama31").rope_scaling;
  EXPECT_EQ(scaling.type, RopeType::kLlama3);
  EXPECT_EQ(scaling.factor, 8.0);
  EXPECT_EQ(scaling.low_freq_factor, 1.0);
  EXPECT_EQ(scaling.high_freq_factor, 4.0);
  EXPECT_EQ(scaling.original_max_positions, 8192);
}

TEST(ConfigFamilies, LlamaBiasesAreOfAllFourProjections) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ParseChanged("llama31", "attention_bias", true));
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_TRUE(config.o_bias);
  EXPECT_EQ(config.NumParameters(), 8030261248 + 32 * (2 * 4096 + 2 * 1024));
}

TEST(ConfigFamilies, MistralSlidesInEveryLayer) {
  const ModelConfig config = ExampleConfig("mistral");
  EXPECT_EQ(config.Window(0), 4096);
  EXPECT_EQ(config.Window(31), 4096);
  EXPECT_EQ(ExampleConfig("nemo").sliding_window, 0);
  EXPECT_EQ(ExampleConfig("nemo").head_dim, 128);
}

TEST(ConfigFamilies, AbsentIsNotNull) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(ModelConfig config,
                               ParseWithout("nemo", "sliding_window"));
  EXPECT_EQ(config.sliding_window, 4096);
  LIMBECK_ASSERT_OK_AND_ASSIGN(config,
                               ParseWithout("nemo", "num_key_value_heads"));
  EXPECT_EQ(config.num_kv_heads, 8);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      config, ParseChanged("nemo", "num_key_value_heads", Json()));
  EXPECT_EQ(config.num_kv_heads, 32);
  LIMBECK_ASSERT_OK_AND_ASSIGN(config, ParseWithout("qwen3", "head_dim"));
  EXPECT_EQ(config.head_dim, 128);
}

TEST(ConfigFamilies, Qwen2SlidesInItsUpperLayers) {
  const ModelConfig config = ExampleConfig("qwen2");
  EXPECT_EQ(config.Window(3), 0);
  EXPECT_EQ(config.Window(4), 2048);
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_FALSE(config.o_bias);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig without_list,
                               ParseWithout("qwen2", "layer_types"));
  EXPECT_EQ(without_list.first_sliding_layer, 4);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ModelConfig off,
      ParseModelConfig(ExampleJson("qwen2")
                           .Set("layer_types", Json())
                           .Set("use_sliding_window", false),
                       Json()));
  EXPECT_EQ(off.sliding_window, 0);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ModelConfig above,
      ParseModelConfig(ExampleJson("qwen2")
                           .Set("layer_types", Json())
                           .Set("max_window_layers", 6),
                       Json()));
  EXPECT_EQ(above.sliding_window, 0);
}

TEST(ConfigFamilies, LayerTypesOutsideThisOrderAreRefused) {
  const auto with = [](const char* name, const char* types) {
    return ParseChanged(name, "layer_types", Parsed(types)).status();
  };
  EXPECT_THAT(with("qwen2", R"(["full_attention", "sliding_attention",
                                "full_attention", "sliding_attention",
                                "full_attention", "sliding_attention"])"),
              IsError(StatusCode::kUnimplemented, "full layers first"));
  EXPECT_THAT(with("qwen2", R"(["chunked_attention"])"),
              IsError(StatusCode::kUnimplemented, "chunked_attention"));
  EXPECT_THAT(with("qwen2", R"(["full_attention"])"),
              IsError(StatusCode::kInvalidArgument,
                      "layer_types has 1 entries, num_hidden_layers is 6"));
  EXPECT_THAT(ParseChanged("qwen2", "use_sliding_window", false),
              IsError(StatusCode::kInvalidArgument, "sliding_window is off"));
  Json full = Json::Array();
  for (int layer = 0; layer < 32; ++layer) full.Push("full_attention");
  EXPECT_THAT(ParseChanged("mistral", "layer_types", full),
              IsError(StatusCode::kInvalidArgument, "4096 everywhere"));
}

TEST(ConfigFamilies, Qwen3NormalisesHeadsAndReadsYarn) {
  const ModelConfig config = ExampleConfig("qwen3");
  EXPECT_TRUE(config.qk_norm);
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_EQ(config.rope_scaling.type, RopeType::kYarn);
  EXPECT_EQ(config.rope_scaling.beta_fast, 32.0);
  EXPECT_TRUE(config.rope_scaling.truncate);
  EXPECT_EQ(config.rope_scaling.attention_factor, std::nullopt);
  EXPECT_DOUBLE_EQ(config.AttentionScale(), 1.0 / std::sqrt(128.0));
  LIMBECK_EXPECT_OK(ParseChanged("qwen3", "attention_bias", true));
}

TEST(ConfigFamilies, DeepSeekReadsLatentAttentionAndExperts) {
  const ModelConfig config = ExampleConfig("deepseek");
  EXPECT_EQ(*config.latent, (LatentAttention{1536, 512, 128, 64, 128}));
  const ExpertMixture mixture = {.num_experts = 256,
                                 .num_chosen = 8,
                                 .num_groups = 8,
                                 .num_chosen_groups = 4,
                                 .intermediate_size = 2048,
                                 .num_shared = 1,
                                 .first_layer = 3,
                                 .normalize = true,
                                 .scaling = 2.5};
  EXPECT_EQ(*config.experts, mixture);
  EXPECT_EQ(config.head_dim, 192);
  EXPECT_EQ(config.RotaryDim(), 64);
  EXPECT_EQ(config.ValueDim(), 128);
  EXPECT_TRUE(config.rope_interleaved);
  EXPECT_EQ(config.num_prediction_layers, 1);
  EXPECT_EQ(*config.fp8_blocks, (Fp8Blocks{128, 128}));
  EXPECT_FALSE(config.HasExperts(2));
  EXPECT_TRUE(config.HasExperts(3));
  // 192^-0.5 (0.1 ln 40 + 1)^2
  EXPECT_NEAR(config.AttentionScale(), 0.13523377, 1e-7);
}

TEST(ConfigFamilies, QueriesWithoutLatentSayNull) {
  EXPECT_EQ(ExampleConfig("moonlight").latent->q_rank, 0);
  EXPECT_THAT(ParseWithout("moonlight", "q_lora_rank"),
              IsError(StatusCode::kNotFound, "q_lora_rank"));
  EXPECT_THAT(ParseChanged("moonlight", "q_lora_rank", 0),
              IsError(StatusCode::kInvalidArgument, "q_lora_rank is 0"));
}

struct Refusal {
  const char* example;
  const char* key;
  const char* value;
  const char* says;
};

TEST(ConfigFamilies, RefusesOtherArithmetic) {
  const Refusal refusals[] = {
      {"deepseek", "scoring_func", "\"softmax\"",
       "scoring_func is softmax, supported is sigmoid"},
      {"deepseek", "topk_method", "\"greedy\"", "supported is noaux_tc"},
      {"deepseek", "moe_layer_freq", "2", "moe_layer_freq is 2"},
      {"deepseek", "attention_bias", "true", "attention_bias is true"},
      {"mistral", "attention_bias", "true", "attention_bias is true"},
      {"llama31", "sliding_window", "4096", "sliding_window is 4096"},
      {"llama31", "per_layer_config", "{}", "per_layer_config"},
      {"llama31", "quantization_config", R"({"quant_method":"gptq"})",
       "quantization_config.quant_method is gptq, supported is fp8"},
      {"llama31", "quantization_config", R"({"quant_method":"fp8"})",
       "quantization_config.weight_block_size is absent"},
      {"llama31", "quantization_config",
       R"({"quant_method":"fp8","fmt":"e5m2"})", "fmt is e5m2"},
      {"llama31", "quantization_config",
       R"({"quant_method":"fp8","activation_scheme":"static"})",
       "activation_scheme is static"},
      {"llama31", "rope_scaling", R"({"type":"longrope"})", "longrope"},
      {"llama31", "rope_scaling",
       R"({"rope_type":"default","partial_rotary_factor":0.5})",
       "partial_rotary_factor is 0.5"},
      {"llama31", "rope_scaling", R"({"full_attention":{}})",
       "one setting for all layers"}};
  for (const Refusal& refusal : refusals) {
    EXPECT_THAT(
        ParseChanged(refusal.example, refusal.key, Parsed(refusal.value)),
        IsError(StatusCode::kUnimplemented, refusal.says))
        << refusal.key;
  }
}

TEST(ConfigFamilies, LongValuesAreShownInPart) {
  std::string word;
  for (int i = 0; i < 5000; ++i) word += "\xC3\xA9";
  for (const char* key :
       {"hidden_act", "model_type", "dtype", "eos_token_id"}) {
    const absl::Status status = ParseChanged("llama31", key, word).status();
    ASSERT_FALSE(status.ok()) << key;
    EXPECT_THAT(std::string(status.message()),
                ::testing::AllOf(::testing::HasSubstr(key),
                                 ::testing::HasSubstr("\xC3\xA9...")));
    EXPECT_LT(status.message().size(), 300u) << key;
  }
}

TEST(ConfigFamilies, RefusesSizesThatDoNotFit) {
  const Refusal refusals[] = {
      {"deepseek", "n_group", "7",
       "n_routed_experts is 256, expected a multiple of n_group 7"},
      {"deepseek", "n_group", "256", "at least 2 experts in each group"},
      {"deepseek", "topk_group", "9",
       "topk_group is 9, expected a value from 1 to 8"},
      {"deepseek", "num_experts_per_tok", "129",
       "num_experts_per_tok is 129, expected a value from 1 to 128"},
      {"deepseek", "n_routed_experts", "4096", "n_routed_experts is 4096"},
      {"deepseek", "qk_rope_head_dim", "63", "qk_rope_head_dim is 63"},
      {"deepseek", "num_key_value_heads", "8", "num_key_value_heads is 8"},
      {"deepseek", "head_dim", "192", "they name the same channels"},
      {"deepseek", "qk_nope_head_dim", "9223372036854775807",
       "qk_nope_head_dim is 9223372036854775807"},
      {"deepseek", "first_k_dense_replace", "-1", "first_k_dense_replace"},
      {"deepseek", "num_nextn_predict_layers", "65", "from 0 to 64"},
      {"mistral", "sliding_window", "0", "sliding_window is 0"},
      {"llama31", "quantization_config",
       R"({"quant_method":"fp8","weight_block_size":[128,0]})",
       "weight_block_size is 0"},
      {"llama31", "rope_scaling",
       R"({"rope_type":"llama3","factor":8,"low_freq_factor":4,
           "high_freq_factor":4})",
       "low_freq_factor is 4 and high_freq_factor is 4"},
      {"llama31", "rope_scaling", R"({"type":"linear","factor":0.5})",
       "rope factor is 0.5"},
      {"qwen3", "rope_scaling", R"({"type":"yarn","factor":4,"beta_fast":1})",
       "beta_slow is 1 and beta_fast is 1"},
      {"qwen3", "original_max_position_embeddings", "4096",
       "original_max_position_embeddings is 32768, but 4096 outside"},
      {"qwen3", "rope_parameters", R"({"rope_type":"default"})",
       "rope_scaling and rope_parameters differ"},
      {"llama31", "hidden_size", "4097", "not a multiple"}};
  for (const Refusal& refusal : refusals) {
    EXPECT_THAT(
        ParseChanged(refusal.example, refusal.key, Parsed(refusal.value)),
        IsError(StatusCode::kInvalidArgument, refusal.says))
        << refusal.key;
  }
  EXPECT_THAT(
      ParseChanged("llama31", "rope_scaling", Parsed(R"({"type":"linear"})")),
      IsError(StatusCode::kNotFound, "rope_scaling: \"factor\""));
}

TEST(ConfigFamilies, YarnWithoutFactorIsRefusedAsInTransformers) {
  EXPECT_THAT(
      ParseChanged("qwen3", "rope_scaling", Parsed(R"({"type":"yarn"})")),
      IsError(StatusCode::kNotFound, "rope_scaling: \"factor\" is missing"));
}

TEST(ConfigFamilies, MscaleOfAllDimensionsCountsForEveryScaling) {
  const double plain = 1.0 / std::sqrt(128.0 + 64.0);
  const double mscale = 0.1 * 0.7 * std::log(4.0) + 1.0;
  for (const char* rope :
       {R"({"type":"linear","factor":4,"mscale_all_dim":0.7})",
        R"({"type":"llama3","factor":4,"low_freq_factor":1,
            "high_freq_factor":4,"mscale_all_dim":0.7})",
        R"({"type":"yarn","factor":4,"mscale_all_dim":0.7})"}) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const ModelConfig config,
        ParseChanged("deepseek", "rope_scaling", Parsed(rope)));
    EXPECT_NEAR(config.AttentionScale(), plain * mscale * mscale, 1e-12)
        << rope;
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ModelConfig config,
      ParseChanged("deepseek", "rope_scaling",
                   Parsed(R"({"type":"default","mscale_all_dim":0.7})")));
  EXPECT_NEAR(config.AttentionScale(), plain, 1e-12);
  EXPECT_THAT(ParseChanged("deepseek", "rope_scaling",
                           Parsed(R"({"type":"linear","factor":4,
                                      "mscale_all_dim":-1})")),
              IsError(StatusCode::kInvalidArgument, "mscale_all_dim is -1"));
}

// The class defaults of transformers 5.23.
TEST(ConfigFamilies, PositionsAndEpsilonMayBeAbsent) {
  for (const auto& [name, positions] :
       {std::pair("llama31", 2048), std::pair("mistral", 131072),
        std::pair("qwen2", 32768), std::pair("qwen3", 32768),
        std::pair("deepseek", 4096)}) {
    const Json whole = ExampleConfig(name).original;
    Json json = Json::Object();
    for (const JsonMember& member : whole.object()) {
      if (member.first == "max_position_embeddings" ||
          member.first == "rms_norm_eps") {
        continue;
      }
      json.Set(member.first, member.second);
    }
    LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                                 ParseModelConfig(json, Json()));
    EXPECT_EQ(config.max_positions, positions) << name;
    EXPECT_EQ(config.rms_norm_eps, 1e-6) << name;
  }
}

TEST(ConfigFamilies, YarnTakesTheRatioWhereTheFactorIsNull) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ModelConfig config,
      ParseChanged("qwen3", "rope_scaling",
                   Parsed(R"({"rope_type":"yarn","factor":null,"beta_fast":0,
                              "original_max_position_embeddings":65536})")));
  EXPECT_EQ(config.rope_scaling.factor, 2.0);
  EXPECT_EQ(config.rope_scaling.beta_fast, 32.0);
}

TEST(ConfigFamilies, OddHeadsAreOnlyRefusedWhereTransformersDoes) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ParseChanged("qwen3", "hidden_size", 1025));
  EXPECT_EQ(config.head_dim, 128);
}

TEST(ConfigFamilies, AConfigMustBeOneThatItsFamilyCanSay) {
  ModelConfig config = ExampleConfig("llama31");
  config.sliding_window = 16;
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument,
                      "sliding_window is set, which config.json of llama"));
  config = ExampleConfig("mistral");
  config.first_sliding_layer = 1;
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument, "first_sliding_layer"));
  config = ExampleConfig("qwen2");
  config.qkv_bias = false;
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument, "qkv_bias is not set"));
  config = ExampleConfig("llama31");
  config.o_bias = true;
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument, "o_bias"));
  config = ExampleConfig("qwen3");
  config.qk_norm = false;
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument, "qk_norm"));
  config = ExampleConfig("deepseek");
  config.experts.reset();
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument, "mixture of experts"));
  config = ExampleConfig("llama31");
  config.rope_interleaved = true;
  EXPECT_THAT(ValidateConfig(config),
              IsError(StatusCode::kInvalidArgument, "rope_interleaved"));
}

}  // namespace
}  // namespace limbeck
