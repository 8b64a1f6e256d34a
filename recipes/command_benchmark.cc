// limbeck benchmark: scores stored samples without any model.
#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/benchmark.h"
#include "eval/score_json.h"
#include "recipes/commands.h"
#include "recipes/jsonl_filter.h"

namespace limbeck {
namespace {

// A score of nothing is no score.
absl::Status CheckScored(const BenchmarkRequest& request,
                         const BenchmarkScores& scores) {
  const std::vector<RefusedProblem>& refused = scores.refused_problems;
  if (scores.problems > 0 || refused.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "benchmark '", request.name, "', ", request.data_path, ": ",
      refused.size(), " of ", refused.size(),
      " problems were refused, none is left to score; the first, '",
      refused[0].problem_id, "': ", refused[0].reason));
}

absl::Status BenchmarkCommand(const BenchmarkRequest& request) {
  LIMBECK_ASSIGN_OR_RETURN(const BenchmarkScores scores, ScoreSamples(request));
  LIMBECK_RETURN_IF_ERROR(WriteToStandardOutput(
      absl::StrCat(WriteJson(ScoresToJson(scores)), "\n")));
  return CheckScored(request, scores);
}

}  // namespace

void AddBenchmarkCommand(CLI::App& app, absl::Status& result) {
  auto request = std::make_shared<BenchmarkRequest>();
  CLI::App* verb = AddVerb(
      app, "benchmark", "Score stored samples of a benchmark, without a model",
      "echo '{\"id\": \"p\", \"problem\": \"1 + 1?\", \"answer\": \"2\"}' > "
      "problems.jsonl\n"
      "printf '%s\\n' '{\"problem_id\": \"p\", \"sample\": 0, \"text\": "
      "\"\\\\boxed{2}\"}' > samples.jsonl\n"
      "limbeck benchmark --name jsonl --data problems.jsonl --samples "
      "samples.jsonl");
  verb->add_option("--name", request->name, "Layout of the problem file")
      ->required()
      ->check(CLI::IsMember(BenchmarkNames()));
  verb->add_option("--data", request->data_path, "Problems")->required();
  verb->add_option("--samples", request->samples_path,
                   "Lines of {\"problem_id\", \"sample\", \"text\"}")
      ->required();
  verb->add_option("--mode", request->mode, "sound or compat")
      ->check(CLI::IsMember({"sound", "compat"}));
  verb->callback([request, &result] { result = BenchmarkCommand(*request); });
}

}  // namespace limbeck
