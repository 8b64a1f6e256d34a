// Stored samples in, scores out; bad files by name and line.
#include "eval/benchmark.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "eval/score_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

class Benchmark : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        ::testing::TempDir() + "/benchmark_test_" + std::to_string(::getpid());
    ASSERT_TRUE(MakeDirectories(folder_).ok());
  }
  void TearDown() override { (void)RemoveTree(folder_); }

  absl::StatusOr<BenchmarkScores> Score(const std::string& name,
                                        const std::string& problems,
                                        const std::string& samples) {
    BenchmarkRequest request;
    request.name = name;
    request.data_path = JoinPath(folder_, "problems.jsonl");
    request.samples_path = JoinPath(folder_, "samples.jsonl");
    EXPECT_TRUE(WriteFileAtomically(request.data_path, problems).ok());
    EXPECT_TRUE(WriteFileAtomically(request.samples_path, samples).ok());
    return ScoreSamples(request);
  }

  std::string Error(const std::string& name, const std::string& problems,
                    const std::string& samples) {
    return std::string(Score(name, problems, samples).status().message());
  }

  std::string folder_;
};

constexpr char kProblems[] = R"({"id":"a","problem":"1+1","answer":"2"}
{"id":"b","problem":"2+2","answer":4}
{"problem":"3+3","answer":"6"}
)";

TEST_F(Benchmark, ScoresJsonl) {
  const auto scores = Score("jsonl", kProblems,
                            R"({"problem_id":"a","sample":0,"text":"2"}
{"problem_id":"a","sample":1,"text":"so \\boxed{3}"}
{"problem_id":"b","sample":0,"text":"<think>\\boxed{5}</think>\\boxed{4}"}
{"problem_id":"b","sample":1,"text":"<think>\\boxed{4}"}
{"problem_id":2,"sample":1,"text":"6","finish_reason":"length"}
)");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->problems, 3);
  EXPECT_EQ(scores->samples_per_problem, 2);
  EXPECT_EQ(scores->missing_samples, 1);
  EXPECT_FALSE(scores->complete);
  EXPECT_NEAR(*scores->pass_at_1, (0.5 + 0.5 + 1) / 3, 1e-15);
  EXPECT_NEAR(scores->truncated_share, 1.0 / 5, 1e-15);
  EXPECT_NEAR(scores->no_answer_share, 1.0 / 5, 1e-15);
}

TEST_F(Benchmark, ScoresGsm8k) {
  const auto scores =
      Score("gsm8k",
            R"({"question":"q","answer":"2*9=<<2*9=18>>18\n#### 1,018"}
{"question":"q","answer":"no mark"}
)",
            R"({"problem_id":"0","sample":0,"text":"thus\n#### 1018"}
{"problem_id":"0","sample":1,"text":"#### 1018 \\boxed{7}"}
{"problem_id":"0","sample":2,"text":"1018"}
{"problem_id":"0","sample":3,"text":"<think>#### 1018"}
)");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem[0].correct, 2);
  ASSERT_EQ(scores->refused_problems.size(), 1u);
  EXPECT_EQ(scores->refused_problems[0].problem_id, "1");
  EXPECT_THAT(scores->refused_problems[0].reason, HasSubstr("####"));
}

TEST_F(Benchmark, AimeTakesBoxesOnlyAndAnyCopyOfTheSet) {
  const auto scores = Score("aime24",
                            R"([{"ID":60,"Problem":"q","Answer":"070"},
          {"id":61,"problem":"q","expected_answer":204},
          {"id":62,"problem":"q","answer":"336^\\circ"}])",
                            R"({"problem_id":60,"sample":0,"text":"\\boxed{70}"}
{"problem_id":"61","sample":0,"text":"204"}
{"problem_id":"62","sample":0,"text":"\\boxed{336}"}
)");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_NEAR(*scores->pass_at_1, 2.0 / 3, 1e-15);
}

TEST_F(Benchmark, GoldAnswersThatNeedMathematicsAreRefused) {
  const auto scores =
      Score("jsonl",
            R"({"problem":"q","answer":"\\frac{1}{2}"}
{"problem":"q","answer":"yes","kind":"string"}
{"problem":"q","answer":"x","kind":"math"}
)",
            R"({"problem_id":0,"sample":0,"text":"\\boxed{\\frac{1}{2}}"}
{"problem_id":1,"sample":0,"text":"\\boxed{yes}"}
)");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->problems, 1);
  EXPECT_EQ(*scores->pass_at_1, 1.0);
  EXPECT_EQ(scores->refused_problems.size(), 2u);
  EXPECT_EQ(scores->missing_samples, 0);
  EXPECT_FALSE(scores->complete);
}

