// One workspace with a tokenizer, bins and a random model, for all tests that
// run the real binary.
#ifndef LIMBECK_TESTS_RECIPES_PROGRAM_FIXTURE_H_
#define LIMBECK_TESTS_RECIPES_PROGRAM_FIXTURE_H_

#include <string>

#include "gtest/gtest.h"
#include "tests/recipes/program.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {

// The folder `<stage>-<fingerprint>` of a workspace.
std::string FindArtefact(const std::string& workspace,
                         const std::string& stage);

// Stages corpus, problems, words, worked, tokens and bins, from
// data.textproto.
class Program : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  static std::string Workspace() { return directory_->File("workspace"); }
  static std::string Model() { return directory_->File("model"); }
  static const std::string& Tokenizer() { return *tokenizer_; }

  static TemporaryDirectory* directory_;
  static std::string* tokenizer_;
};

}  // namespace limbeck

#endif  // LIMBECK_TESTS_RECIPES_PROGRAM_FIXTURE_H_
