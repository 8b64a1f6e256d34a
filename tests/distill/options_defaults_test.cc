// Defaults are filled in and impossible options refused by name and value.
#include "distill/options_defaults.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TrainOptions Parse(const std::string& text) {
  TrainOptions options;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &options));
  return options;
}

constexpr char kMinimal[] = "epochs: 1 initial_model_input: 'base' ";

TEST(TrainOptions, DefaultsAreAsDocumented) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const TrainOptions options,
                               ResolveOptions(Parse(kMinimal)));
  EXPECT_EQ(options.learning_rate().peak(), 1e-3);
  EXPECT_EQ(options.learning_rate().final_ratio(), 0.1);
  EXPECT_EQ(options.learning_rate().warmup_ratio(), 0.03);
  EXPECT_EQ(options.learning_rate().schedule(), LearningRate::SCHEDULE_COSINE);
  EXPECT_EQ(options.adamw().beta2(), 0.95);
  EXPECT_EQ(options.adamw().weight_decay(), 0.1);
  EXPECT_EQ(options.bins_per_step(), 8);
  EXPECT_EQ(options.bins_per_micro_batch(), 1);
  EXPECT_EQ(options.checkpoint_every_steps(), 200);
  EXPECT_EQ(options.keep_checkpoints(), 2);
  EXPECT_EQ(options.evaluate_every_steps(), 100);
  EXPECT_EQ(options.max_skipped_steps(), 3);
  EXPECT_EQ(options.export_dtype(), TrainOptions::DTYPE_FLOAT32);
  EXPECT_EQ(options.objective().kind(), ObjectiveOptions::KIND_CROSS_ENTROPY);
}

TEST(TrainOptions, ResolvingTwiceChangesNothing) {
  const std::string text =
      "max_tokens: 5 tokenizer_input: 't' architecture { hidden_size: 16 "
      "num_layers: 1 num_heads: 2 intermediate_size: 8 }";
  LIMBECK_ASSERT_OK_AND_ASSIGN(const TrainOptions once,
                               ResolveOptions(Parse(text)));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const TrainOptions twice, ResolveOptions(once));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(once, twice));
  EXPECT_EQ(once.architecture().num_kv_heads(), 2);
  EXPECT_EQ(once.architecture().head_dim(), 8);
  EXPECT_TRUE(once.architecture().tied_head());
}

struct BadOptions {
  std::string text;
  std::string error;
};

class BadTrainOptions : public testing::TestWithParam<BadOptions> {};

TEST_P(BadTrainOptions, AreRefusedByNameAndValue) {
  EXPECT_THAT(ResolveOptions(Parse(GetParam().text)),
              IsError(absl::StatusCode::kInvalidArgument, GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTrainOptions,
    testing::Values(
        BadOptions{"initial_model_input: 'b'",
                   "epochs and max_tokens are both missing"},
        BadOptions{"epochs: 1 max_tokens: 2 initial_model_input: 'b'",
                   "both given"},
        BadOptions{"epochs: 0 initial_model_input: 'b'", "epochs is 0"},
        BadOptions{"epochs: nan initial_model_input: 'b'", "epochs is nan"},
        BadOptions{"max_tokens: 0 initial_model_input: 'b'", "max_tokens is 0"},
        BadOptions{"epochs: 1", "a student starts from exactly one"},
        BadOptions{"epochs: 1 initial_model_input: 'b' tokenizer_input: 't'",
                   "brings its own tokenizer"},
        BadOptions{"epochs: 1 architecture { hidden_size: 8 }",
                   "tokenizer_input is missing"},
        BadOptions{"epochs: 1 tokenizer_input: 't' architecture { "
                   "hidden_size: 12 num_layers: 1 intermediate_size: 4 "
                   "num_heads: 4 }",
                   "head_dim is 3"},
        BadOptions{"epochs: 1 tokenizer_input: 't' architecture { "
                   "hidden_size: 12 num_layers: 1 intermediate_size: 4 "
                   "num_heads: 3 num_kv_heads: 2 head_dim: 4 }",
                   "num_kv_heads is 2, it must divide architecture.num_heads, "
                   "which is 3"},
        BadOptions{std::string(kMinimal) + "objective { mix: 1.5 }",
                   "objective.mix is 1.5"},
        BadOptions{std::string(kMinimal) + "learning_rate { peak: -1 }",
                   "learning_rate.peak is -1"},
        BadOptions{std::string(kMinimal) + "adamw { beta2: 1 }",
                   "adamw.beta2 is 1"},
        BadOptions{std::string(kMinimal) + "bins_per_step: 0",
                   "bins_per_step is 0"},
        BadOptions{std::string(kMinimal) + "bins_per_step: 65537",
                   "bins_per_step is 65537, allowed are finite values from 1 "
                   "to 65536"},
        BadOptions{std::string(kMinimal) + "bins_per_micro_batch: 65537",
                   "bins_per_micro_batch is 65537"},
        BadOptions{std::string(kMinimal) + "keep_checkpoints: -2",
                   "keep_checkpoints is -2"},
        BadOptions{std::string(kMinimal) +
                       "objective { kind: KIND_TOPK_DISTILLATION "
                       "temperature: 2 }",
                   "objective.temperature is 2"},
        BadOptions{std::string(kMinimal) +
                       "objective { kind: KIND_DENSE_DISTILLATION }",
                   "teacher_input is missing"},
        BadOptions{std::string(kMinimal) + "teacher_input: 't'",
                   "teacher_input is given"}));

}  // namespace
}  // namespace limbeck