TEST_F(Benchmark, BadFilesAreNamedWithTheirLine) {
  const std::string sample = R"({"problem_id":"a","sample":0,"text":"2"})";
  EXPECT_THAT(Error("jsonl", kProblems, sample + "\n" + sample),
              HasSubstr("samples.jsonl:2: sample 0 of problem 'a' is there"));
  EXPECT_THAT(
      Error("jsonl", kProblems, R"({"problem_id":"z","sample":0,"text":""})"),
      HasSubstr("samples.jsonl:1: unknown problem 'z'"));
  EXPECT_THAT(Error("jsonl", kProblems, "{"), HasSubstr("samples.jsonl"));
  EXPECT_THAT(Error("jsonl", kProblems, "3"), HasSubstr("samples.jsonl:1"));
  EXPECT_THAT(Error("jsonl", kProblems, R"({"problem_id":"a","sample":-1,
                                            "text":""})"),
              HasSubstr("samples.jsonl"));
  EXPECT_THAT(Error("jsonl", R"({"problem":"q"})", ""),
              HasSubstr("problems.jsonl:1: no key 'answer'"));
  EXPECT_THAT(Error("jsonl", R"({"problem":"q","answer":[]})", ""),
              HasSubstr("'answer' is"));
  EXPECT_THAT(Error("jsonl", "", ""), HasSubstr("holds no problem"));
  EXPECT_THAT(
      Error("jsonl",
            std::string(kProblems) + R"({"id":"a","problem":"q","answer":1})",
            ""),
      HasSubstr("problem 'a' is there twice"));
}

TEST_F(Benchmark, UnservedNamesAndModesSaySo) {
  for (const char* name :
       {"math500", "gpqa_diamond", "livecodebench", "codeforces"}) {
    const auto scores = Score(name, kProblems, "");
    EXPECT_EQ(scores.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(scores.status().message()), HasSubstr(name));
  }
  EXPECT_EQ(Score("nonsense", kProblems, "").status().code(),
            absl::StatusCode::kInvalidArgument);
  BenchmarkRequest request;
  request.name = "jsonl";
  request.mode = "compat";
  EXPECT_EQ(ScoreSamples(request).status().code(),
            absl::StatusCode::kUnimplemented);
  request.mode = "kind";
  EXPECT_EQ(ScoreSamples(request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// The published solutions are right answers in the data set's own form.
TEST_F(Benchmark, Gsm8kSolutionsAnswerTheirOwnProblems) {
  const char* testdata = std::getenv("LIMBECK_TESTDATA");
  if (testdata == nullptr) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  const std::string problems =
      *ReadFile(JoinPath(testdata, "gsm8k/test.jsonl"));
  std::string samples;
  int64_t row = 0;
  for (absl::string_view line :
       absl::StrSplit(problems, '\n', absl::SkipEmpty())) {
    Json sample = Json::Object();
    sample.Set("problem_id", row++);
    sample.Set("sample", 0);
    sample.Set("text", *ParseJson(line)->GetString("answer"));
    absl::StrAppend(&samples, WriteJson(sample), "\n");
  }
  const auto scores = Score("gsm8k", problems, samples);
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->problems, 1319);
  EXPECT_TRUE(scores->refused_problems.empty());
  EXPECT_EQ(*scores->pass_at_1, 1.0);
}

TEST_F(Benchmark, NoSampleAtAllIsIncomplete) {
  const auto scores = Score("jsonl", kProblems, "");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_FALSE(scores->pass_at_1.has_value());
  EXPECT_EQ(scores->samples_per_problem, 0);
  EXPECT_FALSE(scores->complete);
}

TEST_F(Benchmark, DamagedLinesNeverCrash) {
  const std::string sample =
      R"({"problem_id":"a","sample":0,"text":"\\boxed{2}"})";
  for (size_t size = 0; size <= sample.size(); ++size) {
    (void)Score("jsonl", kProblems, sample.substr(0, size));
    std::string changed = sample;
    if (size < sample.size()) changed[size] ^= 0x10;
    (void)Score("jsonl", kProblems, changed);
  }
}

}  // namespace
}  // namespace limbeck
