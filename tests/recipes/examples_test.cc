// The examples of --help work as they stand, in the folder of a checkout.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/recipes/program.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

// The quickstart in seconds: the same stages, fewer of everything.
constexpr char kSmall[] = R"(
threads: 2
stages { name: "train_problems" arithmetic_problems { num_problems: 80 } }
stages { name: "test_problems" arithmetic_problems { num_problems: 6 } }
stages { name: "traces" generate { samples_per_problem: 1 } }
stages { name: "student_answers" train { max_tokens: 4096 } }
stages { name: "student_sft" train { max_tokens: 4096 } }
stages { name: "student_distilled" train { max_tokens: 4096 } }
)";

// The lines under "Example:".
std::string ExampleOf(const std::string& verb) {
  const ProgramResult help = RunProgram({verb, "--help"});
  EXPECT_EQ(help.exit_code, 0) << verb;
  std::string example;
  bool inside = false;
  for (const absl::string_view line : absl::StrSplit(help.output, '\n')) {
    if (inside) absl::StrAppend(&example, line, "\n");
    inside = inside || line == "Example:";
  }
  EXPECT_THAT(example, HasSubstr(absl::StrCat("limbeck ", verb)));
  return example;
}

class Examples : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string source = absl::StrCat(LIMBECK_SOURCE_FOLDER, "/recipes");
    LIMBECK_ASSERT_OK(MakeDirectories(checkout_.File("recipes")));
    std::filesystem::create_directory_symlink(
        source + "/quickstart", checkout_.File("recipes/quickstart"));
    LIMBECK_ASSERT_OK(WriteFileAtomically(
        checkout_.File("recipes/quickstart.textproto"),
        absl::StrCat("base: \"", source, "/quickstart.textproto\"\n", kSmall)));
  }

  // What the example prints; fails when one of its lines does.
  std::string Run(const std::string& verb) {
    LIMBECK_EXPECT_OK(
        WriteFileAtomically(checkout_.File("example.sh"), ExampleOf(verb)));
    const std::string command = absl::StrCat(
        "cd '", checkout_.path(), "' && PATH='", DirName(ProgramPath()),
        "':\"$PATH\" sh -e example.sh > ", "out 2> err");
    const int status = std::system(command.c_str());
    EXPECT_EQ(status, 0) << verb << ": " << Text("err");
    return Text("out");
  }

  std::string Text(const std::string& file) {
    const auto text = ReadFile(checkout_.File(file));
    return text.ok() ? *text : "";
  }

  TemporaryDirectory checkout_;
};

TEST_F(Examples, AllWorkWhenPasted) {
  EXPECT_THAT(Run("run"), HasSubstr("workspace/quickstart/report.html\n"));
  EXPECT_THAT(Run("plan"), HasSubstr("has run before with seed 7 -> 21"));
  EXPECT_THAT(Run("inspect"), HasSubstr("record 1:\n"));
  EXPECT_THAT(Run("lineage"), HasSubstr("gold answer\n"));
  EXPECT_THAT(Run("compare"), HasSubstr("\"holm_family\""));
  EXPECT_THAT(Run("tokenize"), HasSubstr("{\"ids\":["));
  EXPECT_THAT(Run("render"), HasSubstr("<|user|>"));
  EXPECT_THAT(Run("score"), HasSubstr("\"top_logprobs\""));
  EXPECT_THAT(Run("verify"), HasSubstr("\"verdict\":\"correct\""));
  EXPECT_THAT(Run("judge"), HasSubstr("\"verdict\":\"accepted\""));
  EXPECT_THAT(Run("benchmark"), HasSubstr("\"pass_at_1\":1.0"));
  EXPECT_THAT(Run("convert"), HasSubstr(" parameters, bfloat16: "));
  EXPECT_THAT(Run("init"), HasSubstr(" parameters, llama, float32: "));
  EXPECT_THAT(Run("doctor"), HasSubstr("isolation level"));
}

TEST_F(Examples, TheToyTeacherKnowsTheAnswer) {
  const std::string output = Run("generate");
  EXPECT_THAT(output, HasSubstr("17+25=42"));
  EXPECT_THAT(output, HasSubstr("</think>\\\\boxed{36}"));
}

}  // namespace
}  // namespace limbeck
