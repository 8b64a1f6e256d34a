// Text to recipe, one recipe over another, and where values were written.
#include "recipes/language/recipe_text.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSmall[] = R"(name: "small"
seed: 3
stages {
  name: "problems"
  arithmetic_problems { num_problems: 10 families: "a" families: "b" }
}
stages {
  name: "student"
  inputs: "problems"
  train {
    learning_rate {
      peak: 0.5
    }
  }
}
)";

std::string LocationText(const RecipeSource& source, const std::string& path) {
  return FormatLocation(source.sources.Nearest(path));
}

TEST(RecipeText, EveryValueHasItsPlace) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source,
                               ParseRecipe(kSmall, "a.textproto"));
  EXPECT_EQ(LocationText(source, "recipe.seed"), "a.textproto:2:1");
  EXPECT_EQ(LocationText(source, "problems.num_problems"), "a.textproto:5:25");
  EXPECT_EQ(LocationText(source, "problems.families[1]"), "a.textproto:5:56");
  EXPECT_EQ(LocationText(source, "student.learning_rate.peak"),
            "a.textproto:12:7");
  EXPECT_EQ(LocationText(source, "student.inputs[0]"), "a.textproto:9:3");
}

TEST(RecipeText, UnwrittenValuesPointToWhatEnclosesThem) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source,
                               ParseRecipe(kSmall, "a.textproto"));
  EXPECT_EQ(LocationText(source, "student.learning_rate.final_ratio"),
            "a.textproto:11:5");
  EXPECT_EQ(LocationText(source, "student.epochs"), "a.textproto:7:1");
  EXPECT_EQ(LocationText(source, "recipe.threads"), "a.textproto");
}

TEST(RecipeText, ErrorsNameFileLineAndNearFields) {
  EXPECT_THAT(ParseRecipe("name: \"x\"\nstages {\n  name: \"a\"\n"
                          "  train { epoch: 1 }\n}",
                          "b.textproto"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "b.textproto:4:16: no field 'epoch' in TrainOptions "
                      "(did you mean 'epochs'?)"));
  EXPECT_THAT(ParseRecipe("seed: banana", "b.textproto"),
              IsError(absl::StatusCode::kInvalidArgument, "b.textproto:1:7"));
  EXPECT_THAT(ParseRecipe("seed: 1\nseed: 2", "b.textproto"),
              IsError(absl::StatusCode::kInvalidArgument, "b.textproto:2:5"));
  EXPECT_THAT(ParseRecipe("threads: 99999999999", "b.textproto"),
              IsError(absl::StatusCode::kInvalidArgument, "b.textproto:1:10"));
}

TEST(RecipeText, TwoStagesOfOneNameAreRefused) {
  EXPECT_THAT(ParseRecipe("stages { name: \"a\" }\n\nstages { name: \"a\" }",
                          "c.textproto"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "c.textproto:3:1: a: this name is taken already, at "
                      "c.textproto:1:1"));
  EXPECT_THAT(ParseRecipe("stages { verify {} }", "c.textproto"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "c.textproto:1:1: stages[0]: has no name"));
}

TEST(RecipeText, AnyBytesGiveARecipeOrAnError) {
  ForEachCut(kSmall, [](const std::string& cut, size_t) {
    const auto parsed = ParseRecipe(cut, "cut");
    if (!parsed.ok()) {
      EXPECT_THAT(parsed.status().message(), HasSubstr("cut"));
    }
  });
  ForEachMutation(kSmall, 2000, 1, [](const std::string& text) {
    ParseRecipe(text, "mutated").status().IgnoreError();
  });
}

TEST(RecipeText, DeepNestingIsAnError) {
  std::string text = "stages { name: \"a\" train { ";
  for (int i = 0; i < 100000; ++i) absl::StrAppend(&text, "learning_rate { ");
  EXPECT_FALSE(ParseRecipe(text, "deep").ok());
}

RecipeSource Parse(const std::string& text, const std::string& file) {
  auto parsed = ParseRecipe(text, file);
  EXPECT_THAT(parsed, IsOk());
  return parsed.ok() ? *parsed : RecipeSource();
}

TEST(MergeRecipes, StagesMergeByNameFieldByField) {
  const RecipeSource merged = MergeRecipes(
      Parse(kSmall, "base"),
      Parse("stages { name: \"student\" train { epochs: 2\n learning_rate { "
            "schedule: SCHEDULE_LINEAR } } }",
            "derived"));
  ASSERT_EQ(merged.recipe.stages_size(), 2);
  const TrainOptions& train = merged.recipe.stages(1).train();
  EXPECT_EQ(train.epochs(), 2);
  EXPECT_EQ(train.learning_rate().peak(), 0.5);
  EXPECT_EQ(train.learning_rate().schedule(), LearningRate::SCHEDULE_LINEAR);
  EXPECT_THAT(merged.recipe.stages(1).inputs(), ElementsAre("problems"));
  EXPECT_EQ(LocationText(merged, "student.learning_rate.peak"), "base:12:7");
  EXPECT_EQ(LocationText(merged, "student.epochs"), "derived:1:34");
}

TEST(MergeRecipes, ExplicitZeroOverrides) {
  const RecipeSource merged = MergeRecipes(
      Parse(kSmall, "base"), Parse("seed: 0 stages { name: \"problems\" "
                                   "arithmetic_problems { num_problems: 0 } }",
                                   "derived"));
  EXPECT_TRUE(merged.recipe.has_seed());
  EXPECT_EQ(merged.recipe.seed(), 0);
  EXPECT_EQ(merged.recipe.stages(0).arithmetic_problems().num_problems(), 0);
}

TEST(MergeRecipes, OtherListsReplace) {
  const RecipeSource merged = MergeRecipes(
      Parse(kSmall, "base"), Parse("stages { name: \"problems\" "
                                   "arithmetic_problems { families: \"c\" } }",
                                   "derived"));
  EXPECT_THAT(merged.recipe.stages(0).arithmetic_problems().families(),
              ElementsAre("c"));
  EXPECT_EQ(merged.recipe.stages(0).arithmetic_problems().num_problems(), 10);
  EXPECT_EQ(merged.sources.Nearest("problems.families[0]").file, "derived");
  EXPECT_FALSE(merged.sources.Contains("problems.families[1]"));
}

TEST(MergeRecipes, NewStagesAreAppended) {
  const RecipeSource merged =
      MergeRecipes(Parse(kSmall, "base"),
                   Parse("stages { name: \"more\" verify {} }", "derived"));
  EXPECT_EQ(merged.recipe.stages(2).name(), "more");
}

TEST(MergeRecipes, AnotherKindReplacesTheOptions) {
  const RecipeSource merged =
      MergeRecipes(Parse(kSmall, "base"),
                   Parse("stages { name: \"student\" dedup {} }", "derived"));
  EXPECT_TRUE(merged.recipe.stages(1).has_dedup());
  EXPECT_FALSE(merged.recipe.stages(1).has_train());
  EXPECT_FALSE(merged.sources.Contains("student.learning_rate.peak"));
}

}  // namespace
}  // namespace limbeck
