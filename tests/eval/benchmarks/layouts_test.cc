// Rows as published copies of the data sets hold them; all problems made up.
#include <string>

#include "data/base/file.h"
#include "eval/benchmarks/codeforces_tests.h"
#include "eval/benchmarks/read_benchmark.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class Layouts : public ::testing::Test {
 protected:
  absl::StatusOr<BenchmarkSet> Read(BenchmarkId benchmark,
                                    const std::string& text,
                                    const std::string& name = "data.jsonl") {
    BenchmarkSource source;
    source.benchmark = benchmark;
    source.path = folder_.File(name);
    EXPECT_TRUE(WriteFileAtomically(source.path, text).ok());
    return ReadBenchmark(source);
  }

  std::string Error(BenchmarkId benchmark, const std::string& text) {
    return std::string(Read(benchmark, text).status().message());
  }

  TemporaryDirectory folder_{TemporaryPlace::kMemory};
};

TEST_F(Layouts, AimeInEveryPublishedStyle) {
  const auto set = Read(BenchmarkId::kAime24, R"([
    {"id":60,"problem":"a","answer":"070","solution":"s"},
    {"ID":"2024-I-1","Problem":"b","Answer":"070.0"},
    {"id":62,"problem":"c","expected_answer":70,"reference_solution":"s"},
    {"problem":"d","answer":70.0},
    {"problem":"e","answer":"070^\\circ"},
    {"problem":"f","answer":"1000"},
    {"problem":"g","answer":"-3"},
    {"problem":"h","answer":"1/2"},
    {"problem":"i","answer":"5","url":"http://x/2023_AIME_I_Problems/1"},
    {"problem":"j","answer":"5","url":"http://x/2024_AIME_I_Problems/1"},
    {"problem":"k","answer":"5","year":2022}])");
  ASSERT_THAT(set, IsOk());
  ASSERT_EQ(set->problems.size(), 9u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(set->problems[i].gold, "70") << i;
    EXPECT_EQ(set->problems[i].refusal, "") << i;
  }
  EXPECT_EQ(set->problems[0].id, "60");
  EXPECT_EQ(set->problems[3].id, "3");  // its row
  for (int i = 5; i < 8; ++i) {
    EXPECT_THAT(set->problems[i].refusal, HasSubstr("0 to 999")) << i;
  }
  EXPECT_THAT(set->left_out, ElementsAre("10", "8"));
  EXPECT_EQ(set->sha256.size(), 64u);
}

TEST_F(Layouts, YearsWithoutAnyProblemAreSaid) {
  EXPECT_THAT(Error(BenchmarkId::kAime25,
                    R"({"problem":"i","answer":"5","year":"2024"})"),
              HasSubstr("holds no problem of aime25 and its window; 1 were"));
}

TEST_F(Layouts, Math500) {
  const auto set = Read(BenchmarkId::kMath500,
                        R"({"problem":"q","solution":"s","answer":"\\frac12",)"
                        R"("subject":"Algebra","level":2,)"
                        R"("unique_id":"test/algebra/1.json"})");
  ASSERT_THAT(set, IsOk());
  const BenchmarkProblem& problem = set->problems[0];
  EXPECT_EQ(problem.id, "test/algebra/1.json");
  EXPECT_EQ(problem.gold, "\\frac12");
  EXPECT_EQ(problem.kind, ANSWER_KIND_MATH);
  EXPECT_THAT(problem.labels,
              ElementsAre(Pair("subject", "Algebra"), Pair("level", "2")));
}

