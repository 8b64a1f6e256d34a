// Wilson's interval at an effective number of samples.
#include "eval/intervals.h"

#include <algorithm>
#include <cmath>

#include "data/base/check.h"

namespace limbeck {
namespace {

double Share(const RightOf& problem) {
  return static_cast<double>(problem.correct) /
         static_cast<double>(problem.samples);
}

double MeanShare(const std::vector<RightOf>& problems) {
  double sum = 0;
  for (const RightOf& problem : problems) sum += Share(problem);
  return sum / static_cast<double>(problems.size());
}

Interval Wilson(double share, double trials, double confidence) {
  const double z = NormalQuantile(0.5 + confidence / 2);
  const double scale = 1 / (1 + z * z / trials);
  const double centre = scale * (share + z * z / (2 * trials));
  const double reach =
      scale * z *
      std::sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
  // Rounding must not put the share itself outside.
  return {std::clamp(centre - reach, 0.0, share),
          std::clamp(centre + reach, share, 1.0)};
}

// What an interval is made of. The ratios are variances of the mean in units of
// the largest they can be: m(1-m) mean(1/k) / N and m(1-m) / N.
struct Spread {
  double mean = 0;
  double count = 0;            // problems
  double mean_reciprocal = 0;  // of the samples per problem
  double within = 1;           // sampling noise
  double between = 1;          // of the shares
};

// `found` of `largest`, drawn towards 1.
double ShrunkRatio(double found, double largest) {
  return std::min(1.0, (found + kPriorMass) / (largest + kPriorMass));
}

Spread MeasureSpread(const std::vector<RightOf>& problems) {
  LIMBECK_CHECK(!problems.empty());
  Spread spread;
  spread.count = static_cast<double>(problems.size());
  spread.mean = MeanShare(problems);
  const double variance = spread.mean * (1 - spread.mean);
  double noise = 0, squares = 0;
  for (const RightOf& problem : problems) {
    LIMBECK_CHECK_GE(problem.samples, 1);
    const auto samples = static_cast<double>(problem.samples);
    const double share = Share(problem);
    spread.mean_reciprocal += 1 / samples / spread.count;
    noise +=
        problem.samples > 1 ? share * (1 - share) / (samples - 1) : variance;
    squares += (share - spread.mean) * (share - spread.mean);
  }
  const double largest = spread.count * variance;
  spread.within = ShrunkRatio(noise / spread.mean_reciprocal, largest);
  if (spread.count > 1) squares *= spread.count / (spread.count - 1);
  // Shares scatter at least as much as the sampling noise alone makes them.
  spread.between = std::max(ShrunkRatio(squares, largest),
                            spread.within * spread.mean_reciprocal);
  return spread;
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
  const Spread spread = MeasureSpread(problems);
  return Wilson(spread.mean,
                spread.count / (spread.within * spread.mean_reciprocal),
                options.confidence);
}

Interval PopulationInterval(const std::vector<RightOf>& problems,
                            const IntervalOptions& options) {
  const Spread spread = MeasureSpread(problems);
  return Wilson(spread.mean, spread.count / spread.between, options.confidence);
}

}  // namespace limbeck
