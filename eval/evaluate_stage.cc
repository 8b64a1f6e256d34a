// See evaluate_stage.h.
#include "eval/evaluate_stage.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/verify.h"
#include "data/verify/verify.h"
#include "eval/benchmark_evaluation.h"
#include "eval/benchmark_file.h"
#include "eval/evaluation_parts.h"
#include "eval/sample_judge.h"
#include "teacher/generate_stage.h"
#include "teacher/local_sampler.h"
#include "teacher/model_input.h"

namespace limbeck {
namespace {

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
  JudgedSample one =
      JudgeSample(verdict, trace.finish_reason() == FINISH_REASON_LENGTH);
  one.index = sample.sample_index();
  outcome->judged.kind = trace.problem().answer_kind();
  outcome->judged.samples.push_back(std::move(one));
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
    return WriteScores(
        options, sampler.Identity(), run,
        JudgeSamples(samples, benchmark, options.samples_per_problem(), seed),
        writer);
  };
  return RunSamplingJob(sampler, job, run);
}

absl::Status RunEvaluateStage(const EvaluateOptions& options,
                              const StageRun& run) {
  try {
    std::unique_ptr<SampleJudge> judge;
    if (options.has_benchmark_file()) {
      LIMBECK_ASSIGN_OR_RETURN(
          judge,
          SampleJudge::Create(SampleJudgeOptionsOf(options.benchmark_file())));
    }
    LIMBECK_ASSIGN_OR_RETURN(const ModelInput input, LoadModelInput(run));
    LocalSamplerOptions local;
    local.rows = options.rows();
    local.identity = input.identity;
    LIMBECK_ASSIGN_OR_RETURN(local.format,
                             LoadChatFormat(input, options.chat()));
    LIMBECK_ASSIGN_OR_RETURN(
        const std::unique_ptr<Sampler> sampler,
        CreateLocalSampler(input.model, input.tokenizer, local));
    return judge != nullptr
               ? EvaluateBenchmarkWith(*sampler, *judge, options, run)
               : EvaluateWith(*sampler, options, run);
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("stage '", run.identity.name, "': ", error.msg()));
  }
}

}  // namespace limbeck
