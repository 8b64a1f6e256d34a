// Recipes, plans, inspection and lineage, through the real binary.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/recipes/program_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTraining[] = R"(
base: "data.textproto"
stages {
  name: "student" inputs: "bins" inputs: "words"
  train {
    epochs: 4000
    bins_per_step: 1
    tokenizer_input: "words"
    checkpoint_every_steps: 1000000
    architecture {
      hidden_size: 16 num_layers: 1 num_heads: 2 num_kv_heads: 1 head_dim: 8
      intermediate_size: 32 max_positions: 512
    }
  }
}
)";

TEST_F(Program, BadRecipeNamesFileAndLine) {
  const std::string path = directory_->File("bad.textproto");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      path, "stages {\n  name: \"p\"\n  arithmetic_problems { number: 3 }\n}"));
  const ProgramResult run = RunProgram({"plan", path});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.errors,
              HasSubstr("bad.textproto:3:31: no field 'number' in "));
}

TEST_F(Program, SecondRunIsUpToDate) {
  const ProgramResult run = RunProgram(
      {"run", directory_->File("data.textproto"), "--workspace", Workspace()});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("[6/6 bins] up to date: "));
  EXPECT_THAT(run.errors, Not(HasSubstr("\x1b")));  // no terminal, no escapes
  EXPECT_THAT(run.output, HasSubstr("report.html\n"));
  EXPECT_TRUE(FileExists(JoinPath(Workspace(), "report.html")));
}

TEST_F(Program, PlanShowsStates) {
  const ProgramResult plan =
      RunProgram({"plan", directory_->File("data.textproto"), "--workspace",
                  Workspace(), "--set", "problems.num_problems=31"});
  EXPECT_EQ(plan.exit_code, 0) << plan.errors;
  EXPECT_THAT(plan.output, AllOf(HasSubstr("done: corpus-"),
                                 HasSubstr("has run before with other options"),
                                 HasSubstr("waits for problems"),
                                 HasSubstr("5 of 6 stages to run: about ")));
}

TEST_F(Program, PlanOfAFinishedRunSaysSo) {
  const std::vector<std::string> arguments = {
      "plan", directory_->File("data.textproto"), "--workspace", Workspace()};
  const ProgramResult plan = RunProgram(arguments);
  EXPECT_EQ(plan.exit_code, 0) << plan.errors;
  EXPECT_THAT(plan.output,
              AllOf(HasSubstr("All 6 stages are done; a run would only write "
                              "the report again.\n"),
                    Not(HasSubstr("EUR")), Not(HasSubstr("~"))));
  std::vector<std::string> more = arguments;
  more.insert(more.end(), {"--set", "words.inputs=corpus"});
  EXPECT_THAT(RunProgram(more).output, HasSubstr("3 of 6 stages to run"));
}

TEST_F(Program, PlanNamesStagesThatNobodyTakes) {
  const std::string path = directory_->File("unused.textproto");
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(path,
                          "base: \"data.textproto\" stages { name: \"problms\" "
                          "arithmetic_problems { num_problems: 7 } }"));
  const ProgramResult plan =
      RunProgram({"plan", path, "--workspace", Workspace()});
  EXPECT_EQ(plan.exit_code, 0) << plan.errors;
  EXPECT_THAT(plan.output, HasSubstr("No stage takes: bins, problms.\n"));
}

TEST_F(Program, PlanRefusesWhatCannotFit) {
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory_->File("train.textproto"), kTraining));
  const ProgramResult plan = RunProgram(
      {"plan", directory_->File("train.textproto"), "--workspace", Workspace(),
       "--set", "student.architecture.hidden_size=65536", "--set",
       "student.architecture.intermediate_size=262144", "--set",
       "student.architecture.num_layers=1000"});
  EXPECT_EQ(plan.exit_code, 1);
  EXPECT_THAT(plan.errors, AllOf(HasSubstr("train.textproto:3:1: student: "
                                           "needs about "),
                                 HasSubstr(" of memory, this machine has ")));
}

