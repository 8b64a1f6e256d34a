// Stored samples in, scores out; bad files by name and line.
#include "eval/benchmark.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "eval/program_language.h"
#include "eval/score_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

class Benchmark : public ::testing::Test {
 protected:
  // Files named after the benchmark, its samples and what else is needed.
  absl::StatusOr<BenchmarkScores> Score(BenchmarkId benchmark,
                                        const std::string& problems,
                                        const std::string& samples,
                                        const std::string& suffix = ".jsonl") {
    request_.source.benchmark = benchmark;
    request_.source.path = folder_.File(absl::StrCat("problems", suffix));
    request_.samples_path = folder_.File("samples.jsonl");
    EXPECT_TRUE(WriteFileAtomically(request_.source.path, problems).ok());
    EXPECT_TRUE(WriteFileAtomically(request_.samples_path, samples).ok());
    if (judge_ != nullptr) return ScoreSamplesWith(*judge_, request_);
    return ScoreSamples(request_);
  }

  std::string Error(BenchmarkId benchmark, const std::string& problems,
                    const std::string& samples) {
    return std::string(Score(benchmark, problems, samples).status().message());
  }

  TemporaryDirectory folder_{TemporaryPlace::kMemory};
  BenchmarkRequest request_;
  std::unique_ptr<SampleJudge> judge_;  // instead of the real one
};

constexpr char kProblems[] = R"({"id":"a","problem":"1+1","answer":"2"}
{"id":"b","problem":"2+2","answer":4}
{"problem":"3+3","answer":"6"}
)";

TEST_F(Benchmark, NoSampleIsAnError) {
  EXPECT_THAT(Error(BenchmarkId::kJsonl, kProblems, ""),
              HasSubstr("samples.jsonl holds no sample"));
}

TEST_F(Benchmark, GoldMayBeANumberOrASchema) {
  const auto scores =
      Score(BenchmarkId::kJsonl,
            R"({"problem":"?","answer":{"type":"integer"},"kind":"json_schema"}
{"problem":"?","answer":9.5,"kind":"numeric"}
)",
            R"({"problem_id":"0","sample":0,"text":"7"}
{"problem_id":"1","sample":0,"text":"9.50"}
)");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(*scores->pass_at_1, 1.0);
}

TEST_F(Benchmark, ScoresJsonl) {
  const auto scores = Score(BenchmarkId::kJsonl, kProblems,
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
  // One cut off, one whose thought never ended.
  EXPECT_NEAR(scores->truncated_share, 2.0 / 5, 1e-15);
  EXPECT_NEAR(scores->no_answer_share, 1.0 / 5, 1e-15);
}

TEST_F(Benchmark, ScoresGsm8k) {
  const auto scores =
      Score(BenchmarkId::kGsm8k,
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
  const auto scores = Score(BenchmarkId::kAime24,
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

TEST_F(Benchmark, GoldAnswersThatCannotBeJudgedAreRefused) {
  const auto scores =
      Score(BenchmarkId::kJsonl,
            R"({"problem":"q","answer":"\\frac{1}{2}"}
{"problem":"q","answer":"yes","kind":"string"}
{"problem":"q","answer":"(","kind":"regex"}
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
  EXPECT_THAT(Error(BenchmarkId::kJsonl, kProblems, sample + "\n" + sample),
              HasSubstr("samples.jsonl:2: sample 0 of problem 'a' is there"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, kProblems,
                    R"({"problem_id":"z","sample":0,"text":""})"),
              HasSubstr("samples.jsonl:1: unknown problem 'z'"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, kProblems, "{"),
              HasSubstr("samples.jsonl"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, kProblems, "3"),
              HasSubstr("samples.jsonl:1"));
  EXPECT_THAT(
      Error(BenchmarkId::kJsonl, kProblems, R"({"problem_id":"a","sample":-1,
                                            "text":""})"),
      HasSubstr("samples.jsonl"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, R"({"problem":"q"})", ""),
              HasSubstr("problems.jsonl:1: no key 'answer'"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, R"({"problem":"q","answer":[]})", ""),
              HasSubstr("'answer' is"));
  EXPECT_THAT(Error(BenchmarkId::kJsonl, "", ""),
              HasSubstr("holds no problem"));
  EXPECT_THAT(
      Error(BenchmarkId::kJsonl,
            std::string(kProblems) + R"({"id":"a","problem":"q","answer":1})",
            ""),
      HasSubstr("problem 'a' is there twice"));
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
  const auto scores = Score(BenchmarkId::kGsm8k, problems, samples);
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->problems, 1319);
  EXPECT_TRUE(scores->refused_problems.empty());
  EXPECT_EQ(*scores->pass_at_1, 1.0);
}

TEST_F(Benchmark, DamagedLinesNeverCrash) {
  const std::string sample =
      R"({"problem_id":"a","sample":0,"text":"\\boxed{2}"})";
  for (size_t size = 0; size <= sample.size(); ++size) {
    (void)Score(BenchmarkId::kJsonl, kProblems, sample.substr(0, size));
    std::string changed = sample;
    if (size < sample.size()) changed[size] ^= 0x10;
    (void)Score(BenchmarkId::kJsonl, kProblems, changed);
  }
}

constexpr char kGpqa[] =
    R"csv(Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3,Record ID
"Which, ""exactly""?
(choose)",right,w1,w2,w3,rec1
)csv";

// The letter means what the sample's own order says.
TEST_F(Benchmark, GpqaFollowsEachSamplesOrder) {
  const auto scores = Score(
      BenchmarkId::kGpqaDiamond, kGpqa,
      R"({"problem_id":"rec1","sample":0,"text":"Answer: C","option_order":[1,2,0,3]}
{"problem_id":"rec1","sample":1,"text":"Answer: A","option_order":[0,1,2,3]}
{"problem_id":"rec1","sample":2,"text":"Answer: A","option_order":[1,0,2,3]}
{"problem_id":"rec1","sample":3,"text":"A good question","option_order":[0,1,2,3]}
)",
      ".csv");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem[0].outcomes, "110-");
  EXPECT_EQ(scores->cons_at_k.back().second, 1.0);  // two votes to one
  EXPECT_EQ(*scores->settings.GetString("extraction"), "choice");
}