TEST_F(Layouts, GpqaIsCsvWithQuotesAndLineBreaks) {
  const std::string csv =
      "\"Pre-Revision Question\",Question,Correct Answer,Incorrect Answer 1,"
      "Incorrect Answer 2,Incorrect Answer 3,Explanation,Record ID,"
      "Subdomain,High-level domain\n"
      "x,\"What is\n\"\"1 + 1\"\", here?\",2 \n,\"3\",4,\"5,0\","
      "\"because\nso\",rec1,Arithmetic,Mathematics\n";
  EXPECT_THAT(Read(BenchmarkId::kGpqaDiamond, csv, "gpqa.csv"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "gpqa.csv:2: 3 fields, the header has 10"));
  std::string good = csv;
  good.replace(good.find("2 \n,"), 4, "2 ,");
  const auto set = Read(BenchmarkId::kGpqaDiamond, good, "gpqa.csv");
  ASSERT_THAT(set, IsOk());
  const BenchmarkProblem& problem = set->problems[0];
  EXPECT_EQ(problem.id, "rec1");
  EXPECT_EQ(problem.question, "What is\n\"1 + 1\", here?");
  EXPECT_THAT(problem.choices, ElementsAre("2", "3", "4", "5,0"));
  EXPECT_THAT(problem.labels, ElementsAre(Pair("domain", "Mathematics"),
                                          Pair("subdomain", "Arithmetic")));
}

TEST_F(Layouts, GpqaRefusesBadOptions) {
  const auto refusal = [&](const std::string& first) {
    return Read(
               BenchmarkId::kGpqaDiamond,
               R"({"question":"q","correct answer":"2","incorrect answer 1":")" +
                   first +
                   R"(","Incorrect Answer 2":"4","incorrect_answer_3":"5"})")
        ->problems[0]
        .refusal;
  };
  EXPECT_EQ(refusal("3"), "");
  EXPECT_THAT(refusal("2"), HasSubstr("equals the right one"));
  EXPECT_THAT(refusal(" "), HasSubstr("empty"));
}

TEST_F(Layouts, Gsm8k) {
  const auto set = Read(BenchmarkId::kGsm8k,
                        R"({"question":"q","answer":"w\n#### 1,018"}
{"question":"q","answer":"no mark"}
{"question":"q","answer":"#### many"})");
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->problems[0].gold, "1,018");
  EXPECT_THAT(set->problems[1].refusal, HasSubstr("####"));
  EXPECT_THAT(set->problems[2].refusal, HasSubstr("no integer"));
}

TEST_F(Layouts, OnesOwnProblemsWithKindsAndOptions) {
  const auto set = Read(BenchmarkId::kJsonl,
                        R"({"id":"a","problem":"q","answer":4,"domain":"tax"}
{"id":"b","problem":"q","answer":"1.5","kind":"numeric","relative_tolerance":0.01}
{"id":"c","problem":"q","answer":"E","kind":"choice","letters":"ABCDE"}
{"id":"d","problem":"q","answer":"a+b","kind":"regex","ignore_case":true}
{"id":"e","problem":"q","answer":"(","kind":"regex"}
{"id":"f","problem":"q","answer":" ","kind":"string"})");
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(set->problems[0].labels, ElementsAre(Pair("domain", "tax")));
  EXPECT_EQ(set->problems[1].answer_options.relative_tolerance(), 0.01);
  EXPECT_EQ(set->problems[2].answer_options.letters(), "ABCDE");
  EXPECT_TRUE(set->problems[3].answer_options.ignore_case());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(set->problems[i].refusal, "") << i;
  EXPECT_NE(set->problems[4].refusal, "");
  EXPECT_THAT(set->problems[5].refusal, HasSubstr("empty"));
  EXPECT_THAT(
      Error(BenchmarkId::kJsonl, R"({"problem":"q","answer":1,"kind":"poem"})"),
      HasSubstr("data.jsonl:1: kind is 'poem', known are integer"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl,
                    R"({"problem":"q","answer":1,"ignore_case":"yes"})"),
              HasSubstr("expected true or false"));
}