TEST_F(Program, TrainedModelsAreTakenByTheirStage) {
  const std::string path = directory_->File("pupil.textproto");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      path, absl::StrReplaceAll(kTraining, {{"\"student\"", "\"pupil\""},
                                            {"epochs: 4000", "epochs: 1"}})));
  const ProgramResult run =
      RunProgram({"run", path, "--workspace", Workspace()});
  ASSERT_EQ(run.exit_code, 0) << run.errors;
  const std::string folder =
      FindArtefact(Workspace(), "pupil") + "/part-0000/checkpoint";
  EXPECT_THAT(run.errors, HasSubstr("model pupil: " + folder + "\n"));
  EXPECT_EQ(run.output, Workspace() + "/report.html\n");
  const std::string stage = Workspace() + "/pupil";
  const std::string prompt = "{\"prompt\":\"2 + 3\"}\n";
  const auto generate = [&](const std::string& model) {
    return RunProgram({"generate", "--model", model, "--max_tokens", "4"},
                      prompt);
  };
  const ProgramResult by_folder = generate(folder);
  ASSERT_EQ(by_folder.exit_code, 0) << by_folder.errors;
  EXPECT_EQ(generate(stage).output, by_folder.output);
  EXPECT_EQ(generate(folder + "/..").output, by_folder.output);
  EXPECT_EQ(
      RunProgram({"score", "--model", stage}, "{\"ids\":[7,8]}\n").exit_code,
      0);
  EXPECT_EQ(
      RunProgram({"convert", stage, directory_->File("pupil_copy")}).exit_code,
      0);
  const std::string text = "{\"text\":\"2 + 3\"}\n";
  for (const std::string& tokenizer : {stage, Workspace() + "/words"}) {
    EXPECT_EQ(
        RunProgram({"tokenize", "--tokenizer", tokenizer}, text).output,
        RunProgram({"tokenize", "--tokenizer", Tokenizer()}, text).output);
  }
  const ProgramResult none = generate(Workspace() + "/worked");
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(
      none.errors,
      HasSubstr("is of stage 'worked' (generate), which leaves no model"));
  EXPECT_THAT(generate(Workspace() + "/nobody").errors,
              HasSubstr("nobody does not exist"));
}

TEST_F(Program, InspectShortensRecordsUnlessAsked) {
  const std::string bins = Workspace() + "/bins";  // without fingerprint
  const ProgramResult brief = RunProgram({"inspect", bins, "--records", "1"});
  ASSERT_EQ(brief.exit_code, 0) << brief.errors;
  EXPECT_THAT(brief.output, AllOf(HasSubstr("record 0:\n"),
                                  HasSubstr(", ...] ("), HasSubstr(" in all)"),
                                  HasSubstr("schema: \"message limbeck."),
                                  HasSubstr("...\" (")));
  const ProgramResult full =
      RunProgram({"inspect", bins, "--records", "1", "--full"});
  ASSERT_EQ(full.exit_code, 0) << full.errors;
  EXPECT_THAT(full.output, Not(HasSubstr(" in all)")));
  EXPECT_GT(full.output.size(), brief.output.size());
}

