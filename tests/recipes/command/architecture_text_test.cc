// `inspect` says everything that a config.json says.
#include "recipes/command/architecture_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_examples.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ArchitectureText, DeepSeek) {
  EXPECT_EQ(
      ArchitectureText(ExampleConfig("deepseek")),
      "deepseek_v3, 671026419200 parameters stored as bfloat16, 37552297472 of "
      "them for each token\n"
      "matrices as float8 e4m3 in blocks of 128 x 128\n"
      "1 layer for predicting further tokens, not used\n"
      "61 layers, hidden 7168, heads 128 (128 for keys), head size 192, "
      "feed-forward 18432, vocabulary 129280\n"
      "latent attention: keys and values from 512 numbers, queries from 1536; "
      "of each head 128 channels as they are and 64 rotated in neighbouring "
      "pairs, values 128\n"
      "experts: 256 of width 2048 from layer 3 on, for each token 8 out of 4 "
      "of 8 groups and 1 shared; weights that sum to 2.5\n"
      "163840 positions, rope theta 10000, yarn scaling by 40 of 4096 "
      "positions (beta 32 to 1, mscale 1, mscale_all_dim 1), begins 0, ends "
      "1\n");
}

TEST(ArchitectureText, WindowsAndBiases) {
  EXPECT_THAT(ArchitectureText(ExampleConfig("qwen2")),
              HasSubstr("biases of q, k and v, a token sees the last 2048 in "
                        "layers from 4 on\n"));
  EXPECT_THAT(ArchitectureText(ExampleConfig("mistral")),
              HasSubstr("\na token sees the last 4096 in all layers\n"));
  EXPECT_THAT(ArchitectureText(ExampleConfig("qwen3")),
              HasSubstr("norms of the heads of q and k\n131072 positions, rope "
                        "theta 1000000, yarn scaling by 4 of 32768"));
  EXPECT_THAT(ArchitectureText(ExampleConfig("llama31")),
              HasSubstr("llama3 scaling by 8 of 8192 positions (low 1, high "
                        "4)"));
}

TEST(ArchitectureText, GenerationSettings) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      ModelConfig config,
      ParseModelConfig(
          ExampleJson("qwen3"),
          *ParseJson(R"({"eos_token_id": [7], "_from_model_config": true,
                         "temperature": 0.7, "repetition_penalty": 1.05})")));
  const std::string text = ArchitectureText(config);
  EXPECT_THAT(text, HasSubstr("ends 151645, 7\n"));
  EXPECT_THAT(text, HasSubstr("generation_config.json: temperature 0.7, "
                              "repetition_penalty 1.05\n"));
  EXPECT_THAT(text, HasSubstr("repetition_penalty is not applied"));
  config.original_generation.Set("repetition_penalty", 1.0);
  EXPECT_THAT(ArchitectureText(config), Not(HasSubstr("is not applied")));
  config.original_generation = Json();
  EXPECT_THAT(ArchitectureText(config), Not(HasSubstr("generation_config")));
}

TEST(ArchitectureText, NoEnds) {
  ModelConfig config = ExampleConfig("llama2");
  config.eos_ids.clear();
  EXPECT_THAT(ArchitectureText(config), HasSubstr("begins 1, no ends\n"));
}

}  // namespace
}  // namespace limbeck