// simple-evals takes the first "Answer: X", the sound rule the last.
TEST_F(Benchmark, GpqaAsSimpleEvalsReadsIt) {
  const std::string sample =
      R"({"problem_id":"rec1","sample":0,"option_order":[0,1,2,3],)"
      R"("text":"Answer: A would be wrong.\nAnswer: B"})";
  EXPECT_EQ(*Score(BenchmarkId::kGpqaDiamond, kGpqa, sample, ".csv")->pass_at_1,
            0);
  request_.source.mode = VerifyMode::kCompat;
  const auto compat = ScoreSamples(request_);
  ASSERT_TRUE(compat.ok()) << compat.status();
  EXPECT_EQ(*compat->pass_at_1, 1);
  EXPECT_EQ(*compat->settings.GetString("extraction"), "simple_evals");
}

// The long list of places, against the box or nothing.
TEST_F(Benchmark, AimeAsMathVerifyReadsIt) {
  request_.source.mode = VerifyMode::kCompat;
  const auto scores =
      Score(BenchmarkId::kAime25, R"({"problem":"q","answer":"070"})",
            R"({"problem_id":0,"sample":0,"text":"The final answer is $70$."}
{"problem_id":0,"sample":1,"text":"\\boxed{71}"})");
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem[0].outcomes, "10");
}

TEST_F(Benchmark, GpqaSamplesWithoutOrderAreErrors) {
  const auto error = [&](const std::string& rest) {
    return std::string(
        Score(BenchmarkId::kGpqaDiamond, kGpqa,
              R"({"problem_id":"rec1","sample":0,"text":"Answer: C")" + rest,
              ".csv")
            .status()
            .message());
  };
  EXPECT_THAT(error("}"), HasSubstr("samples.jsonl:1: a multiple-choice"));
  EXPECT_THAT(error(R"(,"option_order":[0,1,2,2]})"), HasSubstr("[0,1,2,2]"));
  EXPECT_THAT(error(R"(,"option_order":[0,1,2]})"), HasSubstr("[0,1,2]"));
  EXPECT_THAT(error(R"(,"option_order":[0,1,2,"3"]})"), HasSubstr("holds"));
  EXPECT_THAT(error(R"(,"option_order":[0,1,2,99]})"), HasSubstr("holds 99"));
}

