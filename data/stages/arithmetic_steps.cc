#include "data/stages/arithmetic_steps.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"

namespace limbeck {

void Steps::Line(absl::string_view text) {
  if (!text_.empty()) text_ += '\n';
  absl::StrAppend(&text_, text);
}

int64_t Steps::Add(int64_t a, int64_t b) {
  Line(absl::StrCat(a, "+", b, "=", a + b));
  return a + b;
}

int64_t Steps::Subtract(int64_t a, int64_t b) {
  Line(absl::StrCat(a, "-", b, "=", a - b));
  return a - b;
}

int64_t Steps::Multiply(int64_t a, int64_t b) {
  constexpr int64_t kTable = 12;
  const int64_t product = a * b;
  if (a <= kTable && b <= kTable) {
    Line(absl::StrCat(a, "*", b, "=", product));
    return product;
  }
  const int64_t large = std::max(a, b);
  const int64_t small = std::min(a, b);
  LIMBECK_CHECK_LT(small, 10);
  const int64_t tens = large / 10 * 10;
  const int64_t ones = large % 10;
  if (ones == 0) {
    Line(absl::StrCat(a, "*", b, "=", product));
    return product;
  }
  Line(absl::StrCat(a, "*", b, "=", tens, "*", small, "+", ones, "*", small,
                    "=", tens * small, "+", ones * small, "=", product));
  return product;
}

int64_t Steps::Divide(int64_t a, int64_t b) {
  LIMBECK_CHECK_EQ(a % b, 0);
  Line(absl::StrCat(a, "/", b, "=", a / b));
  return a / b;
}

int64_t Steps::Remainder(int64_t a, int64_t b) {
  Line(absl::StrCat(a, "=", a / b, "*", b, "+", a % b));
  return a % b;
}

void Steps::Note(absl::string_view text) { Line(text); }

}  // namespace limbeck
