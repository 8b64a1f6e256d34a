// config.json of both families, old and new, and what is refused by name.
#include "student/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;

constexpr char kLlama[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama",
  "vocab_size": 128256, "hidden_size": 2048, "num_hidden_layers": 16,
  "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
  "intermediate_size": 8192, "max_position_embeddings": 131072,
  "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "tie_word_embeddings": true,
  "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009],
  "torch_dtype": "bfloat16", "unknown_key": {"kept": [1, 2.5]}})";

constexpr char kQwen[] = R"({
  "model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896,
  "num_hidden_layers": 24, "num_attention_heads": 14,
  "num_key_value_heads": 2, "intermediate_size": 4864,
  "max_position_embeddings": 32768, "rms_norm_eps": 1e-06,
  "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"},
  "use_sliding_window": false, "sliding_window": 32768,
  "layer_types": null, "tie_word_embeddings": true,
  "bos_token_id": 151643, "eos_token_id": 151645, "dtype": "bfloat16"})";

Json Parsed(const char* text) { return *ParseJson(text); }

// The llama configuration with one key changed.
absl::Status ParseWith(const char* key, Json value) {
  Json json = Parsed(kLlama);
  json.Set(key, std::move(value));
  return ParseModelConfig(json, Json()).status();
}

TEST(Config, ReadsLlama) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ParseModelConfig(Parsed(kLlama), Json()));
  EXPECT_EQ(config.num_kv_heads, 8);
  EXPECT_EQ(config.head_dim, 64);
  EXPECT_EQ(config.rope_theta, 500000.0);
  EXPECT_TRUE(config.tied_head);
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_EQ(config.dtype, "bfloat16");
  EXPECT_EQ(config.bos_id, 128000);
  EXPECT_THAT(config.eos_ids, ElementsAre(128001, 128008, 128009));
  // Published: 1.24 billion.
  EXPECT_EQ(config.NumParameters(), 1235814400);
}

TEST(Config, ReadsQwen2OfTransformers5) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ParseModelConfig(Parsed(kQwen), Json()));
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_EQ(config.head_dim, 64);
  EXPECT_EQ(config.rope_theta, 1000000.0);
  EXPECT_EQ(config.dtype, "bfloat16");
  EXPECT_EQ(config.NumParameters(), 494032768);
}

TEST(Config, EndIdsAreTheUnionWithGenerationConfig) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ModelConfig config,
      ParseModelConfig(Parsed(kQwen),
                       Parsed(R"({"eos_token_id": [151645, 151643]})")));
  EXPECT_THAT(config.eos_ids, ElementsAre(151645, 151643));
}

TEST(Config, UnknownKeysSurvive) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      ModelConfig config,
      ParseModelConfig(Parsed(kLlama), Parsed(R"({"temperature": 0.6})")));
  config.rope_theta = 10000.0;
  const Json json = ConfigToJson(config);
  EXPECT_EQ(*json.Find("unknown_key"), Parsed(R"({"kept": [1, 2.5]})"));
  EXPECT_EQ(json.Find("rope_theta")->number(), 10000.0);
  EXPECT_EQ(json.Find("torch_dtype")->string(), "bfloat16");
  EXPECT_EQ(json.Find("dtype"), nullptr);
  EXPECT_EQ(GenerationConfigToJson(config).Find("temperature")->number(), 0.6);
}

TEST(Config, ThetaIsWrittenWhereItWasRead) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(ModelConfig config,
                               ParseModelConfig(Parsed(kQwen), Json()));
  config.rope_theta = 10000.0;
  const Json json = ConfigToJson(config);
  EXPECT_EQ(json.Find("rope_theta"), nullptr);
  EXPECT_EQ(json.Find("rope_parameters")->Find("rope_theta")->number(),
            10000.0);
  EXPECT_EQ(json.Find("dtype")->string(), "bfloat16");
}