TEST_F(Benchmark, Math500ByEquivalence) {
  const std::string samples =
      R"({"problem_id":"t/1","sample":0,"text":"\\boxed{0.5}"}
{"problem_id":"t/1","sample":1,"text":"\\boxed{\\dfrac{1}{2}}"}
{"problem_id":"t/1","sample":2,"text":"\\boxed{1/3}"}
{"problem_id":"t/1","sample":3,"text":"\\boxed{\\frac{2}{6}}"}
)";
  const auto scores = Score(BenchmarkId::kMath500,
                            R"({"unique_id":"t/1","problem":"q","level":3,)"
                            R"("answer":"\\frac{1}{2}"})",
                            samples);
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem[0].outcomes, "1100");
  EXPECT_EQ(scores->cons_ties, 1);  // two halves, two thirds
  EXPECT_EQ(scores->breakdown[0].label, "level");
  request_.source.mode = VerifyMode::kCompat;
  const auto compat = ScoreSamples(request_);
  ASSERT_TRUE(compat.ok()) << compat.status();
  EXPECT_EQ(compat->mode, "compat");
  EXPECT_EQ(*compat->settings.GetString("extraction"), "math_verify_0.8.0");
}

TEST_F(Benchmark, ExtractionIsNamedAndMatters) {
  const std::string problem = R"({"problem":"q","answer":"7"})";
  const std::string sample =
      R"({"problem_id":0,"sample":0,"text":"The final answer is 7."})";
  EXPECT_EQ(*Score(BenchmarkId::kAime24, problem, sample)->pass_at_1, 0);
  request_.extraction = ExtractionRule::kStated;
  const auto stated = Score(BenchmarkId::kAime24, problem, sample);
  EXPECT_EQ(*stated->pass_at_1, 1);
  EXPECT_EQ(*stated->settings.GetString("extraction"), "stated");
  request_.source.mode = VerifyMode::kCompat;
  EXPECT_THAT(Error(BenchmarkId::kAime24, problem, sample),
              HasSubstr("has one rule of its own"));
}

TEST_F(Benchmark, ExpectedSamplesMayBeStated) {
  request_.samples_per_problem = 4;
  const auto scores =
      Score(BenchmarkId::kJsonl, R"({"problem":"q","answer":"7"})",
            R"({"problem_id":0,"sample":0,"text":"7"})");
  EXPECT_EQ(scores->samples_per_problem, 4);
  EXPECT_EQ(scores->missing_samples, 3);
  EXPECT_FALSE(scores->complete);
}

TEST_F(Benchmark, EverySampleIsVisitedInOrder) {
  std::vector<std::string> seen;
  request_.visit = [&](const SampleVerdict& verdict) {
    seen.push_back(absl::StrCat(verdict.problem_id, verdict.sample,
                                verdict.verification.extracted()));
    return absl::OkStatus();
  };
  request_.workers = 3;
  ASSERT_TRUE(Score(BenchmarkId::kJsonl, kProblems,
                    R"({"problem_id":"b","sample":1,"text":"4"}
{"problem_id":"a","sample":2,"text":"2"}
{"problem_id":"a","sample":0,"text":"3"}
)")
                  .ok());
  EXPECT_THAT(seen, ::testing::ElementsAre("a03", "a22", "b14"));
}

// Stands for the sandbox: prints what the program's comment says.
class ScriptedRunner : public ProgramRunner {
 public:
  absl::StatusOr<SandboxResult> Run(
      const SandboxCommand& command) const override {
    std::string text = absl::StrCat(command.standard_input, "|");
    for (const SandboxFile& file : command.files) text += file.content;
    if (absl::StrContains(text, "BREAK")) {
      return absl::InternalError("no room left");
    }
    SandboxResult result;
    result.isolation = level();
    result.exit_code = absl::StrContains(text, "CRASH") ? 1 : 0;
    const size_t mark = text.find("PRINT ");
    if (mark != std::string::npos) {
      result.output = text.substr(mark + 6, text.find('\n', mark) - mark - 6);
    }
    return result;
  }
  IsolationLevel level() const override { return IsolationLevel::kB; }
};

class CodeBenchmark : public Benchmark {
 protected:
  void Use(BenchmarkId benchmark) {
    SampleJudgeOptions options;
    options.benchmark = benchmark;
    judge_ = SampleJudge::CreateWith(
        options,
        Judge::CreateWith(std::make_unique<ScriptedRunner>(), options.code));
  }
};

