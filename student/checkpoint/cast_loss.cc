// Casts with an account of what was lost.
#include "student/checkpoint/cast_loss.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/check.h"
#include "student/checkpoint/dtype.h"

namespace limbeck {
namespace {

absl::Status Overflow(absl::string_view name, int64_t element, float value,
                      at::ScalarType type) {
  return absl::OutOfRangeError(absl::StrFormat(
      "weight \"%s\" is %g at element %d, more than %s can hold; store it as "
      "bfloat16 or float32",
      name, value, element, DtypeName(type)));
}

}  // namespace

absl::Status CastElements(const at::Tensor& from, absl::string_view name,
                          int64_t first, at::Tensor& out, CastLoss& loss) {
  LIMBECK_CHECK_EQ(from.numel(), out.numel());
  loss.values += from.numel();
  out.copy_(from);
  // All formats of weights are exact in float32.
  if (at::promote_types(from.scalar_type(), out.scalar_type()) ==
      out.scalar_type()) {
    return absl::OkStatus();
  }
  const at::Tensor before = from.to(at::kFloat).contiguous();
  const at::Tensor after = out.to(at::kFloat).contiguous();
  const float* wanted = before.const_data_ptr<float>();
  const float* stored = after.const_data_ptr<float>();
  for (int64_t i = 0; i < from.numel(); ++i) {
    if (stored[i] == wanted[i] || std::isnan(wanted[i])) continue;
    if (!std::isfinite(stored[i])) {
      return Overflow(name, first + i, wanted[i], out.scalar_type());
    }
    ++loss.rounded;
    if (stored[i] == 0.0f) ++loss.vanished;
    const double wanted_value = static_cast<double>(wanted[i]);
    const double error = std::abs(
        (static_cast<double>(stored[i]) - wanted_value) / wanted_value);
    if (error > loss.largest_relative_error) {
      loss.largest_relative_error = error;
      loss.worst = std::string(name);
    }
  }
  return absl::OkStatus();
}

std::string CastLossText(const CastLoss& loss) {
  if (loss.rounded == 0) return "";
  return absl::StrCat(
      loss.rounded, " of ", loss.values, " values were rounded",
      loss.vanished > 0 ? absl::StrCat(" (", loss.vanished, " to zero)") : "",
      absl::StrFormat(", the largest relative error is %.3g in ",
                      loss.largest_relative_error),
      loss.worst);
}

}  // namespace limbeck