TEST(Config, RefusesWhatTheForwardDoesNotDo) {
  using absl::StatusCode;
  EXPECT_THAT(ParseWith("rope_scaling", Parsed(R"({"rope_type":"longrope"})")),
              IsError(StatusCode::kUnimplemented,
                      "rope_scaling: rope_type is longrope, supported is "
                      "default, linear, llama3 or yarn"));
  EXPECT_THAT(ParseWith("rope_scaling", Parsed(R"({"type":"dynamic"})")),
              IsError(StatusCode::kUnimplemented, "dynamic"));
  EXPECT_THAT(ParseWith("mlp_bias", true),
              IsError(StatusCode::kUnimplemented, "mlp_bias"));
  EXPECT_THAT(ParseWith("use_sliding_window", true),
              IsError(StatusCode::kUnimplemented, "use_sliding_window"));
  EXPECT_THAT(ParseWith("layer_types", Parsed(R"(["full_attention"])")),
              IsError(StatusCode::kInvalidArgument,
                      "layer_types has 1 entries, num_hidden_layers is 16"));
  EXPECT_THAT(ParseWith("quantization_config", Parsed("{}")),
              IsError(StatusCode::kUnimplemented, "quantization_config"));
  EXPECT_THAT(ParseWith("hidden_act", "gelu"),
              IsError(StatusCode::kUnimplemented, "gelu"));
  EXPECT_THAT(ParseWith("partial_rotary_factor", 0.5),
              IsError(StatusCode::kUnimplemented, "partial_rotary_factor"));
  EXPECT_THAT(ParseWith("model_type", "mamba"),
              IsError(StatusCode::kUnimplemented, "mamba"));
  EXPECT_THAT(ParseWith("torch_dtype", "float8"),
              IsError(StatusCode::kUnimplemented, "float8"));
}

TEST(Config, SwishIsTheOlderNameOfSilu) {
  LIMBECK_EXPECT_OK(ParseWith("hidden_act", "silu"));
  LIMBECK_EXPECT_OK(ParseWith("hidden_act", "swish"));
}

TEST(Config, RefusesImpossibleValues) {
  using absl::StatusCode;
  EXPECT_THAT(ParseWith("hidden_size", 0),
              IsError(StatusCode::kInvalidArgument, "hidden_size is 0"));
  EXPECT_THAT(ParseWith("vocab_size", int64_t{1} << 40),
              IsError(StatusCode::kInvalidArgument, "vocab_size"));
  EXPECT_THAT(ParseWith("num_key_value_heads", 5),
              IsError(StatusCode::kInvalidArgument, "multiple"));
  EXPECT_THAT(ParseWith("hidden_size", 2050),
              IsError(StatusCode::kInvalidArgument,
                      "not a multiple of num_attention_heads 32"));
  EXPECT_THAT(ParseWith("head_dim", 63),
              IsError(StatusCode::kInvalidArgument, "even"));
  EXPECT_THAT(ParseWith("rms_norm_eps", -1.0),
              IsError(StatusCode::kInvalidArgument, "rms_norm_eps"));
  EXPECT_THAT(ParseWith("rope_theta", 0.0),
              IsError(StatusCode::kInvalidArgument, "rope_theta"));
  EXPECT_THAT(ParseWith("eos_token_id", "x"),
              IsError(StatusCode::kInvalidArgument, "eos_token_id"));
  EXPECT_FALSE(ParseWith("rms_norm_eps", Json()).ok());
  EXPECT_FALSE(ParseWith("max_position_embeddings", Json()).ok());
}

TEST(Config, MissingKeysAreNamed) {
  for (const char* key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "model_type"}) {
    Json json = Json::Object();
    const Json whole = Parsed(kLlama);
    for (const JsonMember& member : whole.object()) {
      if (member.first != key) json.Set(member.first, member.second);
    }
    const absl::Status status = ParseModelConfig(json, Json()).status();
    EXPECT_FALSE(status.ok()) << key;
    EXPECT_NE(status.message().find(key), std::string::npos)
        << status.message();
  }
}

TEST(Config, FilesAreNamedInErrors) {
  TemporaryDirectory directory;
  EXPECT_THAT(ReadModelConfig(directory.path()),
              IsError(absl::StatusCode::kNotFound, "config.json"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("config.json"), "{]"));
  const absl::Status status = ReadModelConfig(directory.path()).status();
  EXPECT_NE(status.message().find("config.json"), std::string::npos);
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("config.json"),
                                        "{\"model_type\": \"llama\"}"));
  EXPECT_THAT(ReadModelConfig(directory.path()),
              IsError(absl::StatusCode::kNotFound,
                      "config.json: \"vocab_size\" is missing"));
}

}  // namespace
}  // namespace limbeck
