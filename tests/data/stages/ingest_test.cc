#include "data/stages/ingest.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/stages/problem_json.h"
#include "data/stages/record_id.h"
#include "data/stages/recount.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

class IngestTest : public testing::Test {
 protected:
  IngestOptions Options(const std::string& text) {
    const std::string path = files_.File("input.jsonl");
    EXPECT_THAT(WriteFileAtomically(path, text), IsOk());
    IngestOptions options;
    options.set_path(path);
    options.set_licence("MIT");
    return *ResolveOptions(options);
  }

  IngestedProblems Read(const IngestOptions& options) {
    auto ingested = ReadProblemLines(options);
    EXPECT_THAT(ingested, IsOk());
    return *std::move(ingested);
  }

  TemporaryDirectory files_{TemporaryPlace::kMemory};
};

TEST_F(IngestTest, ReadsTheGenericForm) {
  const IngestedProblems ingested = Read(
      Options("\n{\"problem\":\"1+1?\",\"answer\":2,\"solution\":\"count\","
              "\"subject\":\"sums\",\"level\":3,\"language\":\"en\"}\n"));
  ASSERT_EQ(ingested.problems.size(), 1);
  const Problem& problem = ingested.problems[0];
  EXPECT_EQ(QuestionText(problem), "1+1?");
  EXPECT_EQ(problem.gold_answer(), "2");
  EXPECT_EQ(problem.reference_solution(), "count");
  EXPECT_EQ(problem.family(), "sums");
  EXPECT_EQ(problem.difficulty(), 3);
  EXPECT_EQ(problem.domain(), DOMAIN_MATH);
  EXPECT_EQ(problem.answer_kind(), ANSWER_KIND_INTEGER);
  EXPECT_EQ(problem.source().dataset(), "input.jsonl");
  EXPECT_EQ(problem.source().row(), 1);
  EXPECT_EQ(problem.source().licence(), "MIT");
  EXPECT_EQ(problem.id(), ProblemId(problem));
}

TEST_F(IngestTest, ReadsGsm8k) {
  IngestOptions options = Options(
      "{\"question\":\"Eggs?\",\"answer\":\"She sells 9 * 2 = "
      "$<<9*2=18>>18 a day.\\n#### 1,018\"}");
  options.set_format(INGEST_FORMAT_GSM8K);
  const IngestedProblems ingested = Read(options);
  ASSERT_EQ(ingested.problems.size(), 1);
  EXPECT_EQ(ingested.problems[0].gold_answer(), "1018");
  EXPECT_EQ(ingested.problems[0].reference_solution(),
            "She sells 9 * 2 = $18 a day.");
}

// Keeps what it was warned of.
struct WarningKeeper : ProgressSink {
  void Begin(absl::string_view, uint64_t, absl::string_view) override {}
  void SetDone(uint64_t) override {}
  void SetDetail(absl::string_view) override {}
  void Warn(absl::string_view text) override { texts.emplace_back(text); }

  std::vector<std::string> texts;
};

TEST_F(IngestTest, AnEmptyFileIsWarnedOf) {
  const std::string line = "{\"problem\":\"a\",\"answer\":\"1\"}\n";
  for (const std::string text : {"", "\n \n", line.c_str(), "oops"}) {
    Workbench bench;
    WarningKeeper keeper;
    StageRun run = bench.MakeRun("problems", "ingest", {});
    run.context.progress = &keeper;
    LIMBECK_ASSERT_OK(RunIngestStage(Options(text), run));
    const bool is_empty = text.find_first_not_of(" \n") == std::string::npos;
    ASSERT_EQ(keeper.texts.size(), is_empty ? 1u : 0u) << text;
    if (!is_empty) continue;
    EXPECT_NE(keeper.texts[0].find("input.jsonl holds no problem"),
              std::string::npos);
  }
}

TEST_F(IngestTest, BadLineKeepsItsBytesAndOffset) {
  const std::string good = "{\"problem\":\"a\",\"answer\":\"1\"}\n";
  const IngestedProblems ingested =
      Read(Options(good + "{\"problem\": oops}\n" +
                   "{\"problem\":\"b\"}\n{\"problem\":\" \",\"answer\":1}"));
  EXPECT_EQ(ingested.problems.size(), 1);
  ASSERT_EQ(ingested.rejected.size(), 3);
  EXPECT_EQ(ingested.rejected[0].reason(), REJECTION_REASON_BAD_RECORD);
  EXPECT_EQ(ingested.rejected[0].byte_offset(), good.size());
  EXPECT_EQ(ingested.rejected[0].raw_line(), "{\"problem\": oops}");
  EXPECT_EQ(ingested.rejected[0].detail().find("input.jsonl, line 2: "), 0);
  EXPECT_NE(ingested.rejected[1].detail().find("answer"), std::string::npos);
  EXPECT_NE(ingested.rejected[2].detail().find("no text"), std::string::npos);
  // Nothing of this machine may enter the shards.
  EXPECT_EQ(ingested.rejected[0].detail().find(files_.path()),
            std::string::npos);
}

