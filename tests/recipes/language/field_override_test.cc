// --set: paths, typed values, suggestions.
#include "recipes/language/field_override.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;

class FieldOverride : public ::testing::Test {
 protected:
  void SetUp() override {
    LIMBECK_ASSERT_OK_AND_ASSIGN(source_, ParseRecipe(R"(
      models { name: "base" path: "b" }
      stages { name: "students" inputs: "bins" train {} }
      stages { name: "problems" arithmetic_problems { families: "a" } }
      stages { name: "filtered" filter {} })",
                                                      "r"));
  }
  absl::Status Set(const std::string& assignment) {
    return ApplyOverride(assignment, &source_);
  }
  const StageEntry& stage(int index) { return source_.recipe.stages(index); }

  RecipeSource source_;
};

TEST_F(FieldOverride, SetsEveryType) {
  LIMBECK_EXPECT_OK(Set("students.learning_rate.peak=3e-4"));
  LIMBECK_EXPECT_OK(Set("students.learning_rate.schedule=linear"));
  LIMBECK_EXPECT_OK(Set("students.objective.kind=KIND_CROSS_ENTROPY"));
  LIMBECK_EXPECT_OK(Set("students.max_tokens=5000000000"));
  LIMBECK_EXPECT_OK(Set("students.initial_model_input=base"));
  LIMBECK_EXPECT_OK(Set("students.objective.temperature_squared=true"));
  const TrainOptions& train = stage(0).train();
  EXPECT_EQ(train.learning_rate().peak(), 3e-4);
  EXPECT_EQ(train.learning_rate().schedule(), LearningRate::SCHEDULE_LINEAR);
  EXPECT_EQ(train.objective().kind(), ObjectiveOptions::KIND_CROSS_ENTROPY);
  EXPECT_EQ(train.max_tokens(), 5000000000);
  EXPECT_EQ(train.initial_model_input(), "base");
  EXPECT_TRUE(train.objective().temperature_squared());
}

TEST_F(FieldOverride, ListsAreReplaced) {
  LIMBECK_EXPECT_OK(Set("problems.families=x, y"));
  EXPECT_THAT(stage(1).arithmetic_problems().families(), ElementsAre("x", "y"));
  LIMBECK_EXPECT_OK(Set("students.inputs=base"));
  EXPECT_THAT(stage(0).inputs(), ElementsAre("base"));
}

TEST_F(FieldOverride, OneEntryOfAList) {
  LIMBECK_EXPECT_OK(Set("problems.families=x,y,z"));
  LIMBECK_EXPECT_OK(Set("problems.families[1]=with,comma"));
  LIMBECK_EXPECT_OK(Set("problems.families[3]=w"));
  EXPECT_THAT(stage(1).arithmetic_problems().families(),
              ElementsAre("x", "with,comma", "z", "w"));
  EXPECT_EQ(source_.sources.Nearest("problems.families[1]").file,
            "--set problems.families[1]=with,comma");
  EXPECT_EQ(source_.sources.Nearest("problems.families[0]").file,
            "--set problems.families=x,y,z");
  LIMBECK_EXPECT_OK(Set("students.inputs[0]=base"));
  EXPECT_THAT(stage(0).inputs(), ElementsAre("base"));
  LIMBECK_EXPECT_OK(Set("recipe.report.evaluations[0]=e"));
  EXPECT_THAT(source_.recipe.report().evaluations(), ElementsAre("e"));
}

TEST_F(FieldOverride, EntryThatCannotBe) {
  EXPECT_THAT(Set("problems.families[2]=x"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "'problems.families' has 1 entries; [1] adds one, [2] "
                      "would leave a gap"));
  EXPECT_THAT(Set("problems.num_problems[0]=3"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "'problems.num_problems' is one value, no list"));
  for (const char* path : {"problems.families[]=x", "problems.families[-1]=x",
                           "problems.families[1=x", "problems.families]=x",
                           "[0]=x", "problems.families[99999999999]=x"}) {
    EXPECT_FALSE(Set(path).ok()) << path;
  }
}

TEST_F(FieldOverride, RecipeAndModelFields) {
  LIMBECK_EXPECT_OK(Set("seed=18446744073709551615"));
  LIMBECK_EXPECT_OK(Set("recipe.threads=2"));
  LIMBECK_EXPECT_OK(Set("report.title=a=b"));
  LIMBECK_EXPECT_OK(Set("base.path=/models/x"));
  LIMBECK_EXPECT_OK(Set("students.seed=9"));
  EXPECT_EQ(source_.recipe.seed(), UINT64_MAX);
  EXPECT_EQ(source_.recipe.threads(), 2);
  EXPECT_EQ(source_.recipe.report().title(), "a=b");
  EXPECT_EQ(source_.recipe.models(0).path(), "/models/x");
  EXPECT_EQ(stage(0).seed(), 9);
}

TEST_F(FieldOverride, LocationIsTheOption) {
  LIMBECK_EXPECT_OK(Set("students.epochs=2"));
  EXPECT_EQ(FormatLocation(source_.sources.Nearest("students.epochs")),
            "--set students.epochs=2");
}

TEST_F(FieldOverride, MistakesAreExplained) {
  const struct {
    const char* assignment;
    const char* error;
  } kCases[] = {
      {"seed", "expected PATH=VALUE"},
      {"=3", "expected PATH=VALUE"},
      {"student.epochs=1",
       "no stage or model 'student' (did you mean 'students'?)"},
      {"students.epoch=1",
       "'students' has no field 'epoch' (did you mean 'epochs'?)"},
      {"students.learning_rate.peek=1",
       "no field 'peek' in 'students.learning_rate' (did you mean 'peak'?)"},
      {"students.learning_rate=1",
       "is a message; name one of its fields: peak, final_ratio"},
      {"students.epochs.x=1", "'students.epochs' is a value"},
      {"students.epochs=two", "students.epochs: 'two' is no finite number"},
      {"students.epochs=inf", "'inf' is no finite number"},
      {"students.bins_per_step=1.5", "'1.5' is no 32-bit integer"},
      {"students.bins_per_step=4000000000", "is no 32-bit integer"},
      {"seed=-1", "'-1' is no non-negative 64-bit integer"},
      {"filtered.require_stop=yes", "'yes' is no true or false"},
      {"students.learning_rate.schedule=cosin",
       "'cosin' is no Schedule (did you mean 'cosine'?)"},
      {"sede=1", "no stage, model or field 'sede' (did you mean 'seed'?)"},
      {"stages=1", "no stage, model or field 'stages'"},
      {"students.name=x", "has no field 'name'"},
      {"students.train=x", "has no field 'train'"},
  };
  for (const auto& test : kCases) {
    const absl::Status status = Set(test.assignment);
    EXPECT_FALSE(status.ok()) << test.assignment;
    EXPECT_THAT(std::string(status.message()),
                ::testing::AllOf(::testing::HasSubstr(test.error),
                                 ::testing::StartsWith("--set ")));
  }
}

}  // namespace
}  // namespace limbeck
