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

absl::Status Overflow(absl::string_view name, int64_t element, double value,
                      at::ScalarType type) {
  return absl::OutOfRangeError(absl::StrFormat(
      "weight \"%s\" is %g at element %d, more than %s can hold; store it as "
      "%s",
      name, value, element, DtypeName(type),
      type == at::kHalf ? "bfloat16 or float32" : "a smaller number"));
}

// Numbers that are not finite have all bits of the exponent set.
template <typename Bits>
int64_t CountNotFinite(const at::Tensor& values, Bits exponent) {
  const Bits* bits = static_cast<const Bits*>(values.const_data_ptr());
  int64_t count = 0;
  for (int64_t i = 0; i < values.numel(); ++i) {
    count += (bits[i] & exponent) == exponent ? 1 : 0;
  }
  return count;
}

int64_t CountNotFinite(const at::Tensor& values) {
  switch (values.scalar_type()) {
    case at::kBFloat16:
      return CountNotFinite<uint16_t>(values, 0x7F80);
    case at::kHalf:
      return CountNotFinite<uint16_t>(values, 0x7C00);
    case at::kFloat:
      return CountNotFinite<uint32_t>(values, 0x7F800000);
    default:
      LIMBECK_CHECK(values.scalar_type() == at::kDouble);
      return CountNotFinite<uint64_t>(values, 0x7FF0000000000000);
  }
}

// `from` and `out` are exact in T.
template <typename T>
absl::Status AddLoss(const at::Tensor& from, absl::string_view name,
                     int64_t first, const at::Tensor& out, CastLoss& loss) {
  const auto type = c10::CppTypeToScalarType<T>::value;
  const at::Tensor before = from.to(type).contiguous();
  const at::Tensor after = out.to(type).contiguous();
  const T* wanted = before.const_data_ptr<T>();
  const T* stored = after.const_data_ptr<T>();
  for (int64_t i = 0; i < from.numel(); ++i) {
    if (stored[i] == wanted[i] || std::isnan(wanted[i])) continue;
    const double wanted_value = static_cast<double>(wanted[i]);
    if (!std::isfinite(stored[i])) {
      return Overflow(name, first + i, wanted_value, out.scalar_type());
    }
    ++loss.rounded;
    if (stored[i] == T{0}) ++loss.vanished;
    const double error = std::abs(
        (static_cast<double>(stored[i]) - wanted_value) / wanted_value);
    if (error > loss.largest_relative_error) {
      loss.largest_relative_error = error;
      loss.worst = std::string(name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CastElements(const at::Tensor& from, absl::string_view name,
                          int64_t first, at::Tensor& out, CastLoss& loss) {
  LIMBECK_CHECK_EQ(from.numel(), out.numel());
  loss.values += from.numel();
  out.copy_(from);
  const int64_t not_finite = CountNotFinite(from.contiguous());
  if (loss.not_finite == 0 && not_finite > 0) {
    loss.first_not_finite = std::string(name);
  }
  loss.not_finite += not_finite;
  if (at::promote_types(from.scalar_type(), out.scalar_type()) ==
      out.scalar_type()) {
    return absl::OkStatus();
  }
  return from.scalar_type() == at::kDouble
             ? AddLoss<double>(from, name, first, out, loss)
             : AddLoss<float>(from, name, first, out, loss);
}

std::string NotFiniteText(const CastLoss& loss) {
  if (loss.not_finite == 0) return "";
  return absl::StrCat(loss.not_finite, " of ", loss.values,
                      " values are not finite (NaN or infinite), the first in ",
                      loss.first_not_finite, "; they are kept");
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
