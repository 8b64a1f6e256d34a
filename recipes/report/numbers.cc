#include "recipes/report/numbers.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace limbeck::report {
namespace {

constexpr char kNoBreak[] = "\xC2\xA0";

}  // namespace

std::string Count(uint64_t number) {
  constexpr size_t kGroup = 3;
  const std::string digits = absl::StrCat(number);
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % kGroup == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string Percent(double share) {
  if (!std::isfinite(share)) return "–";
  return absl::StrFormat("%.1f%s%%", 100.0 * share, kNoBreak);
}

std::string PercentRange(double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high)) return "–";
  return absl::StrFormat("%.1f%s–%s%.1f%s%%", 100.0 * low, kNoBreak, kNoBreak,
                         100.0 * high, kNoBreak);
}

std::string ConfidenceText(double confidence) {
  return absl::StrFormat("%g%s%%", 100.0 * confidence, kNoBreak);
}

std::string Points(double difference) {
  if (!std::isfinite(difference)) return "–";
  const double points = 100.0 * difference;
  const std::string size = absl::StrFormat("%.1f", std::abs(points));
  if (size == "0.0") return size;
  return absl::StrCat(points < 0.0 ? "−" : "+", size);
}

std::string Duration(double seconds) {
  constexpr double kLongest = 1e12;
  if (!(seconds >= 0.0 && seconds < kLongest)) return "–";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (seconds < 0.995) return absl::StrFormat("%.2f%ss", seconds, kNoBreak);
  if (seconds < 9.95) return absl::StrFormat("%.1f%ss", seconds, kNoBreak);
  if (whole < 60) return absl::StrCat(whole, kNoBreak, "s");
  if (whole < 3600) {
    return absl::StrCat(whole / 60, kNoBreak, "min ", whole % 60, kNoBreak,
                        "s");
  }
  return absl::StrCat(whole / 3600, kNoBreak, "h ", whole % 3600 / 60, kNoBreak,
                      "min");
}

std::string Figure(double number) {
  if (!std::isfinite(number)) return "–";
  return absl::StrFormat("%.3g", number);
}

std::string Short(double number) {
  if (!std::isfinite(number)) return "–";
  constexpr double kFirstShortened = 1e4;
  const double size = std::abs(number);
  if (size < kFirstShortened) return absl::StrFormat("%.4g", number);
  for (const auto& [unit, suffix] :
       {std::pair(1e9, "G"), std::pair(1e6, "M")}) {
    // What would round up to the next suffix takes it.
    if (size >= 0.9995 * unit) {
      return absl::StrFormat("%.3g%s", number / unit, suffix);
    }
  }
  return absl::StrFormat("%.3gk", number / 1e3);
}

std::string Bytes(double bytes) {
  if (!std::isfinite(bytes)) return "–";
  if (bytes < 1e9) return absl::StrFormat("%.0f%sMB", bytes / 1e6, kNoBreak);
  return absl::StrFormat("%.1f%sGB", bytes / 1e9, kNoBreak);
}

}  // namespace limbeck::report
