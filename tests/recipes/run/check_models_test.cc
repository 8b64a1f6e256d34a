// Models that cannot be loaded, found before anything runs.
#include "recipes/run/check_models.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

class CheckModelsTest : public ::testing::Test {
 protected:
  // A copy of a small real checkpoint and a tokenizer.
  void SetUp() override {
    path_ = directory_.File("model");
    LIMBECK_ASSERT_OK(MakeDirectories(path_));
    const std::string model = "tests/testdata/student/llama/";
    for (const char* name : {"config.json", "model.safetensors"}) {
      Copy(model + name, name);
    }
    for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
      Copy(std::string("tests/testdata/text/gpt2/") + name, name);
    }
  }

  void Copy(const std::string& from, const std::string& name) {
    LIMBECK_ASSERT_OK(CopyFileAtomically(from, JoinPath(path_, name)));
  }

  std::string Errors() {
    const auto source = ParseRecipe(
        absl::StrCat("models { name: 'teacher' licence: 'MIT' path: '", path_,
                     "' }\nstages { name: 'problems' arithmetic_problems {} }"
                     "\nstages { name: 'traces' inputs: 'problems' inputs: "
                     "'teacher' generate { samples_per_problem: 1 "
                     "teacher_licence: 'MIT' } }"),
        "r");
    EXPECT_THAT(source, IsOk());
    const auto resolved = ResolveRecipe(*source);
    EXPECT_THAT(resolved, IsOk());
    return std::string(CheckModels(*resolved).message());
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
  std::string path_;
};

TEST_F(CheckModelsTest, WholeModelPasses) { EXPECT_EQ(Errors(), ""); }

TEST_F(CheckModelsTest, CutWeightsAreNamedWithTheirField) {
  const std::string file = JoinPath(path_, "model.safetensors");
  const std::string bytes = *ReadFile(file, 1 << 20);
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(file, bytes.substr(0, bytes.size() / 2)));
  const std::string errors = Errors();
  EXPECT_THAT(errors, HasSubstr("r:1:"));
  EXPECT_THAT(errors, HasSubstr("teacher.path: "));
  EXPECT_THAT(errors, HasSubstr("model.safetensors"));
}

TEST_F(CheckModelsTest, UnknownFamilyIsNamed) {
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(path_, "config.json"),
                                        "{\"model_type\": \"mamba\"}"));
  EXPECT_THAT(Errors(), HasSubstr("model_type is mamba"));
}

TEST_F(CheckModelsTest, MissingTokenizerIsNamed) {
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(path_, "tokenizer.json")));
  EXPECT_THAT(Errors(), HasSubstr("tokenizer.json"));
}

TEST_F(CheckModelsTest, PointersAndPicklesAreExplained) {
  const std::string file = JoinPath(path_, "model.safetensors");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"));
  EXPECT_THAT(Errors(), HasSubstr("git lfs pull"));
  LIMBECK_ASSERT_OK(RemoveTree(file));
  EXPECT_THAT(Errors(), HasSubstr("neither model.safetensors nor"));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(JoinPath(path_, "pytorch_model.bin"), "x"));
  EXPECT_THAT(Errors(), HasSubstr("is a pickle"));
}

}  // namespace
}  // namespace limbeck
