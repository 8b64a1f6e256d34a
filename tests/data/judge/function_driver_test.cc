#include "data/judge/function_driver.h"

#include <string>

#include "data/judge/cpp_function_driver.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kToken[] = "0123456789abcdef";

absl::StatusOr<FunctionReport> Parse(const std::string& report) {
  return ParseFunctionReport(kToken + report, kToken);
}

TEST(FunctionCall, ArgumentsPassAsTheyAreWritten) {
  EXPECT_EQ(FunctionCall("t", "f", "[1, 2]\n\n123456789012345678901\n"),
            "{\"token\":\"t\",\"function\":\"f\",\"arguments\":[[1, 2],\n"
            "123456789012345678901]}");
  EXPECT_EQ(FunctionCall("t", "f", ""),
            "{\"token\":\"t\",\"function\":\"f\",\"arguments\":[]}");
}

TEST(CheckFunctionInput, NamesTheArgument) {
  LIMBECK_EXPECT_OK(CheckFunctionInput("1\n\"x\"\n"));
  LIMBECK_EXPECT_OK(CheckFunctionInput(""));
  EXPECT_THAT(CheckFunctionInput("1\n[2"),
              IsError(absl::StatusCode::kInvalidArgument, "argument 2"));
  // One line is one argument: a second value cannot hide behind it.
  EXPECT_THAT(CheckFunctionInput("1, 2"),
              IsError(absl::StatusCode::kInvalidArgument, "extra data"));
}

TEST(FunctionReport, ResultsAndFailures) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const FunctionReport result,
                               Parse("{\"result\": [1, 2.5]}"));
  EXPECT_EQ(result.kind, FunctionReport::Kind::kResult);
  EXPECT_EQ(result.text, "[1, 2.5]");
  EXPECT_EQ(PythonTypeName(result.result), "list");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const FunctionReport raised,
                               Parse("{\"raised\": \"ValueError\"}"));
  EXPECT_EQ(raised.kind, FunctionReport::Kind::kRaised);
  EXPECT_EQ(raised.text, "ValueError");
  EXPECT_EQ(Parse("{\"compile_error\": \"x\"}")->kind,
            FunctionReport::Kind::kCompileError);
  EXPECT_EQ(Parse("{\"no_json\": \"x\"}")->kind, FunctionReport::Kind::kNoJson);
}

TEST(FunctionReport, WhatIsNone) {
  EXPECT_THAT(
      ParseFunctionReport("", kToken),
      IsError(absl::StatusCode::kInvalidArgument, "ended without a result"));
  EXPECT_THAT(ParseFunctionReport("{\"result\": 1}", kToken),
              IsError(absl::StatusCode::kInvalidArgument, "something other"));
  for (const char* report :
       {"", "1", "[]", "{}", "{\"result\": 1}{\"result\": 2}",
        "{\"result\": 1, \"raised\": \"x\"}", "{\"raised\": 1}",
        "{\"judge_error\": \"x\"}", "{\"result\": 1", "{\"result\": x}"}) {
    EXPECT_FALSE(Parse(report).ok()) << report;
  }
}

TEST(FunctionReport, DamageIsNoCrash) {
  const std::string seed = std::string(kToken) +
                           "{\"result\": {\"a\": [1, 2.5, \"x\"], \"b\": NaN}}";
  ForEachCut(seed, [](const std::string& bytes, size_t) {
    EXPECT_FALSE(ParseFunctionReport(bytes, kToken).ok());
  });
  ForEachMutation(seed, 3000, 11, [](const std::string& bytes) {
    ParseFunctionReport(bytes, kToken).IgnoreError();
  });
}

TEST(MakeRunToken, NeverTheSameTwice) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string a, MakeRunToken());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string b, MakeRunToken());
  EXPECT_EQ(a.size(), 32u);
  EXPECT_NE(a, b);
}

TEST(CppFunctionSource, MethodOrFunction) {
  const std::string method = CppFunctionSource("class Solution {};", "f");
  EXPECT_THAT(method, HasSubstr("CallMethod(&Solution::f)"));
  EXPECT_THAT(method, HasSubstr("#line 1 \"solution.cc\"\nclass Solution"));
  EXPECT_THAT(CppFunctionSource("int f(int a) {}", "f"),
              HasSubstr("CallFunction(&::f)"));
  EXPECT_EQ(CppFunctionSource("int f(int a);", "f"),
            "#error the program defines no function f\n");
  EXPECT_THAT(method, Not(HasSubstr("driver::CALL")));
  EXPECT_EQ(CppFunctionCall("t", "1\n2"), "t\n1\n2\n");
}

}  // namespace
}  // namespace limbeck
