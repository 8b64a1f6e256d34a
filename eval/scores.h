// Scores of one model on one benchmark, from judged samples.
#ifndef LIMBECK_EVAL_SCORES_H_
#define LIMBECK_EVAL_SCORES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/records.pb.h"
#include "eval/intervals.h"
#include "eval/metrics.h"

namespace limbeck {

// What became of a sample.
enum class SampleOutcome {
  kRight,
  kWrong,
  kNoAnswer,    // not solved
  kUnknown,     // an answer that nobody can judge; not solved
  kJudgeError,  // the judge failed, not the answer; in no denominator
};

// '1', '0', '-', '?' and '!'.
char OutcomeMark(SampleOutcome outcome);
inline constexpr char kMissingMark = '.';

// One sample after judging.
struct JudgedSample {
  Vote vote;
  bool truncated = false;  // ended at the token limit
  SampleOutcome outcome = SampleOutcome::kNoAnswer;
  int64_t index = -1;  // its number; -1: its place in the list
};

// Judges one sample by its verification. Integer answers vote by their
// canonical digits, others by their text without blanks at the ends. Without a
// verdict it is a judge error where a program was judged (method "judge") or
// nothing was, and unknown elsewhere.
JudgedSample JudgeSample(const Verification& verification, bool truncated);
inline constexpr absl::string_view kJudgeMethod = "judge";

// Samples that exist of one problem, by sample index; may be fewer than asked.
struct JudgedProblem {
  std::string problem_id;
  std::vector<JudgedSample> samples;
  AnswerKind kind = ANSWER_KIND_UNSPECIFIED;  // MATH: equal answers vote as one
  // What scores are broken down by: {"difficulty", "easy"}.
  std::vector<std::pair<std::string, std::string>> labels;
};

// A problem that is in no denominator, and why.
struct RefusedProblem {
  std::string problem_id;
  std::string reason;
};

struct ProblemResult {
  std::string problem_id;
  int64_t correct = 0;
  int64_t samples = 0;   // with a verdict: judge errors are not counted
  std::string outcomes;  // OutcomeMark per sample number; may be empty
};

// The score of the problems that carry one label.
struct BreakdownEntry {
  std::string label;     // "difficulty"
  std::string value;     // "easy"
  int64_t problems = 0;  // with at least one judged sample
  double pass_at_1 = 0;
};

// Share of right answers among those required, per tau.
inline constexpr std::array<double, 4> kGPassTaus = {0.25, 0.5, 0.75, 1.0};
inline constexpr std::array<absl::string_view, 4> kGPassTauNames = {
    "0.25", "0.5", "0.75", "1.0"};

using ScoreByK = std::vector<std::pair<int64_t, double>>;

// Means are over problems with at least one judged sample (with at least k for
// the figures at k); where there is none they are absent.
struct BenchmarkScores {
  std::string benchmark;
  std::string mode;                 // "sound"
  int64_t problems = 0;             // refused ones not counted
  int64_t samples_per_problem = 0;  // asked for
  bool complete = true;             // every sample of every problem was judged
  int64_t missing_samples = 0;      // of the problems that were not refused
  std::optional<double> pass_at_1;
  std::optional<Interval> exam_interval;
  std::optional<Interval> population_interval;
  ScoreByK pass_at_k;
  std::vector<std::pair<int64_t, std::array<double, 4>>> g_pass_at_k;
  ScoreByK mg_pass_at_k;
  ScoreByK cons_at_k;
  int64_t cons_ties = 0;       // problems whose vote over all samples is tied
  double truncated_share = 0;  // of the samples that exist
  double no_answer_share = 0;  // also where thinking never ended
  double judge_error_share = 0;
  double unknown_share = 0;
  std::vector<ProblemResult> per_problem;
  std::vector<RefusedProblem> refused_problems;
  std::vector<BreakdownEntry> breakdown;  // by label, then by value
  Json rating;                            // Codeforces; null: none
  Json settings = Json::Object();
};

struct ScoreInput {
  std::string benchmark;
  std::string mode;
  int64_t samples_per_problem = 0;
  std::vector<JudgedProblem> problems;
  std::vector<RefusedProblem> refused;
  bool voting = true;  // programs cannot be voted on: no cons@k
  IntervalOptions intervals;
};

// The settings hold confidence, seed and verifier version; callers add theirs.
BenchmarkScores ComputeScores(const ScoreInput& input);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_SCORES_H_
