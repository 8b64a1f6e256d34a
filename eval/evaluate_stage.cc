// See evaluate_stage.h.
#include "eval/evaluate_stage.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/verify.h"
#include "data/verify/verify.h"
#include "eval/compare.h"
#include "eval/score_json.h"
#include "teacher/generate_stage.h"
#include "teacher/local_sampler.h"
#include "teacher/model_input.h"

namespace limbeck {
namespace {

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

// The name in tables: as given, else that of the input with the problems.
std::string BenchmarkName(const EvaluateOptions& options, const StageRun& run,
                          const Artefact& problems) {
  if (!options.benchmark().empty()) return options.benchmark();
  for (const StageInput& input : run.inputs) {
    if (input.directory == problems.directory()) return input.name;
  }
  return run.identity.name;
}

// What becomes of one problem's samples.
struct ProblemOutcome {
  JudgedProblem judged;
  std::string refusal;
};

void AddSample(GeneratedSample& sample, ProblemOutcome* outcome) {
  if (sample.has_rejection()) {
    if (sample.rejection().reason() == REJECTION_REASON_PROMPT_TOO_LONG) {
      outcome->refusal = sample.rejection().detail();
    }
    return;
  }
  Trace& trace = *sample.mutable_trace();
  trace.clear_verifications();
  VerifyTrace(trace);
  const Verification& verdict =
      trace.verifications(trace.verifications_size() - 1);
  std::string undecidable = WhyUndecidable(trace.problem().gold_answer(),
                                           trace.problem().answer_kind());
  if (!undecidable.empty()) outcome->refusal = std::move(undecidable);
  outcome->judged.samples.push_back(
      JudgeSample(verdict, trace.finish_reason() == FINISH_REASON_LENGTH));
}

Json SettingsOf(const EvaluateOptions& options, const Teacher& model,
                uint64_t seed, Json settings) {
  settings.Set("model", model.name());
  settings.Set("model_revision", model.revision());
  settings.Set("temperature", options.temperature());
  settings.Set("top_p", options.top_p());
  settings.Set("max_tokens", options.max_tokens());
  settings.Set("max_problems", options.max_problems());
  settings.Set("rows", options.rows());
  settings.Set("seed", seed);
  if (!options.note().empty()) settings.Set("note", options.note());
  return settings;
}

absl::Status WriteScores(const BenchmarkScores& scores,
                         PartitionWriter& writer) {
  const std::string name(kScoresFile);
  LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
      JoinPath(writer.directory(), name),
      absl::StrCat(WriteJsonIndented(ScoresToJson(scores)), "\n")));
  return writer.AddFile(name);
}

}  // namespace

BenchmarkScores JudgeSamples(std::vector<GeneratedSample>& samples,
                             const std::string& benchmark,
                             int64_t samples_per_problem, uint64_t seed) {
  ScoreInput input;
  input.benchmark = benchmark;
  input.mode = "sound";
  input.samples_per_problem = samples_per_problem;
  input.intervals.seed = seed;
  size_t at = 0;
  while (at < samples.size()) {
    const std::string id = samples[at].problem_id();
    ProblemOutcome outcome;
    outcome.judged.problem_id = ToHex(id);
    for (; at < samples.size() && samples[at].problem_id() == id; ++at) {
      AddSample(samples[at], &outcome);
    }
    if (outcome.refusal.empty()) {
      input.problems.push_back(std::move(outcome.judged));
    } else {
      input.refused.push_back(
          {outcome.judged.problem_id, std::move(outcome.refusal)});
    }
  }
  return ComputeScores(input);
}

absl::Status EvaluateWith(Sampler& sampler, const EvaluateOptions& options,
                          const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact problems,
                           OpenInputWith(run, kProblemsFile));
  SamplingJob job;
  job.options = ToGenerateOptions(options);
  job.max_problems = options.max_problems();
  job.num_problems = NumRecords(problems.manifest(), kProblemsFile);
  if (job.num_problems == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("stage '", run.identity.name, "': ", problems.directory(),
                     " holds 0 problems to evaluate on"));
  }
  if (job.max_problems > 0) {
    job.num_problems =
        std::min(job.num_problems, static_cast<uint64_t>(job.max_problems));
  }
  job.problem_paths.emplace_back();
  for (int i = 0; i < problems.num_partitions(); ++i) {
    job.problem_paths[0].push_back(problems.Path(i, kProblemsFile));
  }
  const std::string benchmark = BenchmarkName(options, run, problems);
  const uint64_t seed = run.identity.seed;
  job.finish = [&](std::vector<GeneratedSample>& samples,
                   PartitionWriter& writer) {
    BenchmarkScores scores =
        JudgeSamples(samples, benchmark, options.samples_per_problem(), seed);
    scores.settings = SettingsOf(options, sampler.Identity(), seed,
                                 std::move(scores.settings));
    return WriteScores(scores, writer);
  };
  return RunSamplingJob(sampler, job, run);
}

absl::Status RunEvaluateStage(const EvaluateOptions& options,
                              const StageRun& run) {
  try {
    LIMBECK_ASSIGN_OR_RETURN(const ModelInput input, LoadModelInput(run));
    LocalSamplerOptions local;
    local.rows = options.rows();
    local.identity = input.identity;
    LIMBECK_ASSIGN_OR_RETURN(
        const std::unique_ptr<Sampler> sampler,
        CreateLocalSampler(input.model, input.tokenizer, local));
    return EvaluateWith(*sampler, options, run);
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("stage '", run.identity.name, "': ", error.msg()));
  }
}

}  // namespace limbeck
