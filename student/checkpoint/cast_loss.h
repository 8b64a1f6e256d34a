// Rounding weights to another number format, and what is lost by it.
#ifndef LIMBECK_STUDENT_CHECKPOINT_CAST_LOSS_H_
#define LIMBECK_STUDENT_CHECKPOINT_CAST_LOSS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace limbeck {

struct CastLoss {
  int64_t values = 0;            // seen
  int64_t rounded = 0;           // of those: stored as another number
  int64_t vanished = 0;          // of those: stored as zero
  int64_t not_finite = 0;        // NaN or infinite; stored as they are
  std::string first_not_finite;  // the weight with the first of them
  // Of the rounded ones; 1 for those that vanished.
  double largest_relative_error = 0.0;
  std::string worst;  // the weight with that error
};

// Rounds `from` to the type of `out` (flat, of one size) and adds to `loss`. A
// finite number that would become infinite is an error with its place; `name`
// is the weight and `first` the place of from[0] in it.
absl::Status CastElements(const at::Tensor& from, absl::string_view name,
                          int64_t first, at::Tensor& out, CastLoss& loss);

// "2 of 340 values are not finite ...", empty if all are.
std::string NotFiniteText(const CastLoss& loss);

// "12 of 340 values were rounded (3 to zero), ...", empty without loss.
std::string CastLossText(const CastLoss& loss);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_CAST_LOSS_H_
