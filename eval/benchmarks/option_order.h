// In which order a sample shows the options of a multiple-choice problem.
#ifndef LIMBECK_EVAL_BENCHMARKS_OPTION_ORDER_H_
#define LIMBECK_EVAL_BENCHMARKS_OPTION_ORDER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

// The stored option shown at A, B, ...: a permutation of 0..num_options-1, a
// function of seed, problem and sample number alone. 0 is the right one.
std::vector<int> OptionOrder(uint64_t seed, absl::string_view problem_id,
                             int64_t sample, int num_options = 4);

// Whether it is a permutation of 0..num_options-1; the error shows it.
absl::Status CheckOptionOrder(absl::Span<const int> order, int num_options);

// The letter under which `order` shows stored option `option`.
char LetterOf(int option, absl::Span<const int> order);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_OPTION_ORDER_H_
