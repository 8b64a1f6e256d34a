// Means of per-problem figures.
#include "eval/scores.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "data/base/random.h"
#include "data/verify/verify.h"
#include "eval/votes.h"

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
  int64_t count() const { return count_; }
  double value() const { return sum_ / static_cast<double>(count_); }

 private:
  double sum_ = 0;
  int64_t count_ = 0;
};

bool HasVerdict(const JudgedSample& sample) {
  return sample.outcome != SampleOutcome::kJudgeError;
}

int64_t IndexOf(const JudgedProblem& problem, size_t place) {
  const int64_t index = problem.samples[place].index;
  return index >= 0 ? index : static_cast<int64_t>(place);
}

ProblemResult CountRight(const JudgedProblem& problem) {
  ProblemResult result;
  result.problem_id = problem.problem_id;
  for (size_t i = 0; i < problem.samples.size(); ++i) {
    const JudgedSample& sample = problem.samples[i];
    result.correct += sample.outcome == SampleOutcome::kRight ? 1 : 0;
    result.samples += HasVerdict(sample) ? 1 : 0;
    const auto index = static_cast<size_t>(IndexOf(problem, i));
    if (index >= result.outcomes.size()) {
      result.outcomes.resize(index + 1, kMissingMark);
    }
    result.outcomes[index] = OutcomeMark(sample.outcome);
  }
  return result;
}

std::vector<Vote> VotesOf(const JudgedProblem& problem) {
  std::vector<Vote> votes;
  for (const JudgedSample& sample : problem.samples) {
    if (HasVerdict(sample)) votes.push_back(sample.vote);
  }
  return votes;
}

std::vector<std::vector<Vote>> GroupedVotes(const ScoreInput& input) {
  std::vector<std::vector<Vote>> all;
  const VerifyMode mode =
      input.mode == "compat" ? VerifyMode::kCompat : VerifyMode::kSound;
  for (const JudgedProblem& problem : input.problems) {
    all.push_back(VotesOf(problem));
    GroupEqualVotes(problem.kind, mode, &all.back());
  }
  return all;
}

void AddConsensusAt(int64_t k, const ScoreInput& input,
                    const std::vector<std::vector<Vote>>& votes,
                    BenchmarkScores* scores) {
  Mean consensus;
  const uint64_t key =
      RandomKey(input.intervals.seed, RandomPurpose::kBootstrap, 2);
  for (size_t i = 0; i < votes.size(); ++i) {
    if (static_cast<int64_t>(votes[i].size()) < k) continue;
    consensus.Add(
        ConsensusAtK(votes[i], k, MixKey(key, static_cast<uint64_t>(i))));
  }
  if (!consensus.empty()) scores->cons_at_k.emplace_back(k, consensus.value());
}

void AddFiguresAt(int64_t k, const ScoreInput& input, BenchmarkScores* scores) {
  Mean pass, mg_pass;
  std::array<Mean, kGPassTaus.size()> g_pass;
  for (size_t i = 0; i < input.problems.size(); ++i) {
    const ProblemResult& problem = scores->per_problem[i];
    if (problem.samples < k) continue;
    pass.Add(PassAtK(problem.samples, problem.correct, k));
    mg_pass.Add(MgPassAtK(problem.samples, problem.correct, k));
    for (size_t t = 0; t < g_pass.size(); ++t) {
      g_pass[t].Add(
          GPassAtK(problem.samples, problem.correct, k, kGPassTaus[t]));
    }
  }
  if (pass.empty()) return;
  scores->pass_at_k.emplace_back(k, pass.value());
  // Of one sample no majority can be asked.
  if (k > 1) scores->mg_pass_at_k.emplace_back(k, mg_pass.value());
  std::array<double, kGPassTaus.size()> by_tau{};
  for (size_t t = 0; t < g_pass.size(); ++t) by_tau[t] = g_pass[t].value();
  scores->g_pass_at_k.emplace_back(k, by_tau);
}

