// Skips, resumes, refuses: runs of a small recipe without any model.
#include "recipes/run/runner.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/stages/artefact.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipes/language/recipe_loader.h"
#include "recipes/run/build_facts.h"
#include "recipes/run/file_digests.h"
#include "recipes/run/stage_planner.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kRecipe[] = R"(
name: "small"
seed: 5
threads: 2
stages {
  name: "problems" arithmetic_problems { num_problems: 40 partitions: 2 }
}
stages { name: "half" inputs: "problems" split { end: 0.5 } }
stages {
  name: "traces" inputs: "half"
  generate { teacher: KIND_REFERENCE samples_per_problem: 1 }
}
stages { name: "verified" inputs: "traces" verify {} }
stages { name: "kept" inputs: "verified" filter { min_output_tokens: 0 } }
stages { name: "unique" inputs: "kept" dedup {} }
)";

class Runner : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_.File(name);
    EXPECT_THAT(WriteFileAtomically(path, text), IsOk());
    return path;
  }

  absl::StatusOr<RunResult> RunIt(
      const std::vector<std::string>& overrides = {},
      const std::vector<std::string>& only = {}) {
    LoadOptions load;
    load.overrides = overrides;
    LIMBECK_ASSIGN_OR_RETURN(
        const RecipeSource source,
        LoadRecipe(Write("recipe.textproto", recipe_), load));
    LIMBECK_ASSIGN_OR_RETURN(const ResolvedRecipe resolved,
                             ResolveRecipe(source));
    ProgressDisplay::Options silent;
    silent.mode = ProgressDisplay::Mode::kSilent;
    silent.write = [this](absl::string_view text) {
      messages_.append(text.data(), text.size());
    };
    ProgressDisplay progress(silent);
    CostLedger ledger;
    RunOptions options;
    options.workspace = workspace();
    options.only = only;
    return RunRecipe(resolved, options, {&progress, &ledger, cancel_.get()});
  }

  // Names of the stages that a run did not reuse.
  std::vector<std::string> Ran(const absl::StatusOr<RunResult>& result) {
    std::vector<std::string> names;
    EXPECT_THAT(result, IsOk());
    if (!result.ok()) return names;
    for (const StageOutcome& stage : result->stages) {
      if (!stage.reused) names.push_back(stage.name);
    }
    return names;
  }

  std::string workspace() const { return directory_.File("workspace"); }
  Json RunRecordOf(const std::string& artefact) {
    const auto text = ReadFile(JoinPath(artefact, "run.json"));
    EXPECT_THAT(text, IsOk());
    return *ParseJson(*text);
  }

  TemporaryDirectory directory_;
  std::string recipe_ = kRecipe;
  std::unique_ptr<CancelToken> cancel_ = std::make_unique<CancelToken>();
  std::string messages_;
};

// Said when it happens, and again as long as the stage's result is used.
TEST_F(Runner, StageThatKeepsAlmostNothingIsWarnedOf) {
  LIMBECK_ASSERT_OK(RunIt());
  EXPECT_THAT(messages_, Not(HasSubstr("warning")));
  const std::vector<std::string> strict = {"kept.max_output_tokens=1"};
  for (const bool again : {false, true}) {
    messages_.clear();
    EXPECT_EQ(Ran(RunIt(strict)).empty(), again);
    EXPECT_THAT(messages_,
                HasSubstr("[5/6 kept] warning: kept only 2 of 26 traces: 24"));
    EXPECT_THAT(messages_, HasSubstr(" too long (values "));
    EXPECT_THAT(messages_, HasSubstr(", threshold 1; \"words\")"));
  }
}

TEST_F(Runner, RunsAllThenNothing) {
  EXPECT_THAT(Ran(RunIt()), ElementsAre("problems", "half", "traces",
                                        "verified", "kept", "unique"));
  EXPECT_THAT(messages_, HasSubstr("[1/6 problems] 40 problems in 0:"));
  EXPECT_THAT(Ran(RunIt()), IsEmpty());
  EXPECT_THAT(messages_, HasSubstr("[1/6 problems] up to date: 40 problems\n"));
}

TEST_F(Runner, ArtefactsAreNamedByFingerprint) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt());
  for (const StageOutcome& stage : result.stages) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                                 ReadManifest(stage.directory));
    EXPECT_EQ(stage.directory,
              JoinPath(workspace(),
                       absl::StrCat(stage.name, "-",
                                    manifest.fingerprint().substr(0, 12))));
  }
}

TEST_F(Runner, ChangedOptionRunsWhatDependsOnIt) {
  LIMBECK_ASSERT_OK(RunIt());
  EXPECT_THAT(Ran(RunIt({"half.end=0.25"})),
              ElementsAre("half", "traces", "verified", "kept", "unique"));
  // Going back finds what is still there.
  EXPECT_THAT(Ran(RunIt()), IsEmpty());
}

TEST_F(Runner, EqualContentUpstreamIsNoReason) {
  LIMBECK_ASSERT_OK(RunIt());
  // Lets the same traces pass, so what comes after is still valid.
  EXPECT_THAT(Ran(RunIt({"kept.max_output_tokens=16000"})),
              ElementsAre("kept"));
}