std::string CodeSample(const std::string& id, int index,
                       const std::string& comment) {
  Json sample = Json::Object();
  sample.Set("problem_id", id);
  sample.Set("sample", index);
  sample.Set("text", comment.empty()
                         ? "I do not know."
                         : absl::StrCat("<think>```python\n# PRINT 1\n```"
                                        "</think>So:\n```python\n# ",
                                        comment, "\n```\n"));
  return absl::StrCat(WriteJson(sample), "\n");
}

constexpr char kLiveCodeBench[] =
    R"({"question_id":"q1","question_content":"Say 7.","difficulty":"easy",)"
    R"("platform":"atcoder","contest_date":"2024-09-01T00:00:00",)"
    R"("public_test_cases":"[{\"input\":\"1\",\"output\":\"7\",\"testtype\":\"stdin\"}]",)"
    R"("private_test_cases":"[]"})"
    "\n"
    R"({"question_id":"q2","question_content":"Old.","difficulty":"hard",)"
    R"("platform":"atcoder","contest_date":"2023-09-01T00:00:00",)"
    R"("public_test_cases":"[{\"input\":\"1\",\"output\":\"7\",\"testtype\":\"stdin\"}]"})"
    "\n"
    R"({"question_id":"abc337_e","question_content":"Interactive.",)"
    R"("contest_date":"2024-09-02",)"
    R"("public_test_cases":"[{\"input\":\"1\",\"output\":\"7\"}]"})"
    "\n";

TEST_F(CodeBenchmark, LiveCodeBenchCountsJudgeErrorsApart) {
  Use(BenchmarkId::kLiveCodeBench);
  request_.source.first_date = "2024-01-01";
  request_.workers = 2;
  const auto scores =
      Score(BenchmarkId::kLiveCodeBench, kLiveCodeBench,
            CodeSample("q1", 0, "PRINT 7.0") + CodeSample("q1", 1, "PRINT 8") +
                CodeSample("q1", 2, "BREAK") + CodeSample("q1", 3, "") +
                CodeSample("q1", 4, "CRASH") + CodeSample("q2", 0, "PRINT 7") +
                CodeSample("abc337_e", 0, "PRINT 7"));
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem.size(), 1u);
  EXPECT_EQ(scores->per_problem[0].outcomes, "10!-0");
  EXPECT_EQ(*scores->pass_at_1, 0.25);
  EXPECT_NEAR(scores->judge_error_share, 0.2, 1e-15);
  EXPECT_FALSE(scores->complete);
  EXPECT_TRUE(scores->cons_at_k.empty());
  ASSERT_EQ(scores->refused_problems.size(), 1u);
  EXPECT_THAT(scores->refused_problems[0].reason, HasSubstr("interactive"));
  EXPECT_EQ(*scores->settings.GetInt("problems_left_out"), 1);
  EXPECT_EQ(*scores->settings.GetInt("samples_left_out"), 1);
  EXPECT_EQ(*scores->settings.GetString("isolation"), "B");
  EXPECT_EQ(scores->breakdown.size(), 3u);  // month, difficulty, platform
}

TEST(OnlyInOtherLanguages, LooksAtEveryBlock) {
  constexpr auto kPython = ProgramLanguage::kPython;
  EXPECT_TRUE(OnlyInOtherLanguages("```java\nx\n```\n", kPython));
  EXPECT_TRUE(OnlyInOtherLanguages("```cpp\nx\n```\n", kPython));
  EXPECT_FALSE(OnlyInOtherLanguages("```cpp\nx\n```", ProgramLanguage::kCpp));
  EXPECT_FALSE(
      OnlyInOtherLanguages("```java\nx\n```\n```python\ny\n```", kPython));
  EXPECT_FALSE(OnlyInOtherLanguages("```java\nx\n```\n```\ny\n```", kPython));
  EXPECT_FALSE(OnlyInOtherLanguages("print(1)", kPython));
}

TEST_F(CodeBenchmark, AnotherLanguageIsNoProgram) {
  Use(BenchmarkId::kLiveCodeBench);
  request_.source.first_date = "2024-01-01";
  Json sample = Json::Object();
  sample.Set("problem_id", "q1").Set("sample", 0);
  sample.Set("text", "```java\n// PRINT 7\n```");
  const auto scores = Score(BenchmarkId::kLiveCodeBench, kLiveCodeBench,
                            absl::StrCat(WriteJson(sample), "\n"));
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem[0].outcomes, "-");
}

