// The report's charts as inline SVG. A model has one colour on every chart.
#ifndef LIMBECK_RECIPES_REPORT_CHARTS_H_
#define LIMBECK_RECIPES_REPORT_CHARTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "recipes/report/svg.h"

namespace limbeck::report {

// One horizontal bar with up to two nested intervals around its end.
struct Bar {
  std::string label;
  double value = 0.0;
  double inner_low = 0.0, inner_high = 0.0;  // drawn thick; equal: none
  double outer_low = 0.0, outer_high = 0.0;  // drawn thin; equal: none
  std::string text;                          // printed at the right edge
  int colour = 0;
};
// Bars from 0 to `maximum` (> 0).
std::string BarChart(const std::vector<Bar>& bars, double maximum, Unit unit,
                     absl::string_view description);

// One bar of several parts, each with its own class of the style sheet.
struct Part {
  double value = 0.0;
  std::string css;
  std::string title;
};
struct StackedBar {
  std::string label;
  std::string text;  // printed at the right edge
  std::vector<Part> parts;
};
std::string StackedBars(const std::vector<StackedBar>& bars, double maximum,
                        absl::string_view description);

// Differences with their intervals around a line at zero.
struct Difference {
  std::string label;
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
  std::string text;  // printed at the right edge
  int colour = 0;
};
std::string DifferenceChart(const std::vector<Difference>& differences,
                            absl::string_view description);

using Points2D = std::vector<std::pair<double, double>>;

struct Series {
  std::string label;
  Points2D points;  // rising x
  int colour = 0;
  bool dashed = false;
};
// Lines over a common x axis, with a legend. Points that are not finite break
// a line. Long series are thinned to what the picture can show.
std::string LineChart(const std::vector<Series>& series,
                      absl::string_view x_label, absl::string_view y_label,
                      absl::string_view description);

// At most two points, the lowest and the highest, per column of a picture
// that is `columns` wide; series of up to 2 * columns points stay as they are.
Points2D Thin(const Points2D& points, size_t columns);

// One histogram below the other over a common axis from 0 on, each scaled to
// its own highest bin. The bins are equal and have round edges.
struct Sample {
  std::string label;
  std::string text;  // printed at the right edge
  std::vector<double> values;
  int colour = 0;
};
std::string Histograms(const std::vector<Sample>& samples,
                       absl::string_view x_label,
                       absl::string_view description);

// One row of cells per label, the colour's strength being the share. All rows
// have equally many shares; NaN leaves a cell empty. More than
// kMaxHeatMapColumns neighbours are averaged.
struct HeatRow {
  std::string label;
  std::string text;  // printed at the right edge
  std::vector<double> shares;
  int colour = 0;
};
inline constexpr size_t kMaxHeatMapColumns = 400;
std::string HeatMap(const std::vector<HeatRow>& rows,
                    absl::string_view description);

// One cell per problem, in lines of equal length, one block per model: few
// problems make large cells that hold their text.
struct GridCell {
  double share = 0.0;  // NaN: nothing is known
  std::string title;   // what a pointer over the cell shows
  std::string text;    // inside large cells
  std::string link;    // relative; may be empty
};
struct GridBlock {
  std::string label;
  std::string text;  // printed at the right edge
  std::vector<GridCell> cells;
  int colour = 0;
};
std::string ProblemGrid(const std::vector<GridBlock>& blocks,
                        absl::string_view description);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_CHARTS_H_
