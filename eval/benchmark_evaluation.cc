// See benchmark_evaluation.h.
#include "eval/benchmark_evaluation.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/base/thread_pool.h"
#include "data/stages/input_records.h"
#include "data/stages/record_id.h"
#include "data/stages/trace_parts.h"
#include "eval/benchmark_file.h"
#include "eval/evaluation_parts.h"
#include "eval/scores.h"
#include "eval/source_settings.h"
#include "eval/verdict_journal.h"
#include "teacher/generate_stage.h"

namespace limbeck {
namespace {

constexpr char kVerdictJournal[] = "verdicts.journal";

void NoteVerdict(Verification verdict, Trace& trace) {
  StoreParts(PartsOf(trace), trace);
  if (verdict.method() != kJudgeMethod) {
    trace.set_extracted_answer(verdict.extracted());
  }
  trace.clear_verifications();
  *trace.add_verifications() = std::move(verdict);
}

// Judges all samples of a partition and scores them.
class Scoring {
 public:
  Scoring(const AskedBenchmark& asked, const SampleJudge& judge,
          const EvaluateOptions& options, const StageRun& run)
      : asked_(asked), judge_(judge), options_(options), run_(run) {}

  absl::StatusOr<BenchmarkScores> Score(std::vector<GeneratedSample>& samples,
                                        const std::string& directory) {
    LIMBECK_RETURN_IF_ERROR(JudgeAll(samples, directory));
    BenchmarkScores scores = ComputeScores(MakeInput(samples));
    LIMBECK_RETURN_IF_ERROR(AddRating(&scores));
    LIMBECK_RETURN_IF_ERROR(AddSettings(&scores.settings));
    return scores;
  }

 private:
  BenchmarkId benchmark() const {
    return BenchmarkIdOf(options_.benchmark_file());
  }

  bool IsCompat() const {
    return options_.benchmark_file().mode() ==
           BenchmarkFileOptions::MODE_COMPAT;
  }

  absl::Status JudgeAll(std::vector<GeneratedSample>& samples,
                        const std::string& directory) {
    if (IsCodeBenchmark(benchmark())) {
      LIMBECK_ASSIGN_OR_RETURN(
          journal_, VerdictJournal::Open(JoinPath(directory, kVerdictJournal),
                                         run_.identity.Fingerprint()));
    }
    StageProgress progress(run_.context, "judge", samples.size(), "samples");
    const absl::Status status = ParallelFor(
        run_.context.pool, static_cast<int64_t>(samples.size()),
        [&](int64_t i) -> absl::Status {
          if (run_.context.cancelled()) {
            return absl::CancelledError(absl::StrCat(
                "stage '", run_.identity.name, "' stopped while judging"));
          }
          GeneratedSample& sample = samples[static_cast<size_t>(i)];
          progress.Add(1);
          if (!sample.has_trace()) return absl::OkStatus();
          return JudgeOne(*sample.mutable_trace());
        });
    if (journal_ != nullptr) {
      const absl::Status synced = journal_->Sync();
      journal_.reset();
      if (status.ok()) return synced;
    }
    return status;
  }

  absl::Status JudgeOne(Trace& trace) const {
    if (journal_ != nullptr) {
      const Verification* known = journal_->Find(trace.id());
      if (known != nullptr) {
        NoteVerdict(*known, trace);
        return absl::OkStatus();
      }
    }
    const Problem& problem = trace.problem();
    const std::vector<int> order(problem.option_order().begin(),
                                 problem.option_order().end());
    LIMBECK_ASSIGN_OR_RETURN(Verification verdict,
                             judge_.Judge(asked_.set.problems[Place(problem)],
                                          TurnText(trace), order));
    if (journal_ != nullptr) {
      LIMBECK_RETURN_IF_ERROR(journal_->Add(trace.id(), verdict));
    }
    NoteVerdict(std::move(verdict), trace);
    return absl::OkStatus();
  }

  size_t Place(const Problem& problem) const {
    return asked_.place.at(problem.source().record_id());
  }

  // What became of each problem of the file.
  struct Outcome {
    JudgedProblem judged;
    std::string refusal;
  };

