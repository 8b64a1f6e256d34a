// Means of per-problem figures.
#include "eval/scores.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "data/base/random.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

// The mean of per-problem values; counts what it is given.
class Mean {
 public:
  void Add(double value) {
    sum_ += value;
    ++count_;
  }
  bool empty() const { return count_ == 0; }
  double value() const { return sum_ / static_cast<double>(count_); }

 private:
  double sum_ = 0;
  int64_t count_ = 0;
};

ProblemResult CountRight(const JudgedProblem& problem) {
  ProblemResult result;
  result.problem_id = problem.problem_id;
  result.samples = static_cast<int64_t>(problem.samples.size());
  for (const JudgedSample& sample : problem.samples) {
    result.correct += sample.vote.correct ? 1 : 0;
  }
  return result;
}

std::vector<Vote> VotesOf(const JudgedProblem& problem) {
  std::vector<Vote> votes;
  for (const JudgedSample& sample : problem.samples) {
    votes.push_back(sample.vote);
  }
  return votes;
}

void AddFiguresAt(int64_t k, const ScoreInput& input, BenchmarkScores* scores) {
  Mean pass, mg_pass, consensus;
  std::array<Mean, kGPassTaus.size()> g_pass;
  const uint64_t key =
      RandomKey(input.intervals.seed, RandomPurpose::kBootstrap, 2);
  for (size_t i = 0; i < input.problems.size(); ++i) {
    const ProblemResult& problem = scores->per_problem[i];
    if (problem.samples < k) continue;
    pass.Add(PassAtK(problem.samples, problem.correct, k));
    mg_pass.Add(MgPassAtK(problem.samples, problem.correct, k));
    for (size_t t = 0; t < g_pass.size(); ++t) {
      g_pass[t].Add(
          GPassAtK(problem.samples, problem.correct, k, kGPassTaus[t]));
    }
    consensus.Add(ConsensusAtK(VotesOf(input.problems[i]), k,
                               MixKey(key, static_cast<uint64_t>(i))));
  }
  if (pass.empty()) return;
  scores->pass_at_k.emplace_back(k, pass.value());
  scores->mg_pass_at_k.emplace_back(k, mg_pass.value());
  scores->cons_at_k.emplace_back(k, consensus.value());
  std::array<double, kGPassTaus.size()> by_tau{};
  for (size_t t = 0; t < g_pass.size(); ++t) by_tau[t] = g_pass[t].value();
  scores->g_pass_at_k.emplace_back(k, by_tau);
}

void AddShares(const ScoreInput& input, BenchmarkScores* scores) {
  int64_t all = 0, truncated = 0, unanswered = 0, errors = 0;
  for (const JudgedProblem& problem : input.problems) {
    for (const JudgedSample& sample : problem.samples) {
      ++all;
      truncated += sample.truncated ? 1 : 0;
      unanswered += sample.vote.answered ? 0 : 1;
      errors += sample.judge_error ? 1 : 0;
    }
  }
  if (all == 0) return;
  const auto share = [all](int64_t count) {
    return static_cast<double>(count) / static_cast<double>(all);
  };
  scores->truncated_share = share(truncated);
  scores->no_answer_share = share(unanswered);
  scores->judge_error_share = share(errors);
}

void AddPassAt1(const ScoreInput& input, BenchmarkScores* scores) {
  std::vector<RightOf> answered;
  Mean mean;
  for (const ProblemResult& problem : scores->per_problem) {
    if (problem.samples == 0) continue;
    answered.push_back({problem.correct, problem.samples});
    mean.Add(static_cast<double>(problem.correct) /
             static_cast<double>(problem.samples));
  }
  if (mean.empty()) return;
  scores->pass_at_1 = mean.value();
  scores->exam_interval = ExamInterval(answered, input.intervals);
  scores->population_interval = PopulationInterval(answered, input.intervals);
}

void CountTies(const ScoreInput& input, BenchmarkScores* scores) {
  for (const JudgedProblem& problem : input.problems) {
    scores->cons_ties += MajorityVote(VotesOf(problem)).tied ? 1 : 0;
  }
}

}  // namespace

JudgedSample JudgeSample(const Verification& verification, bool truncated) {
  JudgedSample sample;
  sample.truncated = truncated;
  sample.judge_error = verification.verdict() != VERDICT_CORRECT &&
                       verification.verdict() != VERDICT_WRONG;
  sample.vote.correct = verification.verdict() == VERDICT_CORRECT;
  sample.vote.answer =
      std::string(absl::StripAsciiWhitespace(verification.extracted()));
  sample.vote.answered = !sample.vote.answer.empty();
  if (auto number = NormalizeInteger(sample.vote.answer)) {
    sample.vote.answer = *std::move(number);
  }
  return sample;
}

BenchmarkScores ComputeScores(const ScoreInput& input) {
  BenchmarkScores scores;
  scores.benchmark = input.benchmark;
  scores.mode = input.mode;
  scores.problems = static_cast<int64_t>(input.problems.size());
  scores.samples_per_problem = input.samples_per_problem;
  scores.refused_problems = input.refused;
  for (const JudgedProblem& problem : input.problems) {
    scores.per_problem.push_back(CountRight(problem));
    scores.missing_samples += std::max<int64_t>(
        0, input.samples_per_problem - scores.per_problem.back().samples);
  }
  scores.complete = input.samples_per_problem > 0 &&
                    scores.missing_samples == 0 && input.refused.empty();
  AddPassAt1(input, &scores);
  for (int64_t k : SampleCounts(input.samples_per_problem)) {
    AddFiguresAt(k, input, &scores);
  }
  CountTies(input, &scores);
  AddShares(input, &scores);
  scores.settings.Set("confidence", input.intervals.confidence);
  scores.settings.Set("seed", input.intervals.seed);
  scores.settings.Set("verifier_version", kVerifierVersion);
  return scores;
}

}  // namespace limbeck
