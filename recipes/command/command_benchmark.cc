// limbeck benchmark: scores stored samples without any model.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/judge/physical_cores.h"
#include "eval/benchmark.h"
#include "eval/score_json.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"

namespace limbeck {
namespace {

struct BenchmarkArguments {
  std::string name;
  std::string mode = "sound";
  std::string extraction = "default";
  std::string min_isolation = "B";
  std::string verdicts_path;
  BenchmarkRequest request;
};

// A score of nothing is no score.
absl::Status CheckScored(const BenchmarkArguments& arguments,
                         const BenchmarkScores& scores) {
  const std::vector<RefusedProblem>& refused = scores.refused_problems;
  if (scores.problems > 0 || refused.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "benchmark '", arguments.name, "', ", arguments.request.source.path, ": ",
      refused.size(), " of ", refused.size(),
      " problems were refused, none is left to score; the first, '",
      refused[0].problem_id, "': ", refused[0].reason));
}

absl::StatusOr<BenchmarkRequest> MakeRequest(
    const BenchmarkArguments& arguments) {
  BenchmarkRequest request = arguments.request;
  LIMBECK_ASSIGN_OR_RETURN(request.source.benchmark,
                           BenchmarkIdFromName(arguments.name));
  request.source.mode =
      arguments.mode == "compat" ? VerifyMode::kCompat : VerifyMode::kSound;
  LIMBECK_ASSIGN_OR_RETURN(request.extraction,
                           ExtractionRuleFromName(arguments.extraction));
  LIMBECK_ASSIGN_OR_RETURN(request.code.min_isolation,
                           ParseIsolation(arguments.min_isolation));
  if (request.workers == 0) request.workers = NumPhysicalCores();
  return request;
}

Json VerdictLine(const SampleVerdict& verdict) {
  const JudgedSample judged = JudgeSample(verdict.verification, false);
  Json line = Json::Object();
  line.Set("problem_id", verdict.problem_id);
  line.Set("sample", verdict.sample);
  line.Set("outcome", std::string(1, OutcomeMark(judged.outcome)));
  line.Set("extracted", verdict.verification.extracted());
  line.Set("detail", verdict.verification.detail());
  return line;
}

absl::Status BenchmarkCommand(const BenchmarkArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(BenchmarkRequest request, MakeRequest(arguments));
  std::unique_ptr<AtomicFile> verdicts;
  if (!arguments.verdicts_path.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(verdicts,
                             AtomicFile::Create(arguments.verdicts_path));
    request.visit = [&verdicts](const SampleVerdict& verdict) {
      return verdicts->Append(
          absl::StrCat(WriteJson(VerdictLine(verdict)), "\n"));
    };
  }
  LIMBECK_ASSIGN_OR_RETURN(const BenchmarkScores scores, ScoreSamples(request));
  if (verdicts != nullptr) LIMBECK_RETURN_IF_ERROR(verdicts->Commit());
  LIMBECK_RETURN_IF_ERROR(WriteToStandardOutput(
      absl::StrCat(WriteJson(ScoresToJson(scores)), "\n")));
  return CheckScored(arguments, scores);
}

void AddSourceOptions(CLI::App* verb, BenchmarkRequest* request) {
  BenchmarkSource* source = &request->source;
  verb->add_option("--data", source->path,
                   "Problems: JSON, JSONL, CSV or Parquet; for livecodebench "
                   "also a folder of test*.jsonl")
      ->required();
  verb->add_option("--version", source->version,
                   "livecodebench, of a folder: release_v5, v5 or v4_v5");
  verb->add_option("--first_date", source->first_date,
                   "livecodebench: first day of the window (2024-08-01)");
  verb->add_option("--last_date", source->last_date,
                   "livecodebench: last day of the window, included");
  verb->add_option("--tests", source->tests_path,
                   "codeforces: file or folder of problem_id, input, output");
  verb->add_option("--standings", request->rating.standings_path,
                   "codeforces: folder of standings and rating changes, for "
                   "a rating");
  verb->add_option("--population", request->rating.population_path,
                   "codeforces: JSON list of ratings, for a percentile");
}

void AddJudgingOptions(CLI::App* verb, BenchmarkArguments* arguments) {
  verb->add_option("--mode", arguments->mode,
                   "sound: a careful judge; compat: as the published harness")
      ->check(CLI::IsMember({"sound", "compat"}));
  verb->add_option("--extraction", arguments->extraction,
                   "Where the answer of a mathematical problem stands")
      ->check(CLI::IsMember(ExtractionRuleNames()));
  verb->add_option("--samples_per_problem",
                   arguments->request.samples_per_problem,
                   "Expected samples; 0: the largest number there is")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 20));
  verb->add_option(
          "--workers", arguments->request.workers,
          "Threads; 0: one per physical core. No verdict depends on it")
      ->check(CLI::Range(0, 1024));
  verb->add_option("--min_isolation", arguments->min_isolation,
                   "Weakest isolation in which programs may run")
      ->check(CLI::IsMember({"A", "B", "C", "D"}));
  verb->add_option("--verdicts", arguments->verdicts_path,
                   "File for one line per sample: outcome, answer, reason");
}

}  // namespace

void AddBenchmarkCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<BenchmarkArguments>();
  arguments->request.workers = 0;
  CLI::App* verb = AddVerb(
      app, "benchmark", "Score stored samples of a benchmark, without a model",
      "echo '{\"id\": \"p\", \"problem\": \"1 + 1?\", \"answer\": \"2\"}' > "
      "problems.jsonl\n"
      "printf '%s\\n' '{\"problem_id\": \"p\", \"sample\": 0, \"text\": "
      "\"\\\\boxed{2}\"}' > samples.jsonl\n"
      "limbeck benchmark --name jsonl --data problems.jsonl --samples "
      "samples.jsonl");
  verb->add_option("--name", arguments->name, "Layout of the problem file")
      ->required()
      ->check(CLI::IsMember(BenchmarkNames()));
  verb->add_option("--samples", arguments->request.samples_path,
                   "Lines of {\"problem_id\", \"sample\", \"text\"}; "
                   "multiple choice: \"option_order\" as well")
      ->required();
  AddSourceOptions(verb, &arguments->request);
  AddJudgingOptions(verb, arguments.get());
  verb->callback(
      [arguments, &result] { result = BenchmarkCommand(*arguments); });
}

}  // namespace limbeck
