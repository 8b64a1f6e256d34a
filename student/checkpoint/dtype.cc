// Names of number formats.
#include "student/checkpoint/dtype.h"

#include "absl/strings/str_cat.h"

namespace limbeck {

absl::StatusOr<at::ScalarType> ParseDtype(absl::string_view name) {
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "float16") return at::kHalf;
  return absl::InvalidArgumentError(absl::StrCat(
      "dtype is \"", name, "\", expected float32, bfloat16 or float16"));
}

absl::string_view DtypeName(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return "float32";
    case at::kBFloat16:
      return "bfloat16";
    case at::kHalf:
      return "float16";
    default:
      return c10::toString(dtype);
  }
}

}  // namespace limbeck
