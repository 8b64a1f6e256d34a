// A judge with the real sandbox, and short ways to ask it.
#ifndef LIMBECK_TESTS_DATA_JUDGE_JUDGE_FIXTURE_H_
#define LIMBECK_TESTS_DATA_JUDGE_JUDGE_FIXTURE_H_

#include <memory>
#include <string>

#include "data/judge/judge.h"
#include "gtest/gtest.h"

namespace limbeck {

// Skips, by name, where the machine does not offer level B.
class JudgeTestCase : public testing::Test {
 protected:
  void SetUp() override;

  // The verdict's name; the detail follows it where a test fails.
  std::string VerdictOf(const JudgeRequest& request);
  JudgeResult ResultOf(const JudgeRequest& request);

  VerifyMode mode_ = VerifyMode::kSound;
  std::string testlib_header_;
  std::unique_ptr<Judge> judge_;
};

JudgeRequest PythonRequest(std::string code, std::string input,
                           std::string output);
JudgeRequest CppRequest(std::string code, std::string input,
                        std::string output);
JudgeRequest FunctionRequest(std::string code, std::string input,
                             std::string output);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_JUDGE_JUDGE_FIXTURE_H_