TEST_F(Program, InspectTakesATokenizerByItsFile) {
  const ProgramResult file =
      RunProgram({"inspect", Tokenizer() + "/tokenizer.model"});
  ASSERT_EQ(file.exit_code, 0) << file.errors;
  EXPECT_THAT(file.output, AllOf(HasSubstr("400 ids, ends "),
                                 HasSubstr("     388  \""), HasSubstr("...")));
  EXPECT_EQ(RunProgram({"inspect", Tokenizer()}).output, file.output);
  const ProgramResult other =
      RunProgram({"inspect", Workspace() + "/ledger.json"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.errors, HasSubstr("(inspect knows shards, *.safetensors"));
}

TEST_F(Program, InspectShowsEverything) {
  const std::string worked = FindArtefact(Workspace(), "worked");
  const ProgramResult artefact =
      RunProgram({"inspect", worked, "--records", "1"});
  ASSERT_EQ(artefact.exit_code, 0) << artefact.errors;
  EXPECT_THAT(artefact.output,
              AllOf(HasSubstr("stage worked (generate, version 2)"),
                    HasSubstr("30 samples in = 30 out + 0 rejected"),
                    HasSubstr("record 0:"), HasSubstr("raw_output: "),
                    HasSubstr("rejects.lbk"), Not(HasSubstr("\n0 records"))));
  const ProgramResult shard =
      RunProgram({"inspect", worked + "/part-0000/traces.lbk"});
  EXPECT_THAT(shard.output, HasSubstr("record_type: \"limbeck.Trace\""));
  const ProgramResult model = RunProgram({"inspect", Model()});
  EXPECT_THAT(model.output, AllOf(HasSubstr("llama, "),
                                  HasSubstr("model.embed_tokens.weight"),
                                  HasSubstr("tokenizer: ")));
  EXPECT_EQ(RunProgram({"inspect", directory_->path()}).exit_code, 1);
  EXPECT_EQ(RunProgram({"inspect", "/no/such/path"}).exit_code, 1);
}

TEST_F(Program, LineageReachesTheProblem) {
  const ProgramResult lineage = RunProgram(
      {"lineage", FindArtefact(Workspace(), "bins") + "/part-0000/bins.lbk",
       "0"});
  ASSERT_EQ(lineage.exit_code, 0) << lineage.errors;
  EXPECT_THAT(lineage.output, AllOf(HasSubstr("worked (generate"),
                                    HasSubstr("problems (arithmetic_problems"),
                                    HasSubstr("gold answer")));
  EXPECT_THAT(lineage.output, Not(HasSubstr(" ,")));
  EXPECT_EQ(RunProgram({"lineage", FindArtefact(Workspace(), "bins"), "9999"})
                .exit_code,
            1);
}

TEST_F(Program, LineageOfOtherArtefacts) {
  const ProgramResult trace =
      RunProgram({"lineage", Workspace() + "/worked", "29"});
  ASSERT_EQ(trace.exit_code, 0) << trace.errors;
  EXPECT_THAT(trace.output, AllOf(HasSubstr("trace 29 of worked\n"),
                                  HasSubstr("problems (arithmetic_problems")));
  const ProgramResult words =
      RunProgram({"lineage", Workspace() + "/words", "0"});
  EXPECT_EQ(words.exit_code, 1);
  EXPECT_THAT(words.errors,
              HasSubstr("is of stage 'words' (train_tokenizer) and has no "
                        "rows; name an artefact of bins, samples, traces or "
                        "problems, such as those of its inputs: corpus, "
                        "problems"));
  const ProgramResult rejects = RunProgram(
      {"lineage",
       FindArtefact(Workspace(), "worked") + "/part-0000/rejects.lbk", "0"});
  EXPECT_EQ(rejects.exit_code, 1);
  EXPECT_THAT(rejects.errors, HasSubstr("rows are those of bins.lbk"));
  const ProgramResult nothing =
      RunProgram({"lineage", Workspace() + "/wrked", "0"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("wrked does not exist"));
}

// Bytes of every shard below an artefact, by partition.
std::vector<std::string> TraceShards(const std::string& artefact) {
  std::vector<std::string> shards;
  for (int i = 0;; ++i) {
    const std::string path =
        absl::StrCat(artefact, "/part-000", i, "/traces.lbk");
    if (!FileExists(path)) return shards;
    const auto bytes = ReadFile(path);
    EXPECT_THAT(bytes, IsOk());
    shards.push_back(*bytes);
  }
}

double GeneratedTokens(const std::string& workspace) {
  const auto text = ReadFile(JoinPath(workspace, "ledger.json"));
  EXPECT_THAT(text, IsOk());
  const auto ledger = ParseJson(*text);
  EXPECT_THAT(ledger, IsOk());
  return *ledger->Find("this_run")
              ->Find("total")
              ->GetDouble("generated_tokens");
}

TEST_F(Program, MoreSamplesKeepThoseThatExist) {
  const std::string recipe = directory_->File("sampling.textproto");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      recipe,
      absl::StrCat("models { name: \"m\" path: \"", Model(),
                   "\" }\nstages { name: \"problems\" arithmetic_problems { "
                   "num_problems: 6 partitions: 2 } }\nstages { name: "
                   "\"traces\" inputs: \"problems\" inputs: \"m\" generate { "
                   "samples_per_problem: 2 max_tokens: 8 rows: 4 } }")));
  const auto run = [&](const std::string& workspace, const char* samples) {
    const ProgramResult result =
        RunProgram({"run", recipe, "--workspace", workspace, "--set",
                    absl::StrCat("traces.samples_per_problem=", samples)});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return GeneratedTokens(workspace);
  };
  const std::string grown = directory_->File("grown");
  const std::string fresh = directory_->File("fresh");
  const double two = run(grown, "2");
  const std::string earlier = FindArtefact(grown, "traces");
  const auto earlier_shards = TraceShards(earlier);
  const double one_more = run(grown, "3");
  const double three = run(fresh, "3");
  EXPECT_EQ(two + one_more, three);
  EXPECT_EQ(TraceShards(earlier), earlier_shards);
  const std::string expected = FindArtefact(fresh, "traces");
  const std::string found = JoinPath(grown, BaseName(expected));
  ASSERT_THAT(TraceShards(expected), SizeIs(2));
  EXPECT_EQ(TraceShards(found), TraceShards(expected));
}