TEST_F(Runner, SeedIsPartOfTheFingerprint) {
  LIMBECK_ASSERT_OK(RunIt());
  EXPECT_THAT(Ran(RunIt({"problems.seed=6"})), testing::Contains("problems"));
}

TEST_F(Runner, DamagedRootManifestIsAnErrorNotARerun) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt());
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      JoinPath(result.stages[1].directory, kManifestName), "stage_name: \"x"));
  EXPECT_THAT(RunIt(), IsError(absl::StatusCode::kDataLoss, "half-"));
}

TEST_F(Runner, ReusedFilesAreAsTheirManifestSays) {
  const std::vector<std::string> changes = {"verified.compare_with=integer"};
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt(changes));
  const std::string& verified = result.stages[3].directory;
  for (const char* name :
       {"part-0000/traces.lbk", "part-0000/agreement.json"}) {
    const std::string path = JoinPath(verified, name);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string whole, ReadFile(path));
    LIMBECK_ASSERT_OK(
        WriteFileAtomically(path, whole.substr(0, whole.size() - 1)));
    EXPECT_THAT(
        RunIt(changes),
        IsError(absl::StatusCode::kDataLoss,
                absl::StrCat(name, " has ", whole.size() - 1,
                             " bytes, its manifest says ", whole.size())));
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, whole));
    EXPECT_THAT(Ran(RunIt(changes)), IsEmpty());
  }
}

// A shard's blocks have checksums, other files only their manifest.
TEST_F(Runner, FilesWithoutChecksumsAreReadBeforeReuse) {
  const std::vector<std::string> changes = {"verified.compare_with=integer"};
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt(changes));
  const std::string path =
      JoinPath(result.stages[3].directory, "part-0000/agreement.json");
  LIMBECK_ASSERT_OK_AND_ASSIGN(std::string text, ReadFile(path));
  text[text.size() / 2] ^= 1;
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, text));
  EXPECT_THAT(RunIt(changes),
              IsError(absl::StatusCode::kDataLoss, "has SHA-256 "));
}

TEST_F(Runner, UnfinishedArtefactIsCompleted) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult before, RunIt());
  const std::string directory = before.stages[1].directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string manifest,
                               ReadFile(JoinPath(directory, kManifestName)));
  // As after a kill: no root manifest, one partition gone.
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(directory, kManifestName)));
  LIMBECK_ASSERT_OK(RemoveTree(PartitionPath(directory, 1)));
  EXPECT_THAT(Ran(RunIt()), ElementsAre("half"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string again,
                               ReadFile(JoinPath(directory, kManifestName)));
  EXPECT_EQ(again, manifest);
}

TEST_F(Runner, ManifestsKnowNothingOfTheMachine) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt());
  for (const StageOutcome& stage : result.stages) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const std::string text,
        ReadFile(JoinPath(stage.directory, kManifestName)));
    EXPECT_THAT(text, Not(HasSubstr(directory_.path())));
    EXPECT_THAT(text, Not(HasSubstr(DescribeHost().system)));
    ASSERT_THAT(BuildId(), Not(IsEmpty()));
    EXPECT_THAT(text, Not(HasSubstr(BuildId())));
  }
}

TEST_F(Runner, RunRecordSaysWhereAndAtWhatCost) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt());
  const Json record = RunRecordOf(result.stages[0].directory);
  const JsonArray& attempts = record.Find("attempts")->array();
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(*attempts[0].GetString("outcome"), "completed");
  EXPECT_EQ(*attempts[0].GetString("build_id"), BuildId());
  EXPECT_EQ(*attempts[0].GetInt("threads"), 2);
  EXPECT_GT(attempts[0].Find("cost")->Find("wall_seconds")->number(), 0);
}

TEST_F(Runner, LedgerRowsAddUp) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult result, RunIt());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string text,
                               ReadFile(result.ledger_path));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Json ledger, ParseJson(text));
  const Json& this_run = *ledger.Find("this_run");
  double sum = 0;
  for (const Json& row : this_run.Find("rows")->array()) {
    sum += *row.GetDouble("wall_seconds");
  }
  const double wall = *this_run.GetDouble("wall_seconds");
  EXPECT_NEAR(sum, wall, 0.02 * wall);
  EXPECT_EQ(ledger.Find("rows")->array().size(), 7u);  // six and the overhead
}

TEST_F(Runner, CancelledRunGoesOnLater) {
  cancel_->Cancel();
  EXPECT_THAT(RunIt(), IsError(absl::StatusCode::kCancelled,
                               "stopped in stage 'problems'; the same command "
                               "goes on from here"));
  cancel_ = std::make_unique<CancelToken>();
  EXPECT_THAT(Ran(RunIt()), testing::SizeIs(6));
}

