// Defaults and refusals of the teacher stages' options.
#include "teacher/options_defaults.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

template <typename Options>
Options Parse(const char* text) {
  Options options;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &options));
  return options;
}

absl::StatusOr<GenerateOptions> Resolve(const char* text) {
  return ResolveOptions(Parse<GenerateOptions>(text));
}

TEST(GenerateOptions, LocalDefaults) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const GenerateOptions options, Resolve(""));
  EXPECT_EQ(options.ShortDebugString(),
            "teacher: KIND_LOCAL samples_per_problem: 4 temperature: 0.6 "
            "top_p: 0.95 top_k: 0 max_tokens: 512 capture_top_k: 0 rows: 32 "
            "teacher_licence: \"\" signal_codec: LOGPROB_CODEC_FLOAT32");
}

TEST(GenerateOptions, GivenValuesStay) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const GenerateOptions options,
      Resolve("temperature: 0 top_p: 1 rows: 7 teacher_licence: 'MIT'"));
  EXPECT_EQ(options.temperature(), 0.0);
  EXPECT_EQ(options.top_p(), 1.0);
  EXPECT_EQ(options.rows(), 7);
  EXPECT_EQ(options.teacher_licence(), "MIT");
}

TEST(GenerateOptions, ImpossibleValuesNameFieldAndRange) {
  const auto refused = [](const char* text, const char* message) {
    EXPECT_THAT(Resolve(text),
                IsError(absl::StatusCode::kInvalidArgument, message))
        << text;
  };
  refused("samples_per_problem: 0", "GenerateOptions.samples_per_problem");
  refused("temperature: -1", "GenerateOptions.temperature");
  refused("top_p: 0", "GenerateOptions.top_p is 0, must be above 0");
  refused("top_p: 1.01", "GenerateOptions.top_p");
  refused("max_tokens: 0", "GenerateOptions.max_tokens");
  refused("rows: 5000", "GenerateOptions.rows");
  refused("signal_codec: LOGPROB_CODEC_UNSPECIFIED", "signal_codec");
}

TEST(GenerateOptions, FieldsOfOtherTeachersAreRefused) {
  EXPECT_THAT(Resolve("replay_path: 'x'"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "GenerateOptions.replay_path is set, but a teacher of "
                      "KIND_LOCAL does not use it"));
  EXPECT_THAT(Resolve("teacher: KIND_REFERENCE capture_top_k: 4"),
              IsError(absl::StatusCode::kInvalidArgument, "capture_top_k"));
  EXPECT_THAT(Resolve("teacher: KIND_REPLAY replay_path: 'x' temperature: 0.6"),
              IsError(absl::StatusCode::kInvalidArgument, "temperature"));
}

TEST(GenerateOptions, ReferenceHasOneSampleAProblem) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const GenerateOptions options,
                               Resolve("teacher: KIND_REFERENCE"));
  EXPECT_EQ(options.samples_per_problem(), 1);
  EXPECT_THAT(
      Resolve("teacher: KIND_REFERENCE samples_per_problem: 2"),
      IsError(absl::StatusCode::kInvalidArgument, "samples_per_problem"));
}

TEST(GenerateOptions, ReplayNeedsAPath) {
  EXPECT_THAT(Resolve("teacher: KIND_REPLAY"),
              IsError(absl::StatusCode::kInvalidArgument, "replay_path"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const GenerateOptions options,
      Resolve("teacher: KIND_REPLAY replay_path: 'x'"));
  EXPECT_EQ(options.replay_format(), GenerateOptions::REPLAY_FORMAT_GENERIC);
  EXPECT_FALSE(options.has_temperature());
}

TEST(ScoreOptions, DefaultsAndRanges) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ScoreOptions options,
                               ResolveOptions(ScoreOptions()));
  EXPECT_EQ(options.top_k(), 16);
  EXPECT_EQ(options.batch_tokens(), 4096);
  EXPECT_THAT(
      ResolveOptions(Parse<ScoreOptions>("top_k: 0")),
      IsError(absl::StatusCode::kInvalidArgument, "ScoreOptions.top_k"));
}

}  // namespace
}  // namespace limbeck
