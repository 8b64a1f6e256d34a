// See evaluation_parts.h.
#include "eval/evaluation_parts.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "eval/compare.h"
#include "eval/score_json.h"

namespace limbeck {
namespace {

void AddSampling(const EvaluateOptions& options, const Teacher& model,
                 uint64_t seed, Json* settings) {
  settings->Set("model", model.name());
  settings->Set("model_revision", model.revision());
  settings->Set("temperature", options.temperature());
  settings->Set("top_p", options.top_p());
  settings->Set("max_tokens", options.max_tokens());
  settings->Set("max_problems", options.max_problems());
  settings->Set("rows", options.rows());
  settings->Set("seed", seed);
  if (!options.note().empty()) settings->Set("note", options.note());
}

}  // namespace

GenerateOptions ToGenerateOptions(const EvaluateOptions& options) {
  GenerateOptions generate;
  generate.set_teacher(GenerateOptions::KIND_LOCAL);
  generate.set_samples_per_problem(options.samples_per_problem());
  generate.set_temperature(options.temperature());
  generate.set_top_p(options.top_p());
  generate.set_top_k(0);
  generate.set_max_tokens(options.max_tokens());
  generate.set_capture_top_k(0);
  generate.set_rows(options.rows());
  return generate;
}

absl::Status WriteScores(const EvaluateOptions& options, const Teacher& model,
                         const StageRun& run, BenchmarkScores scores,
                         PartitionWriter& writer) {
  AddSampling(options, model, run.identity.seed, &scores.settings);
  const std::string name(kScoresFile);
  LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
      JoinPath(writer.directory(), name),
      absl::StrCat(WriteJsonIndented(ScoresToJson(scores)), "\n")));
  return writer.AddFile(name);
}

}  // namespace limbeck