TEST_F(Layouts, CodeforcesOfCodeElo) {
  const auto set = Read(BenchmarkId::kCodeforces, R"json([
    {"problem_id":"2000A","description":"d","input":"in","output":"out",
     "interaction":"","note":"n","examples":[["1","2"]],"time_limit_ms":1500,
     "rating":900},
    {"contest_id":2000,"index":"B","description":"d","input_mode":"file",
     "official_tests":[{"input":"1","output":"1"}]},
    {"id":"2000/C","description":"d","executable":false,
     "official_tests":[{"input":"1","output":"1"}],
     "generated_checker":"print(1)","time_limit":2.5,"memory_limit":64}])json");
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->problems[0].code->time_limit_seconds, 1.5);
  EXPECT_THAT(set->problems[0].question, HasSubstr("## Example\nInput:"));
  EXPECT_EQ(set->problems[0].refusal, kNoHiddenTests);
  EXPECT_EQ(set->problems[1].id, "2000/B");
  EXPECT_EQ(set->problems[1].refusal, "");
  EXPECT_EQ(set->problems[1].code->input_file, "input.txt");
  EXPECT_THAT(set->problems[2].refusal, HasSubstr("not executable"));
  EXPECT_EQ(set->problems[2].code->checker, "print(1)");
  EXPECT_EQ(set->problems[2].code->memory_limit_mb, 64);
  EXPECT_THAT(Error(BenchmarkId::kCodeforces,
                    R"({"id":"1/A","description":"d","examples":[["1"]]})"),
              HasSubstr("no pair"));
}

TEST_F(Layouts, TestsFromAFolder) {
  const std::string folder = folder_.File("tests");
  ASSERT_TRUE(MakeDirectories(folder).ok());
  ASSERT_TRUE(WriteFileAtomically(
                  JoinPath(folder, "test_cases_0001.jsonl"),
                  R"({"problem_id":"1/A","input":"1\n","output":"2\n"})")
                  .ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(folder, "test_cases_0002.jsonl"), "broken")
          .ok());
  BenchmarkSource source;
  source.benchmark = BenchmarkId::kCodeforces;
  source.path = folder_.File("cf.jsonl");
  source.tests_path = folder;
  ASSERT_TRUE(
      WriteFileAtomically(source.path, R"({"id":"1A","description":"d"})")
          .ok());
  const auto set = ReadBenchmark(source);  // reads contest 1 only
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->problems[0].refusal, "");
  EXPECT_EQ(set->problems[0].code->tests[0].output, "2\n");
}

TEST(ContestAndIndex, AllSpellings) {
  for (const char* id : {"2024/A1", "2024A1", "2024-a1", "2024_A1"}) {
    EXPECT_EQ(ContestAndIndex(id), "2024/A1");
  }
  EXPECT_EQ(ContestAndIndex("abc"), "abc");
  EXPECT_EQ(ContestAndIndex("12"), "12");
}

TEST_F(Layouts, ErrorsNameFileAndLine) {
  EXPECT_THAT(Error(BenchmarkId::kMath500, R"({"problem":"q"})"),
              HasSubstr("data.jsonl:1: no key 'answer'"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl,
                    "{\"id\":1,\"problem\":\"q\",\"answer\":1}\n"
                    "{\"id\":1,\"problem\":\"q\",\"answer\":1}"),
              HasSubstr("data.jsonl:2: problem '1' is there twice"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, ""), HasSubstr("holds no problem"));
  BenchmarkSource source;
  source.path = folder_.path();
  EXPECT_THAT(ReadBenchmark(source),
              IsError(absl::StatusCode::kInvalidArgument, "is a folder"));
}

TEST_F(Layouts, DamageNeverCrashes) {
  const std::string rows[] = {
      R"({"id":1,"problem":"q","answer":"070","year":"2024"})",
      R"({"question":"q","answer":"#### 5"})",
      R"({"id":"1/A","description":"d","examples":[["1","2"]],"rating":900,)"
      R"("official_tests":[{"input":"1","output":"1"}]})",
      R"({"question_content":"q","metadata":"{}","contest_date":"2024-08-01",)"
      R"("public_test_cases":"[{\"input\":\"1\",\"output\":\"2\"}]"})",
      R"({"question":"q","correct answer":"2","incorrect answer 1":"3",)"
      R"("Incorrect Answer 2":"4","incorrect_answer_3":"5"})"};
  for (const std::string& row : rows) {
    for (int benchmark = 0; benchmark < 8; ++benchmark) {
      ForEachMutation(row, 40, 17 + benchmark, [&](const std::string& text) {
        (void)Read(static_cast<BenchmarkId>(benchmark), text);
      });
    }
  }
}

}  // namespace
}  // namespace limbeck