TEST_F(IngestTest, EqualProblemsAreMergedDifferentAnswersAreNot) {
  const IngestedProblems ingested =
      Read(Options("{\"problem\":\"a  b\",\"answer\":\"1\"}\n"
                   "{\"problem\":\"A b\",\"answer\":\"1\"}\n"
                   "{\"problem\":\"a b\",\"answer\":\"2\"}\n"));
  ASSERT_EQ(ingested.problems.size(), 1);
  EXPECT_EQ(QuestionText(ingested.problems[0]), "a  b");
  ASSERT_EQ(ingested.merged.size(), 1);
  ASSERT_EQ(ingested.rejected.size(), 1);
  EXPECT_NE(ingested.rejected[0].detail().find(
                "same question as line 1, whose answer is \"1\", here \"2\""),
            std::string::npos);
}

TEST_F(IngestTest, MaxProblemsTakesTheFirst) {
  IngestOptions options = Options(
      "{\"problem\":\"a\",\"answer\":1}\n{\"problem\":\"b\",\"answer\":1}\n"
      "{\"problem\":\"c\",\"answer\":1}\n");
  options.set_max_problems(2);
  const IngestedProblems ingested = Read(options);
  ASSERT_EQ(ingested.problems.size(), 2);
  for (const Problem& problem : ingested.problems) {
    EXPECT_LT(problem.source().row(), 2);
  }
}

TEST_F(IngestTest, MissingFileIsNamed) {
  IngestOptions options = Options("");
  options.set_path(files_.File("absent.jsonl"));
  EXPECT_THAT(ReadProblemLines(options),
              IsError(absl::StatusCode::kNotFound, "absent.jsonl"));
}

TEST_F(IngestTest, ResultDoesNotDependOnPartitionsOrThreads) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    absl::StrAppend(&text, "{\"problem\":\"p ", i % 50, "\",\"answer\":", 1,
                    "}\n", i % 20 == 0 ? "bad\n" : "");
  }
  const IngestOptions options = Options(text);
  std::vector<std::string> first;
  for (const int count : {1, 2, 7}) {
    Workbench bench(count);
    IngestOptions partitioned = options;
    partitioned.set_partitions(count);
    LIMBECK_ASSERT_OK(bench.Run("a", RunIngestStage, partitioned, {}));
    const Artefact artefact = bench.Open("a");
    const Counts& counts = artefact.manifest().counts();
    EXPECT_EQ(counts.in(), 63);
    EXPECT_EQ(counts.out(), 50);
    EXPECT_EQ(counts.rejected(), 3);
    EXPECT_EQ(counts.merged(), 10);
    LIMBECK_EXPECT_OK(CheckCounts(artefact.directory()));
    const auto contents = Contents<Problem>(artefact, kProblemsFile);
    if (first.empty()) first = contents;
    EXPECT_EQ(contents, first);
  }
}

TEST_F(IngestTest, EmptyFileGivesAnEmptyArtefact) {
  Workbench bench;
  LIMBECK_ASSERT_OK(bench.Run("a", RunIngestStage, Options("\n\n"), {}));
  EXPECT_EQ(bench.Open("a").manifest().counts().in(), 0);
}

TEST_F(IngestTest, DamagedLinesAreCountedNeverLost) {
  const std::string line =
      "{\"question\":\"How many?\",\"answer\":\"<<1+1=2>>2\\n#### 2\"}\n";
  ForEachMutation(line + line, 500, 3, [&](const std::string& text) {
    IngestOptions options = Options(text);
    options.set_format(INGEST_FORMAT_GSM8K);
    const IngestedProblems ingested = Read(options);
    EXPECT_LE(ingested.problems.size(), 4);
  });
}

TEST(RemoveCalculatorNotes, DropsWholeNotesOnly) {
  EXPECT_EQ(RemoveCalculatorNotes("a<<1+1=2>>2 b<<>>c"), "a2 bc");
  EXPECT_EQ(RemoveCalculatorNotes("1<<2 and 3>4"), "1<<2 and 3>4");
  EXPECT_EQ(RemoveCalculatorNotes("<<"), "<<");
}

TEST(ParseGsm8kProblem, AnswerMustBeAnInteger) {
  const auto parse = [](absl::string_view answer) {
    Json json = Json::Object();
    json.Set("question", "q").Set("answer", answer);
    return ParseGsm8kProblem(json);
  };
  EXPECT_EQ(parse("x #### 3 ... #### -5")->gold_answer(), "-5");
  EXPECT_THAT(parse("no mark 5"),
              IsError(absl::StatusCode::kInvalidArgument, "has no ####"));
  EXPECT_THAT(parse("#### five"),
              IsError(absl::StatusCode::kInvalidArgument, "has \"five\""));
}

