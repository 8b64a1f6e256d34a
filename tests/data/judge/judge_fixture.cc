#include "tests/data/judge/judge_fixture.h"

#include <utility>

#include "absl/status/statusor.h"

namespace limbeck {

void JudgeTestCase::SetUp() {
  JudgeOptions options;
  options.mode = mode_;
  options.testlib_header = testlib_header_;
  absl::StatusOr<std::unique_ptr<Judge>> judge = Judge::Create(options);
  if (!judge.ok()) {
    GTEST_SKIP() << "needs isolation level B: " << judge.status().message();
  }
  judge_ = *std::move(judge);
}

JudgeResult JudgeTestCase::ResultOf(const JudgeRequest& request) {
  const absl::StatusOr<JudgeResult> result = judge_->Run(request);
  if (result.ok()) return *result;
  JudgeResult refused;
  refused.detail = "REFUSED: " + std::string(result.status().message());
  return refused;
}

std::string JudgeTestCase::VerdictOf(const JudgeRequest& request) {
  const JudgeResult result = ResultOf(request);
  SCOPED_TRACE(result.detail);
  RecordProperty("detail", result.detail);
  return JudgeVerdictName(result.verdict);
}

JudgeRequest PythonRequest(std::string code, std::string input,
                           std::string output) {
  JudgeRequest request;
  request.code = std::move(code);
  request.tests = {{std::move(input), std::move(output)}};
  request.time_limit_seconds = 5;  // the machine may be busy
  request.memory_limit_mebibytes = 256;
  return request;
}

JudgeRequest CppRequest(std::string code, std::string input,
                        std::string output) {
  JudgeRequest request =
      PythonRequest(std::move(code), std::move(input), std::move(output));
  request.language = ProgramLanguage::kCpp;
  return request;
}

JudgeRequest FunctionRequest(std::string code, std::string input,
                             std::string output) {
  JudgeRequest request =
      PythonRequest(std::move(code), std::move(input), std::move(output));
  request.function = "f";
  return request;
}

}  // namespace limbeck
