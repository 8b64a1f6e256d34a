// limbeck score: log-probabilities of given token ids.
#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/run/artefact_path.h"
#include "recipes/run/torch_boundary.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/dtype.h"
#include "teacher/local_scorer.h"

namespace limbeck {
namespace {

struct ScoreArguments {
  std::string model;
  std::string dtype;
  std::string input = "-";
  int top_k = 0;
};

// Row of a tensor as a list; T is double or int64_t.
template <typename T>
Json NumberList(const at::Tensor& row) {
  const at::Tensor values = row.to(c10::CppTypeToScalarType<T>()).contiguous();
  Json list = Json::Array();
  for (int64_t i = 0; i < values.numel(); ++i) {
    list.Push(values.const_data_ptr<T>()[i]);
  }
  return list;
}

// Entry i speaks of token i + 1, so the last position has none.
Json ScoreToJson(const ScoreResult& result, int64_t num_tokens, int top_k) {
  Json out = Json::Object();
  out.Set("logprobs",
          NumberList<double>(result.logprobs.narrow(0, 0, num_tokens - 1)));
  if (top_k == 0) return out;
  Json ids = Json::Array();
  Json logprobs = Json::Array();
  for (int64_t i = 0; i + 1 < num_tokens; ++i) {
    ids.Push(NumberList<int64_t>(result.top_ids[i]));
    logprobs.Push(NumberList<double>(result.top_logprobs[i]));
  }
  out.Set("top_ids", std::move(ids));
  out.Set("top_logprobs", std::move(logprobs));
  return out;
}

absl::StatusOr<Json> ScoreLine(Scorer& scorer, int top_k, const Json& line) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, GetIds(line, "ids"));
  if (ids.empty()) {
    return absl::InvalidArgumentError("\"ids\" is empty, nothing to score");
  }
  ScoreRequest request;
  request.ids.assign(ids.begin(), ids.end());
  request.starts = {0, static_cast<int64_t>(ids.size())};
  request.top_k = top_k;
  Json out;
  LIMBECK_RETURN_IF_ERROR(CatchLibTorch([&]() -> absl::Status {
    LIMBECK_ASSIGN_OR_RETURN(const ScoreResult result, scorer.Score(request));
    out = ScoreToJson(result, static_cast<int64_t>(ids.size()), top_k);
    return absl::OkStatus();
  }));
  return out;
}

// Converted while it is read; an empty name: as stored.
absl::StatusOr<Model> LoadAs(const std::string& folder,
                             const std::string& name) {
  if (name.empty()) return LoadCheckpoint(folder);
  LIMBECK_ASSIGN_OR_RETURN(const at::ScalarType dtype, ParseDtype(name));
  return LoadCheckpoint(folder, dtype);
}

absl::Status ScoreCommand(const ScoreArguments& arguments) {
  ConfigureLibTorch(0);
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder,
                           FindModelPath(arguments.model));
  LIMBECK_ASSIGN_OR_RETURN(Model loaded, LoadAs(folder, arguments.dtype));
  const std::unique_ptr<Scorer> scorer = MakeLocalScorer(
      std::make_shared<const Model>(std::move(loaded)), Teacher());
  return RunLineFilter(arguments.input, [&](const Json& line) {
    return ScoreLine(*scorer, arguments.top_k, line);
  });
}

}  // namespace

void AddScoreCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<ScoreArguments>();
  CLI::App* verb = AddVerb(
      app, "score",
      "Filter: {\"ids\"} -> {\"logprobs\"} in nats, over the whole head",
      "echo '{\"ids\": [459, 483, 459]}' | limbeck score --model "
      "recipes/quickstart/teacher --top_k 4");
  verb->add_option("--model", arguments->model,
                   "Checkpoint folder, or WORKSPACE/STAGE")
      ->required();
  verb->add_option("--dtype", arguments->dtype, "Default: as stored")
      ->check(CLI::IsMember({"float32", "bfloat16"}));
  verb->add_option("--top_k", arguments->top_k,
                   "Also the K likeliest ids of each position")
      ->check(CLI::Range(0, 1 << 20));
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return ScoreCommand(*arguments); });
  });
}

}  // namespace limbeck
