#include "data/judge/judge_json.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/judge/judge.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

absl::StatusOr<JudgeRequest> Request(const std::string& text) {
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  return JudgeRequestFromJson(json);
}

std::string WithChecker(const std::string& checker) {
  return R"({"language": "cpp", "code": "x", "tests": [], "checker": )" +
         checker + "}";
}

TEST(JudgeJson, AllFields) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const JudgeRequest request,
      Request(R"({"language": "python", "code": "c", "function": "f",
          "tests": [{"input": "i", "output": "o"}], "time_limit_s": 1.5,
          "memory_limit_mb": 64.5, "all_tests": true, "interactive": true,
          "checker": "exact", "input_file": "a.in", "output_file": "a.out",
          "id": 7})"));
  EXPECT_EQ(request.language, ProgramLanguage::kPython);
  EXPECT_EQ(request.code, "c");
  EXPECT_EQ(request.function, "f");
  ASSERT_EQ(request.tests.size(), 1u);
  EXPECT_EQ(request.tests[0].input, "i");
  EXPECT_EQ(request.tests[0].output, "o");
  EXPECT_EQ(request.time_limit_seconds, 1.5);
  EXPECT_EQ(request.memory_limit_mebibytes, 65);
  EXPECT_TRUE(request.all_tests);
  EXPECT_TRUE(request.interactive);
  EXPECT_EQ(request.checker.kind, CheckerKind::kExact);
  EXPECT_EQ(request.input_file, "a.in");
  EXPECT_EQ(request.output_file, "a.out");
}

TEST(JudgeJson, Checkers) {
  const auto kind = [](const std::string& json) {
    const absl::StatusOr<JudgeRequest> request = Request(WithChecker(json));
    EXPECT_THAT(request, IsOk());
    return request->checker.kind;
  };
  EXPECT_EQ(kind("null"), CheckerKind::kLines);
  EXPECT_EQ(kind("\"lines\""), CheckerKind::kLines);
  EXPECT_EQ(kind("\"tokens\""), CheckerKind::kTokens);
  EXPECT_EQ(kind("\"yes_no\""), CheckerKind::kYesNo);
  EXPECT_EQ(kind("\"set_of_lines\""), CheckerKind::kSetOfLines);
  EXPECT_EQ(kind("\"livecodebench\""), CheckerKind::kLiveCodeBench);
  EXPECT_EQ(kind(R"({"name": "tokens"})"), CheckerKind::kTokens);
  EXPECT_EQ(kind(R"({"name": "python", "code": "x"})"), CheckerKind::kPython);
  EXPECT_EQ(kind(R"({"name": "testlib", "code": "x"})"), CheckerKind::kTestlib);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const JudgeRequest floats,
      Request(WithChecker(R"({"name": "floats", "epsilon": 0.01})")));
  EXPECT_EQ(floats.checker.epsilon, 0.01);
}

TEST(JudgeJson, ComplaintsNameWhatIsWrong) {
  const auto complains = [](const std::string& json, const char* text) {
    const absl::Status status = Request(json).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(text));
  };
  complains("{}", "language");
  complains(R"({"language": "java", "code": "", "tests": []})",
            "language is \"java\", known are python and cpp");
  complains(R"({"language": "cpp", "code": ""})", "\"tests\" is missing");
  complains(R"({"language": "cpp", "code": "", "tests": {}})",
            "\"tests\" is an object");
  complains(R"({"language": "cpp", "code": "", "tests": [{"input": "x"}]})",
            "test 1: ");
  complains(WithChecker("\"sorted\""), "checker is \"sorted\"");
  complains(WithChecker("\"python\""),
            "checker \"python\" needs \"code\", its source");
  complains(WithChecker(R"({"name": "testlib"})"),
            "checker \"testlib\" needs \"code\"");
  complains(WithChecker("3"), "name");
}

TEST(JudgeJson, UnknownFieldsAreRefusedWithTheNearestName) {
  const auto complains = [](const std::string& json, const char* text) {
    EXPECT_THAT(Request(json),
                IsError(absl::StatusCode::kInvalidArgument, text));
  };
  const struct {
    const char *wrong, *right;
  } names[] = {{"time_limit", "time_limit_s"},
               {"timeout", "time_limit_s"},
               {"memory_limit", "memory_limit_mb"},
               {"function_name", "function"},
               {"lang", "language"},
               {"test", "tests"},
               {"Checker", "checker"},
               {"inputfile", "input_file"}};
  for (const auto& name : names) {
    complains(absl::StrCat("{\"", name.wrong, "\": 1}"),
              absl::StrCat("a judge request has no field \"", name.wrong,
                           "\", did you mean \"", name.right, "\"?")
                  .c_str());
  }
  complains(R"({"language": "cpp", "code": "", "tests": [{"in": ""}]})",
            "test 1 has no field \"in\", did you mean \"input\"?");
  complains(WithChecker(R"({"name": "floats", "eps": 1})"),
            "checker has no field \"eps\", did you mean \"epsilon\"?");
}

TEST(JudgeJson, ResultFields) {
  JudgeResult result;
  result.verdict = JudgeVerdict::kTimeLimit;
  result.isolation = IsolationLevel::kB;
  result.detail = "test 1: slow";
  JudgedTest test;
  test.verdict = JudgeVerdict::kTimeLimit;
  test.cpu_seconds = 1.23456;
  test.wall_seconds = 2;
  test.peak_mebibytes = 3.14159;
  test.runs = 2;
  result.tests = {test};
  EXPECT_EQ(WriteJson(JudgeResultToJson(result)),
            R"({"verdict":"time_limit","tests":[{"verdict":"time_limit",)"
            R"("seconds":1.235,"peak_mb":3.1,"wall_seconds":2.0,"runs":2}],)"
            R"("isolation":"B","detail":"test 1: slow"})");
}

TEST(JudgeJson, DamageIsNoCrash) {
  const std::string seed =
      R"({"language":"cpp","code":"x","tests":[{"input":"1","output":"2"}],)"
      R"("checker":{"name":"floats","epsilon":1e-3},"time_limit_s":2})";
  ForEachBitFlip(seed, [](const std::string& bytes, size_t) {
    Request(bytes).IgnoreError();
  });
}

}  // namespace
}  // namespace limbeck
