// How long a stage will take: from an earlier run of it, or from rates.
#ifndef LIMBECK_RECIPES_RUN_STAGE_TIME_H_
#define LIMBECK_RECIPES_RUN_STAGE_TIME_H_

#include <optional>
#include <string>

#include "recipes/recipe.pb.h"

namespace limbeck {

// What a stage computes at most.
struct StageWork {
  double training_operations = 0;  // floating-point, forward and backward
  double decoding_operations = 0;  // floating-point
  double records = 0;              // read and written
  double text_records = 0;         // tokenized
  double signal_tokens = 0;        // whose teacher entries are copied
};

// Wall-clock seconds by the rates of one core of the machine that
// docs/results/quickstart.md names, times `threads`.
double SecondsByRates(const StageWork& work, int threads);

// Threads of a recipe: 0 means all cores.
int ThreadsOf(const Recipe& recipe);

struct PlannedAmount {
  std::optional<double> records;
  std::optional<double> trained_tokens;
  // Of a stage that samples: the limit of one output, and the model's context,
  // which cut the limits of then as well.
  std::optional<double> tokens_per_sample;
  std::optional<double> context;
};
// Seconds of all attempts of the latest complete run of the stage in the
// workspace, whatever its options were, in proportion to its amount of work:
// `records` that come out now (or `trained_tokens`) to those of then, and the
// length of a sample. A lower limit than then counts where it is below the mean
// length of then, a higher one in full. Nullopt when there was no such run.
std::optional<double> SecondsByEarlierRun(const std::string& workspace,
                                          const std::string& stage,
                                          const PlannedAmount& amount);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_STAGE_TIME_H_
