// The verbs that write and read model folders, through the real binary.
#include <string>
#include <vector>

#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/recipes/program_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

// Runs a verb whose target ends in slashes, in a folder of its own.
void ExpectWholeFolder(const std::string& parent,
                       const std::vector<std::string>& files,
                       const std::vector<std::string>& arguments) {
  const ProgramResult result = RunProgram(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(*ListDirectory(parent), ElementsAre("t"));
  EXPECT_THAT(*ListDirectory(JoinPath(parent, "t")), IsSupersetOf(files));
}

TEST_F(Program, TargetsMayEndInSlashes) {
  const std::vector<std::string> checkpoint = {
      "config.json", "generation_config.json", "model.safetensors"};
  const std::string converted = directory_->File("converted");
  ExpectWholeFolder(converted, checkpoint,
                    {"convert", Model(), converted + "/t/"});
  const std::string edited = directory_->File("edited");
  ExpectWholeFolder(
      edited, checkpoint,
      {"convert", Model(), edited + "/t//", "--vocab_size", "512"});
  const std::string fresh = directory_->File("fresh");
  ExpectWholeFolder(
      fresh, checkpoint,
      {"init", fresh + "/t/", "--tokenizer", Tokenizer(), "--hidden_size", "32",
       "--layers", "2", "--heads", "4", "--kv_heads", "2",
       "--intermediate_size", "64", "--max_positions", "256", "--seed", "4"});
  const std::string extracted = directory_->File("extracted");
  ExpectWholeFolder(extracted,
                    {"adapter_config.json", "adapter_model.safetensors"},
                    {"convert", fresh + "/t/", extracted + "/t/",
                     "--extract_lora", Model() + "/", "--rank", "2"});
  // With a slash or without, a folder that exists is left alone.
  EXPECT_EQ(RunProgram({"convert", Model(), converted + "/t/"}).exit_code, 1);
}

TEST_F(Program, InspectShowsAdapters) {
  const std::string adapter = "tests/testdata/lora/plain";
  for (const std::string& path : {adapter, adapter + "/adapter_config.json"}) {
    const ProgramResult shown = RunProgram({"inspect", path});
    ASSERT_EQ(shown.exit_code, 0) << shown.errors;
    EXPECT_THAT(shown.output, HasSubstr("LoRA of rank 4, alpha 8\nbase base\n"
                                        "targets down_proj, lm_head, q_proj, "
                                        "v_proj\n"));
    EXPECT_THAT(shown.output,
                HasSubstr("7 modules, whole weights: 1, 13.8 KiB\n"));
    EXPECT_THAT(shown.output, HasSubstr("lora_A.weight"));
  }
  const ProgramResult patterns =
      RunProgram({"inspect", "tests/testdata/lora/patterns"});
  EXPECT_THAT(patterns.output,
              HasSubstr("LoRA of rank 3 (others by pattern), alpha 6 (others "
                        "by pattern), divided by the root of the rank\n"));
  const ProgramResult nothing = RunProgram({"inspect", "tests/testdata/lora"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("adapter_config.json"));
}

TEST_F(Program, ScoreAndGenerateRoundAsConvertDoes) {
  const std::string half = directory_->File("rounded");
  ASSERT_EQ(
      RunProgram({"convert", Model(), half, "--dtype", "bfloat16"}).exit_code,
      0);
  const std::string line = "{\"ids\":[7,8,9,10]}\n";
  const auto answer = [&](const std::string& verb, const std::string& model,
                          const std::string& dtype) {
    std::vector<std::string> arguments = {verb, "--model", model};
    if (!dtype.empty()) arguments.insert(arguments.end(), {"--dtype", dtype});
    const ProgramResult result = RunProgram(arguments, line);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.output, Not(IsEmpty()));
    return result.output;
  };
  for (const char* verb : {"score", "generate"}) {
    EXPECT_EQ(answer(verb, Model(), "bfloat16"), answer(verb, half, ""));
    EXPECT_NE(answer(verb, Model(), "bfloat16"), answer(verb, Model(), ""));
  }
}

}  // namespace
}  // namespace limbeck