// Waits until a file contains a text.
bool WaitForText(const std::string& path, const std::string& text) {
  for (int i = 0; i < 600; ++i) {
    const auto content = ReadFile(path);
    if (content.ok() && content->find(text) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

TEST_F(Program, InterruptStopsWhereItCanGoOn) {
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory_->File("train.textproto"), kTraining));
  const std::string errors = directory_->File("train.err");
  const std::vector<std::string> arguments = {
      "run", directory_->File("train.textproto"), "--workspace", Workspace()};
  StartedProgram program(arguments, errors);
  ASSERT_TRUE(WaitForText(errors, "[7/7 student]"));
  // A second run in the workspace is refused meanwhile.
  EXPECT_EQ(RunProgram(arguments).exit_code, 1);
  std::vector<std::string> plan = arguments;
  plan[0] = "plan";
  EXPECT_THAT(RunProgram(plan).output,
              AllOf(HasSubstr("begun; process "),
                    HasSubstr(" works in this workspace now\n")));
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait(), 1);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(errors));
  EXPECT_THAT(text, HasSubstr("stopped in stage 'student'; the same command "
                              "goes on from here"));
  const std::string student = FindArtefact(Workspace(), "student");
  EXPECT_FALSE(FileExists(JoinPath(student, "manifest.textproto")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string record,
                               ReadFile(JoinPath(student, "run.json")));
  EXPECT_THAT(record, HasSubstr("\"outcome\": \"cancelled\""));
  EXPECT_THAT(RunProgram(plan).output,
              HasSubstr("was interrupted, goes on where it stopped"));
}

TEST_F(Program, OtherVocabularyOfAResidentTeacherIsRefusedBeforeAnythingRuns) {
  const std::string recipe = directory_->File("pair.textproto");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      recipe,
      absl::StrCat(
          "models { name: 'teacher' path: '",
          std::filesystem::absolute("recipes/quickstart/teacher").string(),
          "' }\nmodels { name: 'student' path: '", Model(), R"(' }
base: "data.textproto"
stages {
  name: "trained" inputs: "bins" inputs: "student" inputs: "teacher"
  train {
    epochs: 1 initial_model_input: "student" teacher_input: "teacher"
    objective { kind: KIND_DENSE_DISTILLATION divergence: DIVERGENCE_FORWARD_KL }
  }
}
)")));
  const std::string workspace = directory_->File("pair");
  for (const char* verb : {"plan", "run"}) {
    const ProgramResult result =
        RunProgram({verb, recipe, "--workspace", workspace});
    EXPECT_NE(result.exit_code, 0) << verb;
    EXPECT_THAT(result.errors, HasSubstr("pair.textproto:7:46: trained."
                                         "teacher_input: teacher 'teacher'"));
    EXPECT_FALSE(IsDirectory(workspace)) << verb;
  }
}

}  // namespace
}  // namespace limbeck
