#include "tests/recipes/program_fixture.h"

#include "data/base/file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr char kRecipe[] = R"(
threads: 2
stages { name: "corpus" arithmetic_corpus { num_documents: 300 partitions: 1 } }
stages { name: "problems" arithmetic_problems { num_problems: 30 partitions: 1 } }
stages {
  name: "words" inputs: "corpus" inputs: "problems"
  train_tokenizer { vocab_size: 400 }
}
stages {
  name: "worked" inputs: "problems"
  generate { teacher: KIND_REFERENCE samples_per_problem: 1 }
}
stages { name: "tokens" inputs: "worked" inputs: "words" tokenize {} }
stages { name: "bins" inputs: "tokens" pack { bin_tokens: 512 } }
)";

}  // namespace

std::string FindArtefact(const std::string& workspace,
                         const std::string& stage) {
  const auto names = ListDirectory(workspace);
  EXPECT_THAT(names, IsOk());
  for (const std::string& name : *names) {
    if (name.rfind(stage + "-", 0) == 0) return JoinPath(workspace, name);
  }
  ADD_FAILURE() << "no artefact of " << stage;
  return "";
}

TemporaryDirectory* Program::directory_ = nullptr;
std::string* Program::tokenizer_ = nullptr;

void Program::SetUpTestSuite() {
  directory_ = new TemporaryDirectory;
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory_->File("data.textproto"), kRecipe));
  const ProgramResult run = RunProgram(
      {"run", directory_->File("data.textproto"), "--workspace", Workspace()});
  ASSERT_EQ(run.exit_code, 0) << run.errors;
  tokenizer_ = new std::string(FindArtefact(Workspace(), "words") +
                               "/part-0000/tokenizer");
  const ProgramResult init = RunProgram(
      {"init", Model(), "--tokenizer", *tokenizer_, "--hidden_size", "32",
       "--layers", "2", "--heads", "4", "--kv_heads", "2",
       "--intermediate_size", "64", "--max_positions", "256", "--seed", "3"});
  ASSERT_EQ(init.exit_code, 0) << init.errors;
}

void Program::TearDownTestSuite() {
  delete directory_;
  delete tokenizer_;
}

}  // namespace limbeck
