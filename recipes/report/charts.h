// The report's charts as inline SVG. Colours are classes of the style sheet:
// series i has colour i modulo kNumColours, on every chart.
#ifndef LIMBECK_RECIPES_REPORT_CHARTS_H_
#define LIMBECK_RECIPES_REPORT_CHARTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck::report {

inline constexpr int kNumColours = 6;

// One horizontal bar with up to two nested intervals around its end.
struct Bar {
  std::string label;
  double value = 0.0;
  double inner_low = 0.0, inner_high = 0.0;  // drawn thick; equal: none
  double outer_low = 0.0, outer_high = 0.0;  // drawn thin; equal: none
  std::string text;                          // printed at the end of the bar
  int colour = 0;
};
// Bars from 0 to `maximum` (> 0) with a percent or plain axis.
std::string BarChart(const std::vector<Bar>& bars, double maximum,
                     bool percent_axis, absl::string_view description);

struct Series {
  std::string label;
  std::vector<std::pair<double, double>> points;  // rising x
  int colour = 0;
  bool dashed = false;
};
// Lines over a common x axis. Points that are not finite break a line. Long
// series are thinned to what the picture can show, keeping extremes.
std::string LineChart(const std::vector<Series>& series,
                      absl::string_view x_label, absl::string_view y_label,
                      absl::string_view description);

// Overlaid step histograms of shares with equal bins over all series.
struct Sample {
  std::string label;
  std::vector<double> values;
  int colour = 0;
};
std::string Histogram(const std::vector<Sample>& samples, int num_bins,
                      absl::string_view x_label, absl::string_view description);

// Round numbers that divide [low, high] into about `count` steps.
std::vector<double> Ticks(double low, double high, int count);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_CHARTS_H_