TEST(ParseGenericProblem, LinesMayNameTheirKindAndItsOptions) {
  const Json json =
      *ParseJson(R"({"problem": "g?", "answer": 9.81, "kind": "numeric",)"
                 R"( "relative_tolerance": 0.01})");
  const auto problem = ParseGenericProblem(json, ANSWER_KIND_INTEGER);
  LIMBECK_ASSERT_OK(problem);
  EXPECT_EQ(problem->answer_kind(), ANSWER_KIND_NUMERIC);
  EXPECT_EQ(problem->answer_options().relative_tolerance(), 0.01);
  struct Case {
    std::string line;
    std::string error;
  };
  const std::vector<Case> cases = {
      {R"({"problem": "p", "answer": "1", "kind": "poem"})", "kind is 'poem'"},
      {R"({"problem": "p", "answer": "E", "kind": "choice"})",
       "names no option of ABCD"},
      {R"({"problem": "p", "answer": "(", "kind": "regex"})", "byte 1"},
      {R"({"problem": "p", "answer": "{}", "kind": "json_schema",)"
       R"( "anywhere": 1})",
       "\"anywhere\" should be"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ParseGenericProblem(*ParseJson(c.line), ANSWER_KIND_INTEGER),
                IsError(absl::StatusCode::kInvalidArgument, c.error));
  }
}

TEST(ParseGenericProblem, TypesAreChecked) {
  Json json = Json::Object();
  json.Set("problem", "q").Set("answer", "1").Set("level", "hard");
  EXPECT_THAT(ParseGenericProblem(json, ANSWER_KIND_INTEGER),
              IsError(absl::StatusCode::kInvalidArgument, "level"));
  json.Set("level", int64_t{-1});
  EXPECT_THAT(ParseGenericProblem(json, ANSWER_KIND_INTEGER),
              IsError(absl::StatusCode::kInvalidArgument, "\"level\" is -1"));
  json.Set("level", 2).Set("domain", "magic");
  EXPECT_THAT(ParseGenericProblem(json, ANSWER_KIND_INTEGER),
              IsError(absl::StatusCode::kInvalidArgument, "\"magic\""));
  json.Set("domain", "code");
  EXPECT_EQ(ParseGenericProblem(json, ANSWER_KIND_STRING)->domain(),
            DOMAIN_CODE);
}

TEST(ParseGenericProblem, DeclaredIntegersAreIntegers) {
  const auto parse = [](Json answer, AnswerKind kind) {
    Json json = Json::Object();
    json.Set("problem", "q").Set("answer", std::move(answer));
    return ParseGenericProblem(json, kind);
  };
  for (const char* answer : {"7", " -7 ", "1,234", "1{,}234", "\\boxed{7}"}) {
    LIMBECK_EXPECT_OK(parse(answer, ANSWER_KIND_INTEGER)) << answer;
  }
  for (const char* answer : {"1/2", "0.5", "", "seven", "7 cm", "3, 4"}) {
    EXPECT_THAT(parse(answer, ANSWER_KIND_INTEGER),
                IsError(absl::StatusCode::kInvalidArgument,
                        absl::StrCat("\"answer\" is \"", answer,
                                     "\", answer_kind says it is an integer")))
        << answer;
    LIMBECK_EXPECT_OK(parse(answer, ANSWER_KIND_MATH)) << answer;
  }
  EXPECT_THAT(parse(Json(0.5), ANSWER_KIND_INTEGER), testing::Not(IsOk()));
  LIMBECK_EXPECT_OK(parse(Json(2.0), ANSWER_KIND_INTEGER));
}

TEST_F(IngestTest, AnswerThatIsNoIntegerIsRejectedWithItsReason) {
  const IngestedProblems ingested =
      Read(Options("{\"problem\":\"a\",\"answer\":\"1/2\"}\n"
                   "{\"problem\":\"b\",\"answer\":\"2\"}\n"));
  EXPECT_EQ(ingested.problems.size(), 1);
  ASSERT_EQ(ingested.rejected.size(), 1);
  EXPECT_EQ(ingested.rejected[0].reason(), REJECTION_REASON_BAD_RECORD);
  EXPECT_EQ(ingested.rejected[0].detail().find(
                "input.jsonl, line 1: \"answer\" is \"1/2\""),
            0);
}

// The published test set, where LIMBECK_TESTDATA names the folder that has it.
TEST_F(IngestTest, WholeGsm8kTestSet) {
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  IngestOptions options = Options("");
  options.set_path(JoinPath(folder, "gsm8k/test.jsonl"));
  options.set_format(INGEST_FORMAT_GSM8K);
  const IngestedProblems ingested = Read(options);
  EXPECT_EQ(ingested.problems.size(), 1319);
  EXPECT_TRUE(ingested.rejected.empty());
  for (const Problem& problem : ingested.problems) {
    EXPECT_EQ(problem.reference_solution().find("<<"), std::string::npos);
  }
}

}  // namespace
}  // namespace limbeck
