// Configurations of models with random weights, by options and by files.
#include "recipes/command/new_model.h"

#include <gtest/gtest.h>

#include "data/base/file.h"
#include "student/config/config_family.h"
#include "tests/support/config_examples.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

NewModelOptions TinySizes() {
  NewModelOptions options;
  options.vocab_size = 50;
  options.hidden_size = 32;
  options.num_layers = 3;
  options.num_heads = 4;
  options.intermediate_size = 64;
  return options;
}

// The file's path, for as long as the folder is there.
std::string WriteExample(const TemporaryDirectory& directory,
                         const std::string& name) {
  const std::string path = directory.File(name + ".json");
  EXPECT_THAT(WriteFileAtomically(path, WriteJson(ExampleJson(name))), IsOk());
  return path;
}

TEST(NewModel, EveryFamilyHasDefaults) {
  for (const std::string& family : ModelFamilyNames()) {
    NewModelOptions options = TinySizes();
    options.family = family;
    LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                                 ConfigOfNewModel(options));
    LIMBECK_EXPECT_OK(ValidateConfig(config)) << family;
    EXPECT_EQ(config.model_type, family);
    EXPECT_TRUE(config.tied_head) << family;
    EXPECT_LT(config.NumParameters(), 100000) << family;
    LIMBECK_EXPECT_OK(ParseModelConfig(ConfigToJson(config), Json())) << family;
  }
}

TEST(NewModel, OddSizesAreStillValid) {
  NewModelOptions options;
  options.family = "deepseek_v3";
  options.vocab_size = 1;
  options.hidden_size = 1;
  options.num_layers = 1;
  options.num_heads = 1;
  options.intermediate_size = 1;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ConfigOfNewModel(options));
  LIMBECK_EXPECT_OK(ValidateConfig(config));
}

TEST(NewModel, MissingSizesAreNamed) {
  NewModelOptions options = TinySizes();
  options.num_heads.reset();
  options.num_layers.reset();
  EXPECT_THAT(ConfigOfNewModel(options),
              IsError(absl::StatusCode::kInvalidArgument,
                      "give --layers, --heads, or --config"));
}

TEST(NewModel, OptionsChangeAFile) {
  const TemporaryDirectory directory;
  NewModelOptions options;
  options.config_path = WriteExample(directory, "deepseek");
  options.num_layers = 2;
  options.num_heads = 3;
  options.tied_head = true;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ConfigOfNewModel(options));
  LIMBECK_EXPECT_OK(ValidateConfig(config));
  EXPECT_EQ(config.num_layers, 2);
  EXPECT_EQ(config.num_kv_heads, 3);
  EXPECT_TRUE(config.tied_head);
  EXPECT_EQ(config.hidden_size, 7168);
  EXPECT_EQ(config.rope_scaling.type, RopeType::kYarn);
  // Random weights are stored as they are.
  EXPECT_EQ(config.fp8_blocks, std::nullopt);
  EXPECT_EQ(config.num_prediction_layers, 0);
}

TEST(NewModel, WindowsAboveTheLastLayerGo) {
  const TemporaryDirectory directory;
  NewModelOptions options;
  options.config_path = WriteExample(directory, "qwen2");
  options.num_layers = 4;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ConfigOfNewModel(options));
  LIMBECK_EXPECT_OK(ValidateConfig(config));
  EXPECT_EQ(config.sliding_window, 0);
}

TEST(NewModel, AFolderBringsItsGenerationSettings) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("config.json"),
                                        WriteJson(ExampleJson("qwen3"))));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory.File("generation_config.json"),
                          R"({"eos_token_id": 7, "temperature": 0.6})"));
  NewModelOptions options;
  options.config_path = directory.path();
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                               ConfigOfNewModel(options));
  EXPECT_EQ(config.eos_ids, (std::vector<int32_t>{151645, 7}));
  EXPECT_TRUE(config.original_generation.is_object());
}

TEST(NewModel, ContradictionsAreRefused) {
  const TemporaryDirectory directory;
  NewModelOptions options;
  options.config_path = WriteExample(directory, "moonlight");
  options.family = "llama";
  EXPECT_THAT(
      ConfigOfNewModel(options),
      IsError(absl::StatusCode::kInvalidArgument, "--family is llama, "));
  options.family.reset();
  options.head_dim = 64;
  EXPECT_THAT(ConfigOfNewModel(options),
              IsError(absl::StatusCode::kInvalidArgument, "latent attention"));
  options = TinySizes();
  options.family = "deepseek_v3";
  options.num_kv_heads = 2;
  EXPECT_THAT(ConfigOfNewModel(options),
              IsError(absl::StatusCode::kInvalidArgument, "--kv_heads is 2"));
  options = {};
  options.config_path = directory.File("nowhere.json");
  EXPECT_THAT(ConfigOfNewModel(options),
              IsError(absl::StatusCode::kNotFound, "nowhere.json"));
}

}  // namespace
}  // namespace limbeck
