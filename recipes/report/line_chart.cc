// Lines over a common axis: loss curves.
#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "recipes/report/charts.h"
#include "recipes/report/numbers.h"

namespace limbeck::report {
namespace {

constexpr double kTop = 24.0;
constexpr double kHeight = 190.0;
constexpr double kBottomRoom = 40.0;
constexpr double kPlotWidth = 1000.0;  // coordinates of the stretched part
constexpr size_t kColumns = 500;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
  double Share(double value) const { return (value - low) / (high - low); }
};

struct Frame {
  Range x;
  Range y;
};

bool IsFinite(const std::pair<double, double>& point) {
  return std::isfinite(point.first) && std::isfinite(point.second);
}

Frame FitFrame(const std::vector<Series>& series) {
  Frame frame;
  for (const Series& one : series) {
    for (const auto& point : one.points) {
      if (!IsFinite(point)) continue;
      frame.x.Add(point.first);
      frame.y.Add(point.second);
    }
  }
  if (frame.x.empty()) {
    frame.x = frame.y = {0.0, 1.0};
    return frame;
  }
  if (frame.x.low == frame.x.high) frame.x.high += 1.0;
  const double span = frame.y.high - frame.y.low;
  const double margin = span > 0.0 ? 0.05 * span : 0.5;
  // Losses are at least zero; show no room below it.
  frame.y.low = frame.y.low >= 0.0 ? std::max(0.0, frame.y.low - margin)
                                   : frame.y.low - margin;
  frame.y.high += margin;
  return frame;
}

std::string DrawSeries(const Series& series, const Frame& frame) {
  std::string path;
  bool pen_down = false;
  for (const auto& point : Thin(series.points, kColumns)) {
    if (!IsFinite(point)) {
      pen_down = false;
      continue;
    }
    absl::StrAppend(&path, pen_down ? "L" : "M",
                    Coordinate(kPlotWidth * frame.x.Share(point.first)), " ",
                    Coordinate(kHeight * (1.0 - frame.y.Share(point.second))));
    pen_down = true;
  }
  return absl::StrCat("<path class=\"line ", LineClass(series.colour),
                      series.dashed ? " dashed" : "", "\" d=\"", path,
                      "\"/>\n");
}

std::string ValueAxis(const Range& range) {
  std::string svg;
  TextStyle style;
  style.anchor = "end";
  style.css = "soft";
  style.shift = -6.0;
  for (const double tick : Ticks(range.low, range.high, 5)) {
    const double y = kTop + kHeight * (1.0 - range.Share(tick));
    svg += SvgLine({0.0, y}, {1.0, y}, "axis");
    svg += SvgText(0.0, y + 4.0, Short(tick), style);
  }
  return svg;
}

}  // namespace

Points2D Thin(const Points2D& points, size_t columns) {
  if (columns == 0 || points.size() <= 2 * columns) return points;
  const double first = points.front().first;
  const double width =
      (points.back().first - first) / static_cast<double>(columns);
  if (!(width > 0.0) || !std::isfinite(width)) return points;
  const auto column = [&](size_t i) {
    return std::floor((points[i].first - first) / width);
  };
  Points2D thinned;
  for (size_t begin = 0; begin < points.size();) {
    size_t end = begin, low = begin, high = begin;
    while (end < points.size() && column(end) == column(begin)) {
      if (points[end].second < points[low].second) low = end;
      if (points[end].second > points[high].second) high = end;
      ++end;
    }
    thinned.push_back(points[std::min(low, high)]);
    if (low != high) thinned.push_back(points[std::max(low, high)]);
    begin = std::max(end, begin + 1);  // no column equals a NaN
  }
  return thinned;
}

std::string LineChart(const std::vector<Series>& series,
                      absl::string_view x_label, absl::string_view y_label,
                      absl::string_view description) {
  const Frame frame = FitFrame(series);
  const double bottom = kTop + kHeight;
  std::vector<LegendEntry> legend;
  for (const Series& one : series) {
    legend.push_back({one.label, LineClass(one.colour), one.dashed, true});
  }
  TextStyle title;
  title.css = "soft";
  title.shift = -44.0;
  TextStyle x_title;
  x_title.css = "soft";
  x_title.anchor = "end";
  std::string svg = Legend(legend);
  svg += OpenSvg(bottom + kBottomRoom, description, Margin::kLeft);
  svg += ValueAxis(frame.y);
  svg += SvgAxis({frame.x.low, frame.x.high, 5, Unit::kNumber}, bottom,
                 bottom + 4.0);
  svg += SvgText(0.0, 12.0, y_label, title);
  svg += SvgText(1.0, bottom + 32.0, x_label, x_title);
  svg += OpenStretched(kTop, kHeight, kPlotWidth);
  for (const Series& one : series) svg += DrawSeries(one, frame);
  return svg + "</svg>\n</svg>\n";
}

}  // namespace limbeck::report
