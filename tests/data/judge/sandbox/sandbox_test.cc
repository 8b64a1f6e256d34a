// What the sandbox does with programs that behave.
#include "data/judge/sandbox/sandbox.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TEST(Sandbox, EchoesInput) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(auto sandbox, Sandbox::Create({}));
  SandboxCommand command;
  command.argv = {"/bin/cat"};
  command.standard_input = "hello";
  LIMBECK_ASSERT_OK_AND_ASSIGN(SandboxResult result, sandbox->Run(command));
  EXPECT_EQ(result.output, "hello");
  EXPECT_EQ(result.detail, "exited with code 0");
}

}  // namespace
}  // namespace limbeck
