// Problems and samples meet by id; every sample is judged once, by any worker.
#include "eval/benchmark.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/thread_pool.h"
#include "eval/source_settings.h"
#include "eval/stored_samples.h"

namespace limbeck {
namespace {

// A sample on its way to a verdict.
struct Pending {
  size_t problem = 0;
  int64_t index = 0;
  const StoredSample* sample = nullptr;
  Verification verification;
};

std::vector<Pending> ListPending(const BenchmarkSet& set,
                                 const StoredSamples& samples) {
  std::vector<Pending> pending;
  for (size_t i = 0; i < set.problems.size(); ++i) {
    if (!set.problems[i].refusal.empty()) continue;
    for (const auto& [index, sample] : samples.of_problem[i]) {
      pending.push_back({i, index, &sample, {}});
    }
  }
  return pending;
}

absl::Status JudgeAll(const SampleJudge& judge, const BenchmarkSet& set,
                      int workers, std::vector<Pending>* pending) {
  std::unique_ptr<ThreadPool> pool;
  if (workers > 1) pool = std::make_unique<ThreadPool>(workers);
  const auto judge_one = [&](int64_t i) -> absl::Status {
    Pending& one = (*pending)[static_cast<size_t>(i)];
    absl::StatusOr<Verification> verification = judge.Judge(
        set.problems[one.problem], one.sample->text, one.sample->option_order);
    if (!verification.ok()) {
      return absl::Status(verification.status().code(),
                          absl::StrCat(one.sample->place, ": ",
                                       verification.status().message()));
    }
    one.verification = *std::move(verification);
    return absl::OkStatus();
  };
  return ParallelFor(pool.get(), static_cast<int64_t>(pending->size()),
                     judge_one);
}

int64_t SamplesPerProblem(const BenchmarkRequest& request,
                          const StoredSamples& samples) {
  int64_t most = request.samples_per_problem;
  for (const auto& of_problem : samples.of_problem) {
    if (!of_problem.empty()) {
      most = std::max(most, of_problem.rbegin()->first + 1);
    }
  }
  return most;
}

ScoreInput MakeInput(const BenchmarkRequest& request, const BenchmarkSet& set,
                     const StoredSamples& samples,
                     const std::vector<Pending>& pending) {
  ScoreInput input;
  input.benchmark = std::string(NameOf(request.source.benchmark));
  input.mode = request.source.mode == VerifyMode::kCompat ? "compat" : "sound";
  input.intervals = request.intervals;
  input.voting = !IsCodeBenchmark(request.source.benchmark);
  input.samples_per_problem = SamplesPerProblem(request, samples);
  std::vector<size_t> place(set.problems.size(), 0);
  for (size_t i = 0; i < set.problems.size(); ++i) {
    const BenchmarkProblem& problem = set.problems[i];
    if (!problem.refusal.empty()) {
      input.refused.push_back({problem.id, problem.refusal});
      continue;
    }
    place[i] = input.problems.size();
    input.problems.push_back({problem.id, {}, problem.kind, problem.labels});
  }
  for (const Pending& one : pending) {
    JudgedSample sample = JudgeSample(one.verification, one.sample->truncated);
    sample.index = one.index;
    input.problems[place[one.problem]].samples.push_back(std::move(sample));
  }
  return input;
}

absl::Status VisitAll(const BenchmarkRequest& request, const BenchmarkSet& set,
                      const std::vector<Pending>& pending) {
  if (!request.visit) return absl::OkStatus();
  for (const Pending& one : pending) {
    LIMBECK_RETURN_IF_ERROR(request.visit(
        {set.problems[one.problem].id, one.index, one.verification}));
  }
  return absl::OkStatus();
}

absl::Status AddSettings(const SampleJudge& judge,
                         const BenchmarkRequest& request,
                         const BenchmarkSet& set, const StoredSamples& samples,
                         Json* settings) {
  const Json of_judge = judge.Settings();
  for (const JsonMember& member : of_judge.object()) {
    settings->Set(member.first, member.second);
  }
  LIMBECK_RETURN_IF_ERROR(
      AddSourceSettings(request.source, set, request.rating, settings));
  if (!set.left_out.empty()) {
    settings->Set("samples_left_out", samples.left_out);
  }
  return absl::OkStatus();
}

absl::Status AddRating(const BenchmarkRequest& request, const BenchmarkSet& set,
                       BenchmarkScores* scores) {
  if (request.source.benchmark != BenchmarkId::kCodeforces) {
    return CheckNoRating(request.rating);
  }
  RatingOptions options;
  options.mode = request.source.mode;
  options.confidence = request.intervals.confidence;
  options.seed = request.intervals.seed;
  LIMBECK_ASSIGN_OR_RETURN(
      scores->rating,
      RateModel(request.rating, AttemptsOf(set, *scores), options));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BenchmarkScores> ScoreSamplesWith(
    const SampleJudge& judge, const BenchmarkRequest& request) {
  LIMBECK_ASSIGN_OR_RETURN(const BenchmarkSet set,
                           ReadBenchmark(request.source));
  LIMBECK_ASSIGN_OR_RETURN(const StoredSamples samples,
                           ReadStoredSamples(request.samples_path, set));
  std::vector<Pending> pending = ListPending(set, samples);
  LIMBECK_RETURN_IF_ERROR(JudgeAll(judge, set, request.workers, &pending));
  LIMBECK_RETURN_IF_ERROR(VisitAll(request, set, pending));
  BenchmarkScores scores =
      ComputeScores(MakeInput(request, set, samples, pending));
  LIMBECK_RETURN_IF_ERROR(
      AddSettings(judge, request, set, samples, &scores.settings));
  LIMBECK_RETURN_IF_ERROR(AddRating(request, set, &scores));
  return scores;
}

absl::StatusOr<BenchmarkScores> ScoreSamples(const BenchmarkRequest& request) {
  SampleJudgeOptions options;
  options.benchmark = request.source.benchmark;
  options.mode = request.source.mode;
  options.extraction = request.extraction;
  options.code = request.code;
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<SampleJudge> judge,
                           SampleJudge::Create(std::move(options)));
  return ScoreSamplesWith(*judge, request);
}

}  // namespace limbeck