TEST_F(CodeBenchmark, SamplesOfOtherVersionsAreLeftOut) {
  Use(BenchmarkId::kLiveCodeBench);
  const auto row = [](absl::string_view id) {
    return absl::StrCat(
        R"({"question_id":")", id,
        R"(","question_content":"?","public_test_cases":[{"input":"",)",
        R"("output":"7"}]})", "\n");
  };
  request_.source.benchmark = BenchmarkId::kLiveCodeBench;
  request_.source.path = folder_.path();
  request_.source.version = "v2";
  request_.samples_path = folder_.File("samples.jsonl");
  ASSERT_TRUE(WriteFileAtomically(folder_.File("test.jsonl"), row("old")).ok());
  ASSERT_TRUE(
      WriteFileAtomically(folder_.File("test2.jsonl"), row("new")).ok());
  ASSERT_TRUE(WriteFileAtomically(request_.samples_path,
                                  CodeSample("new", 0, "PRINT 7") +
                                      CodeSample("old", 0, "PRINT 7"))
                  .ok());
  const auto scores = ScoreSamplesWith(*judge_, request_);
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->problems, 1);
  EXPECT_EQ(*scores->settings.GetInt("samples_left_out"), 1);
}

TEST_F(CodeBenchmark, HostilePickleNamesItsPlace) {
  Use(BenchmarkId::kLiveCodeBench);
  // base64 of zlib of cos\nsystem\n(U\x02idtR.
  const std::string row =
      R"({"question_id":"q1","question_content":"x","private_test_cases":)"
      R"("eJxLzi/mKq4sLknN5dIIZcpMKQnSAwBCfAY/"})";
  const std::string error =
      Error(BenchmarkId::kLiveCodeBench, row, CodeSample("q1", 0, "PRINT 7"));
  EXPECT_THAT(error, HasSubstr("samples.jsonl:1"));
  EXPECT_THAT(error, HasSubstr("problems.jsonl:1: problem 'q1': private "));
}

TEST_F(CodeBenchmark, CodeforcesGivesAProblemElo) {
  Use(BenchmarkId::kCodeforces);
  const std::string problems =
      R"({"id":"9/A","description":"d","rating":1000,)"
      R"("official_tests":[{"input":"1","output":"YES"}]}
{"id":"9/B","description":"d","rating":1400,)"
      R"("official_tests":[{"input":"1","output":"3"}]}
{"id":"9/C","description":"d","interaction_format":"ask",)"
      R"("official_tests":[{"input":"1","output":"3"}]}
)";
  const auto scores = Score(
      BenchmarkId::kCodeforces, problems,
      CodeSample("9/A", 0, "PRINT yes") + CodeSample("9/B", 0, "PRINT 4"));
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(*scores->pass_at_1, 0.5);
  EXPECT_EQ(*scores->rating.GetString("kind"), "problem_elo");
  EXPECT_NEAR(*scores->rating.GetDouble("rating"), 1200, 0.1);
  EXPECT_EQ(scores->refused_problems[0].reason, "interactive");
}

std::string ScoreText(const BenchmarkScores& scores) {
  return WriteJson(ScoresToJson(scores));
}

TEST_F(CodeBenchmark, WorkersAndOrderOfSamplesChangeNothing) {
  Use(BenchmarkId::kLiveCodeBench);
  const std::string first =
      CodeSample("q1", 0, "PRINT 7") + CodeSample("q2", 1, "PRINT 8");
  const std::string second =
      CodeSample("q1", 1, "BREAK") + CodeSample("q2", 0, "PRINT 7");
  const auto one =
      Score(BenchmarkId::kLiveCodeBench, kLiveCodeBench, first + second);
  request_.workers = 4;
  const auto four =
      Score(BenchmarkId::kLiveCodeBench, kLiveCodeBench, second + first);
  ASSERT_TRUE(one.ok() && four.ok());
  EXPECT_EQ(ScoreText(*one), ScoreText(*four));
}

// The real sandbox, where this machine has one.
TEST_F(CodeBenchmark, LiveCodeBenchInTheSandbox) {
  if (ProbeIsolation().level < IsolationLevel::kB) {
    GTEST_SKIP() << "isolation is weaker than level B here";
  }
  const auto scores = Score(BenchmarkId::kLiveCodeBench, kLiveCodeBench,
                            CodeSample("q1", 0, "\nprint(6 + int(input()))") +
                                CodeSample("q1", 1, "\nprint(8)"));
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->per_problem[0].outcomes, "10");
}

}  // namespace
}  // namespace limbeck