void AddShares(const ScoreInput& input, BenchmarkScores* scores) {
  int64_t all = 0, truncated = 0, unanswered = 0, errors = 0, unknown = 0;
  for (const JudgedProblem& problem : input.problems) {
    for (const JudgedSample& sample : problem.samples) {
      ++all;
      truncated += sample.truncated ? 1 : 0;
      unanswered += sample.vote.answered ? 0 : 1;
      errors += sample.outcome == SampleOutcome::kJudgeError ? 1 : 0;
      unknown += sample.outcome == SampleOutcome::kUnknown ? 1 : 0;
    }
  }
  if (all == 0) return;
  const auto share = [all](int64_t count) {
    return static_cast<double>(count) / static_cast<double>(all);
  };
  scores->truncated_share = share(truncated);
  scores->no_answer_share = share(unanswered);
  scores->judge_error_share = share(errors);
  scores->unknown_share = share(unknown);
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

void AddConsensus(const ScoreInput& input, BenchmarkScores* scores) {
  const std::vector<std::vector<Vote>> votes = GroupedVotes(input);
  for (int64_t k : SampleCounts(input.samples_per_problem)) {
    AddConsensusAt(k, input, votes, scores);
  }
  for (const std::vector<Vote>& of_problem : votes) {
    scores->cons_ties += MajorityVote(of_problem).tied ? 1 : 0;
  }
}

// Numbers in their order, then texts.
struct NumbersFirst {
  bool operator()(const std::string& a, const std::string& b) const {
    double number_a = 0, number_b = 0;
    const bool is_a = absl::SimpleAtod(a, &number_a);
    const bool is_b = absl::SimpleAtod(b, &number_b);
    if (is_a && is_b && number_a != number_b) return number_a < number_b;
    return is_a != is_b ? is_a : a < b;
  }
};

// Labels in the order in which they are met, their values sorted.
void AddBreakdown(const ScoreInput& input, BenchmarkScores* scores) {
  std::vector<std::string> labels;
  std::map<std::string, std::map<std::string, Mean, NumbersFirst>> means;
  for (size_t i = 0; i < input.problems.size(); ++i) {
    const ProblemResult& result = scores->per_problem[i];
    if (result.samples == 0) continue;
    for (const auto& [label, value] : input.problems[i].labels) {
      if (means.count(label) == 0) labels.push_back(label);
      means[label][value].Add(static_cast<double>(result.correct) /
                              static_cast<double>(result.samples));
    }
  }
  for (const std::string& label : labels) {
    for (const auto& [value, mean] : means[label]) {
      scores->breakdown.push_back({label, value, mean.count(), mean.value()});
    }
  }
}

SampleOutcome OutcomeOf(const Verification& verification) {
  switch (verification.verdict()) {
    case VERDICT_CORRECT:
      return SampleOutcome::kRight;
    case VERDICT_WRONG:
      return absl::StripAsciiWhitespace(verification.extracted()).empty()
                 ? SampleOutcome::kNoAnswer
                 : SampleOutcome::kWrong;
    case VERDICT_UNKNOWN:
      return verification.method() == kJudgeMethod ? SampleOutcome::kJudgeError
                                                   : SampleOutcome::kUnknown;
    default:
      return SampleOutcome::kJudgeError;
  }
}

}  // namespace

char OutcomeMark(SampleOutcome outcome) {
  constexpr absl::string_view kMarks = "10-?!";
  return kMarks[static_cast<size_t>(outcome)];
}

JudgedSample JudgeSample(const Verification& verification, bool truncated) {
  JudgedSample sample;
  sample.truncated = truncated;
  sample.outcome = OutcomeOf(verification);
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
  int64_t errors = 0;
  for (const JudgedProblem& problem : input.problems) {
    const auto present = static_cast<int64_t>(problem.samples.size());
    scores.per_problem.push_back(CountRight(problem));
    scores.missing_samples +=
        std::max<int64_t>(0, input.samples_per_problem - present);
    errors += present - scores.per_problem.back().samples;
  }
  scores.complete = input.samples_per_problem > 0 && errors == 0 &&
                    scores.missing_samples == 0 && input.refused.empty();
  AddPassAt1(input, &scores);
  for (int64_t k : SampleCounts(input.samples_per_problem)) {
    AddFiguresAt(k, input, &scores);
  }
  if (input.voting) AddConsensus(input, &scores);
  AddBreakdown(input, &scores);
  AddShares(input, &scores);
  scores.settings.Set("confidence", input.intervals.confidence);
  scores.settings.Set("seed", input.intervals.seed);
  scores.settings.Set("verifier_version", kVerifierVersion);
  return scores;
}

}  // namespace limbeck