TEST_F(Runner, FailureNamesTheStageAndIsRecorded) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RunResult before, RunIt());
  const std::string half = before.stages[1].directory;
  LIMBECK_ASSERT_OK(RemoveTree(half));
  LIMBECK_ASSERT_OK(MakeDirectories(half));
  // A file where the stage needs a folder.
  LIMBECK_ASSERT_OK(WriteFileAtomically(PartitionPath(half, 0), "in the way"));
  const auto result = RunIt();
  EXPECT_THAT(std::string(result.status().message()),
              AllOf(HasSubstr("stage 'half' (split) failed: "),
                    HasSubstr("part-0000")));
  const Json record = RunRecordOf(half);
  EXPECT_EQ(*record.Find("attempts")->array()[0].GetString("outcome"),
            "failed");
}

TEST_F(Runner, OnlySomeStages) {
  EXPECT_THAT(Ran(RunIt({}, {"problems"})), ElementsAre("problems"));
  EXPECT_THAT(RunIt({}, {"kept"}),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "stage 'kept' waits for verified, which --only leaves "
                      "out"));
  EXPECT_THAT(RunIt({}, {"keept"}),
              IsError(absl::StatusCode::kNotFound,
                      "no such stage (did you mean 'kept'?)"));
  EXPECT_THAT(Ran(RunIt({}, {"half", "traces"})),
              ElementsAre("half", "traces"));
}

TEST_F(Runner, OneRunPerWorkspace) {
  LIMBECK_ASSERT_OK(MakeDirectories(workspace()));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto lock,
                               DirectoryLock::Acquire(workspace()));
  EXPECT_FALSE(RunIt().ok());
}

TEST_F(Runner, OutsideFilesCountByContentNotByPlace) {
  recipe_ = "stages { name: \"in\" ingest { path: \"x.jsonl\" } }";
  Write("x.jsonl", "{\"problem\": \"1+1?\", \"answer\": \"2\"}\n");
  EXPECT_THAT(Ran(RunIt()), ElementsAre("in"));
  EXPECT_THAT(Ran(RunIt()), IsEmpty());
  LIMBECK_ASSERT_OK(MakeDirectories(directory_.File("elsewhere")));
  LIMBECK_ASSERT_OK(CopyFileAtomically(directory_.File("x.jsonl"),
                                       directory_.File("elsewhere/x.jsonl")));
  EXPECT_THAT(Ran(RunIt({absl::StrCat("in.path=",
                                      directory_.File("elsewhere/x.jsonl"))})),
              IsEmpty());
  Write("x.jsonl", "{\"problem\": \"1+2?\", \"answer\": \"3\"}\n");
  EXPECT_THAT(Ran(RunIt()), ElementsAre("in"));
}

TEST_F(Runner, PlanSaysWhy) {
  LIMBECK_ASSERT_OK(RunIt());
  LoadOptions load;
  load.overrides = {"half.end=0.3"};
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const RecipeSource source,
      LoadRecipe(directory_.File("recipe.textproto"), load));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ResolvedRecipe resolved,
                               ResolveRecipe(source));
  StagePlanner planner(resolved, workspace());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto stages, planner.PlanAll());
  EXPECT_EQ(stages[0].state, PlannedStage::State::kDone);
  EXPECT_EQ(stages[1].state, PlannedStage::State::kToRun);
  EXPECT_EQ(stages[1].reason, "has run before with other options");
  EXPECT_EQ(stages[2].state, PlannedStage::State::kWaiting);
  EXPECT_EQ(stages[2].reason, "waits for half");
}

TEST(FileDigests, ModelIsWeightsConfigurationAndTokenizer) {
  TemporaryDirectory directory;
  const auto write = [&](const std::string& name, const std::string& text) {
    EXPECT_THAT(WriteFileAtomically(directory.File(name), text), IsOk());
  };
  const auto digest = [&] {
    const auto result = FileDigests("").OfModel(directory.path());
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : "";
  };
  EXPECT_FALSE(FileDigests("").OfModel(directory.path()).ok());
  write("model.safetensors", "w");
  write("config.json", "{}");
  const std::string first = digest();
  write("README.md", "about");
  EXPECT_EQ(digest(), first);
  write("config.json", "{ }");
  const std::string second = digest();
  EXPECT_NE(second, first);
  write("tokenizer.model", "t");
  EXPECT_NE(digest(), second);
}

TEST(FileDigests, LargeFilesAreRememberedUntilTheyChange) {
  TemporaryDirectory directory;
  const std::string path = directory.File("big");
  const std::string cache = directory.File("digests.json");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "content"));
  std::string expected;
  {
    FileDigests digests(cache, /*cached_from_bytes=*/1);
    LIMBECK_ASSERT_OK_AND_ASSIGN(expected, digests.OfFile(path));
    LIMBECK_ASSERT_OK(digests.Save());
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(std::string text, ReadFile(cache));
  const size_t at = text.find(expected);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 8, "remember");
  LIMBECK_ASSERT_OK(WriteFileAtomically(cache, text));
  FileDigests digests(cache, 1);
  EXPECT_THAT(*digests.OfFile(path), HasSubstr("remember"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "Content"));
  EXPECT_THAT(*digests.OfFile(path), Not(HasSubstr("remember")));
}

}  // namespace
}  // namespace limbeck
