// Closed forms where they hold, a counter-based bootstrap where they do not.
#include "eval/intervals.h"

#include <algorithm>
#include <cmath>

#include "data/base/check.h"
#include "data/base/random.h"

namespace limbeck {
namespace {

Interval Around(double mean, double standard_error, double confidence) {
  const double reach = NormalQuantile(0.5 + confidence / 2) * standard_error;
  return {std::max(0.0, mean - reach), std::min(1.0, mean + reach)};
}

double Share(const RightOf& problem) {
  return static_cast<double>(problem.correct) /
         static_cast<double>(problem.samples);
}

// Of the share c/k, with the chance behind it taken at Jeffreys' posterior mean
// (c + 1/2) / (k + 1): few samples that agree do not prove a chance of 0 or 1.
double ShareVariance(const RightOf& problem) {
  const auto samples = static_cast<double>(problem.samples);
  const double chance =
      (static_cast<double>(problem.correct) + 0.5) / (samples + 1);
  return chance * (1 - chance) / samples;
}

double MeanShare(const std::vector<RightOf>& problems) {
  double sum = 0;
  for (const RightOf& problem : problems) sum += Share(problem);
  return sum / static_cast<double>(problems.size());
}

RightOf Total(const std::vector<RightOf>& problems) {
  RightOf total;
  for (const RightOf& problem : problems) {
    LIMBECK_CHECK_GE(problem.samples, 1);
    total.correct += problem.correct;
    total.samples += problem.samples;
  }
  return total;
}

bool AllAlike(const RightOf& total) {
  return total.correct == 0 || total.correct == total.samples;
}

bool OneSampleSomewhere(const std::vector<RightOf>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const RightOf& p) { return p.samples == 1; });
}

Interval Wilson(double share, double trials, double confidence) {
  const double z = NormalQuantile(0.5 + confidence / 2);
  const double scale = 1 / (1 + z * z / trials);
  const double centre = scale * (share + z * z / (2 * trials));
  const double reach =
      scale * z *
      std::sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
  return {std::max(0.0, centre - reach), std::min(1.0, centre + reach)};
}

// With the mean share of the problems in place of a count.
Interval WilsonOverProblems(const std::vector<RightOf>& problems,
                            double confidence) {
  return Wilson(MeanShare(problems), static_cast<double>(problems.size()),
                confidence);
}

// Mean of one replicate: problems drawn with replacement, then the samples of
// each drawn problem with replacement.
double TwoLevelReplicate(const std::vector<RightOf>& problems, uint64_t key,
                         uint64_t replicate) {
  const uint64_t count = problems.size();
  double sum = 0;
  uint64_t counter = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const RightOf& problem =
        problems[RandomBelow(count, key, counter++, replicate)];
    const auto samples = static_cast<uint64_t>(problem.samples);
    int64_t right = 0;
    for (uint64_t s = 0; s < samples; ++s) {
      const uint64_t pick = RandomBelow(samples, key, counter++, replicate);
      right += pick < static_cast<uint64_t>(problem.correct) ? 1 : 0;
    }
    sum += static_cast<double>(right) / static_cast<double>(samples);
  }
  return sum / static_cast<double>(count);
}

Interval TwoLevelBootstrap(const std::vector<RightOf>& problems,
                           const IntervalOptions& options) {
  const uint64_t key = RandomKey(options.seed, RandomPurpose::kBootstrap);
  std::vector<double> means;
  for (int64_t i = 0; i < options.replicates; ++i) {
    means.push_back(TwoLevelReplicate(problems, key, static_cast<uint64_t>(i)));
  }
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  return {SortedQuantile(means, tail), SortedQuantile(means, 1 - tail)};
}

}  // namespace

double NormalQuantile(double p) {
  LIMBECK_CHECK(p > 0 && p < 1);
  // Newton's method on the distribution function; from 0 it converges for
  // every p, since the function is S-shaped and steps are kept short.
  double x = 0;
  for (int step = 0; step < 200; ++step) {
    const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - p;
    const double density =
        std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
    const double move = std::clamp(error / density, -1.0, 1.0);
    x -= move;
    if (std::abs(move) < 1e-14) break;
  }
  return x;
}

double SortedQuantile(const std::vector<double>& sorted, double p) {
  LIMBECK_CHECK(!sorted.empty());
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

Interval WilsonInterval(int64_t successes, int64_t trials, double confidence) {
  LIMBECK_CHECK_GE(trials, 1);
  return Wilson(static_cast<double>(successes) / static_cast<double>(trials),
                static_cast<double>(trials), confidence);
}

Interval ExamInterval(const std::vector<RightOf>& problems,
                      const IntervalOptions& options) {
  const RightOf total = Total(problems);
  if (AllAlike(total)) {
    return WilsonInterval(total.correct, total.samples, options.confidence);
  }
  if (OneSampleSomewhere(problems)) {
    return WilsonOverProblems(problems, options.confidence);
  }
  double sum = 0;
  for (const RightOf& problem : problems) sum += ShareVariance(problem);
  const auto count = static_cast<double>(problems.size());
  return Around(MeanShare(problems), std::sqrt(sum) / count,
                options.confidence);
}

Interval PopulationInterval(const std::vector<RightOf>& problems,
                            const IntervalOptions& options) {
  const RightOf total = Total(problems);
  const auto count = static_cast<int64_t>(problems.size());
  const bool one_each = total.samples == count;
  if (AllAlike(total) || (one_each && count < kSmallExam)) {
    return WilsonOverProblems(problems, options.confidence);
  }
  if (count < kSmallExam) return TwoLevelBootstrap(problems, options);
  const double mean = MeanShare(problems);
  double squares = 0;
  for (const RightOf& problem : problems) {
    squares += (Share(problem) - mean) * (Share(problem) - mean);
  }
  const double deviation = std::sqrt(squares / static_cast<double>(count - 1));
  return Around(mean, deviation / std::sqrt(static_cast<double>(count)),
                options.confidence);
}

}  // namespace limbeck