  // Samples that failed are missing; a prompt that does not fit the context
  // refuses its problem.
  void AddSample(const GeneratedSample& sample,
                 std::vector<Outcome>* outcomes) const {
    const Trace& trace =
        sample.has_trace() ? sample.trace() : sample.rejection().trace();
    Outcome& outcome = (*outcomes)[Place(trace.problem())];
    if (sample.has_rejection()) {
      if (sample.rejection().reason() == REJECTION_REASON_PROMPT_TOO_LONG) {
        outcome.refusal = sample.rejection().detail();
      }
      return;
    }
    JudgedSample one = JudgeSample(
        trace.verifications(0), trace.finish_reason() == FINISH_REASON_LENGTH);
    one.index = sample.sample_index();
    outcome.judged.samples.push_back(std::move(one));
  }

  // In the order of the file.
  ScoreInput MakeInput(const std::vector<GeneratedSample>& samples) const {
    std::vector<Outcome> outcomes(asked_.set.problems.size());
    for (const GeneratedSample& sample : samples) AddSample(sample, &outcomes);
    ScoreInput input;
    input.benchmark = options_.benchmark();
    input.mode = IsCompat() ? "compat" : "sound";
    input.samples_per_problem = options_.samples_per_problem();
    input.intervals.seed = run_.identity.seed;
    input.voting = !IsCodeBenchmark(benchmark());
    for (size_t i = 0; i < outcomes.size(); ++i) {
      const BenchmarkProblem& problem = asked_.set.problems[i];
      if (!problem.refusal.empty()) outcomes[i].refusal = problem.refusal;
      if (!outcomes[i].refusal.empty()) {
        input.refused.push_back({problem.id, std::move(outcomes[i].refusal)});
        continue;
      }
      JudgedProblem& judged = outcomes[i].judged;
      judged.problem_id = problem.id;
      judged.kind = problem.kind;
      judged.labels = problem.labels;
      input.problems.push_back(std::move(judged));
    }
    return input;
  }

  absl::Status AddRating(BenchmarkScores* scores) const {
    if (benchmark() != BenchmarkId::kCodeforces) return absl::OkStatus();
    RatingOptions rating;
    rating.mode = SourceOf(options_.benchmark_file()).mode;
    rating.seed = run_.identity.seed;
    LIMBECK_ASSIGN_OR_RETURN(
        scores->rating, RateModel(RatingSourceOf(options_.benchmark_file()),
                                  AttemptsOf(asked_.set, *scores), rating));
    return absl::OkStatus();
  }

  absl::Status AddSettings(Json* settings) const {
    const Json of_judge = judge_.Settings();
    for (const JsonMember& member : of_judge.object()) {
      settings->Set(member.first, member.second);
    }
    const BenchmarkSource source = SourceOf(options_.benchmark_file());
    settings->Set("benchmark_name", NameOf(source.benchmark));
    settings->Set("prompt", NameOf(asked_.prompt.style));
    return AddSourceSettings(source, asked_.set,
                             RatingSourceOf(options_.benchmark_file()),
                             settings);
  }

  const AskedBenchmark& asked_;
  const SampleJudge& judge_;
  const EvaluateOptions& options_;
  const StageRun& run_;
  std::unique_ptr<VerdictJournal> journal_;
};

}  // namespace

absl::Status EvaluateBenchmarkWith(Sampler& sampler, const SampleJudge& judge,
                                   const EvaluateOptions& options,
                                   const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(
      const AskedBenchmark asked,
      AskBenchmark(options.benchmark_file(), options.max_problems(),
                   run.identity.seed));
  if (asked.problems.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "stage '", run.identity.name, "': ", options.benchmark_file().path(),
        " holds ", asked.set.problems.size(), " problems, none can be asked: ",
        asked.set.problems.empty() ? "" : asked.set.problems[0].refusal));
  }
  SamplingJob job;
  job.options = ToGenerateOptions(options);
  job.problems = asked.problems;
  job.num_problems = asked.problems.size();
  job.finish_journal = kVerdictJournal;
  job.prepare = [&asked](Problem& problem, int sample) {
    return asked.Ask(sample, problem);
  };
  job.finish = [&](std::vector<GeneratedSample>& samples,
                   PartitionWriter& writer) -> absl::Status {
    LIMBECK_ASSIGN_OR_RETURN(
        BenchmarkScores scores,
        Scoring(asked, judge, options, run).Score(samples, writer.directory()));
    return WriteScores(options, sampler.Identity(), run, std::move(scores),
                       writer);
  };
  return RunSamplingJob(sampler, job, run);
}

}  // namespace limbeck
