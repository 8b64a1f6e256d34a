// Charts of horizontal bars: their labels stand above them, so that long names
// fit narrow screens.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "recipes/report/charts.h"

namespace limbeck::report {
namespace {

constexpr double kRow = 46.0;
constexpr double kBarTop = 20.0;  // below the row's own top
constexpr double kBarHeight = 16.0;
constexpr double kAxisRoom = 24.0;
constexpr size_t kLabelCharacters = 30;
// Of two names beside a short number.
constexpr size_t kPairCharacters = 40;

std::string RowText(const std::string& label, const std::string& text,
                    double top, size_t characters = kLabelCharacters) {
  TextStyle right;
  right.anchor = "end";
  right.css = "value";
  return SvgText(0.0, top + 14.0, Shortened(label, characters)) +
         SvgText(1.0, top + 14.0, text, right);
}

// A line with short ends across.
std::string Whisker(double low, double high, double middle,
                    absl::string_view css) {
  constexpr double kCap = 4.0;
  return SvgLine({low, middle}, {high, middle}, css) +
         SvgLine({low, middle - kCap}, {low, middle + kCap}, css) +
         SvgLine({high, middle - kCap}, {high, middle + kCap}, css);
}

std::string DrawBar(const Bar& bar, double top, double maximum) {
  const double middle = top + kBarTop + kBarHeight / 2.0;
  std::string svg = RowText(bar.label, bar.text, top);
  svg += SvgBox({0.0, bar.value / maximum, top + kBarTop, kBarHeight},
                absl::StrCat("bar ", FillClass(bar.colour)));
  if (bar.outer_high > bar.outer_low) {
    svg += Whisker(bar.outer_low / maximum, bar.outer_high / maximum, middle,
                   "whisker");
  }
  if (bar.inner_high > bar.inner_low) {
    svg += SvgLine({bar.inner_low / maximum, middle},
                   {bar.inner_high / maximum, middle}, "whisker thick");
  }
  return svg;
}

double Positive(double maximum) {
  return maximum > 0.0 && std::isfinite(maximum) ? maximum : 1.0;
}

}  // namespace

std::string BarChart(const std::vector<Bar>& bars, double maximum, Unit unit,
                     absl::string_view description) {
  maximum = Positive(maximum);
  const double bottom = kRow * static_cast<double>(bars.size()) + 2.0;
  std::string svg = OpenSvg(bottom + kAxisRoom, description);
  svg += SvgAxis({0.0, maximum, 5, unit}, 2.0, bottom);
  for (size_t i = 0; i < bars.size(); ++i) {
    svg += DrawBar(bars[i], kRow * static_cast<double>(i), maximum);
  }
  return svg + "</svg>\n";
}

std::string StackedBars(const std::vector<StackedBar>& bars, double maximum,
                        absl::string_view description) {
  maximum = Positive(maximum);
  std::string svg =
      OpenSvg(kRow * static_cast<double>(bars.size()) + 2.0, description);
  double top = 0.0;
  for (const StackedBar& bar : bars) {
    svg += RowText(bar.label, bar.text, top);
    double begin = 0.0;
    for (const Part& part : bar.parts) {
      const double end = begin + part.value / maximum;
      svg +=
          SvgBox({begin, end, top + kBarTop, kBarHeight}, part.css, part.title);
      begin = end;
    }
    top += kRow;
  }
  return svg + "</svg>\n";
}

std::string DifferenceChart(const std::vector<Difference>& differences,
                            absl::string_view description) {
  double low = 0.0, high = 0.0;
  for (const Difference& one : differences) {
    for (const double end : {one.low, one.high, one.value}) {
      if (!std::isfinite(end)) continue;
      low = std::min(low, end);
      high = std::max(high, end);
    }
  }
  if (high <= low) high = low + 0.01;
  const double margin = 0.04 * (high - low);
  const Axis axis = {low - margin, high + margin, 5, Unit::kNumber};
  const auto share = [&](double value) {
    return (value - axis.low) / (axis.high - axis.low);
  };
  const double bottom = kRow * static_cast<double>(differences.size()) + 2.0;
  std::string svg = OpenSvg(bottom + kAxisRoom, description);
  Axis points = axis;  // in percentage points
  points.low *= 100.0;
  points.high *= 100.0;
  svg += SvgAxis(points, 2.0, bottom);
  double top = 0.0;
  for (const Difference& one : differences) {
    const double middle = top + kBarTop + kBarHeight / 2.0;
    svg += RowText(one.label, one.text, top, kPairCharacters);
    // Only below the text, which may stand where zero is.
    svg += SvgLine({share(0.0), top + kBarTop - 2.0}, {share(0.0), top + kRow},
                   "zero");
    svg += Whisker(share(one.low), share(one.high), middle, "whisker");
    svg += absl::StrCat("<circle cx=\"", Across(share(one.value)), "\" cy=\"",
                        Coordinate(middle), "\" r=\"5\" class=\"",
                        FillClass(one.colour), "\"/>\n");
    top += kRow;
  }
  return svg + "</svg>\n";
}

}  // namespace limbeck::report
