// See options_defaults.h.
#include "eval/options_defaults.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/stages/option_resolver.h"

namespace limbeck {

absl::StatusOr<EvaluateOptions> ResolveOptions(const EvaluateOptions& given) {
  EvaluateOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .String("benchmark", "")
                              .Integer("samples_per_problem", 8, 1, 100'000)
                              .Double("temperature", 0.6, 0.0, 100.0)
                              .Double("top_p", 0.95, 0.0, 1.0)
                              .Integer("max_tokens", 512, 1, 1 << 24)
                              .Integer("max_problems", 0, 0, INT32_MAX)
                              .Integer("rows", 32, 1, 4096)
                              .String("note", "")
                              .status());
  if (options.top_p() == 0.0) {
    return absl::InvalidArgumentError(
        "EvaluateOptions.top_p is 0, must be above 0 and at most 1; greedy "
        "sampling is temperature 0");
  }
  if (options.temperature() == 0.0 && options.samples_per_problem() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "EvaluateOptions.temperature is 0 with samples_per_problem ",
        options.samples_per_problem(),
        ": greedy samples of a problem are all the same, ask for 1"));
  }
  return options;
}

absl::StatusOr<CompareOptions> ResolveOptions(const CompareOptions& given) {
  CompareOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Integer("permutations", 10000, 100, 10'000'000)
                              .Double("confidence", 0.95, 0.5, 0.9999)
                              .status());
  return options;
}

}  // namespace limbeck
