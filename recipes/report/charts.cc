#include "recipes/report/charts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "recipes/report/html.h"

namespace limbeck::report {
namespace {

constexpr double kWidth = 640.0;
constexpr double kLeft = 56.0;
constexpr double kRight = 16.0;

std::string Number(double value) { return absl::StrFormat("%.1f", value); }

std::string Open(double height, absl::string_view description) {
  return absl::StrCat("<svg viewBox=\"0 0 ", kWidth, " ", Number(height),
                      "\" role=\"img\" aria-label=\"", Escape(description),
                      "\">\n");
}

std::string Text(double x, double y, absl::string_view anchor,
                 absl::string_view text, absl::string_view css = "") {
  return absl::StrCat("<text x=\"", Number(x), "\" y=\"", Number(y),
                      "\" text-anchor=\"", anchor, "\" class=\"", css, "\">",
                      Escape(text), "</text>\n");
}

std::string Line(double x1, double y1, double x2, double y2,
                 absl::string_view css, double width = 1.0) {
  return absl::StrCat("<path class=\"", css, "\" stroke-width=\"",
                      Number(width), "\" d=\"M", Number(x1), " ", Number(y1),
                      "L", Number(x2), " ", Number(y2), "\"/>\n");
}

std::string Colour(absl::string_view prefix, int colour) {
  return absl::StrCat(prefix, colour % kNumColours);
}

// Where the data of a line chart lies and how it maps to the picture.
struct Frame {
  double low_x = 0.0, high_x = 1.0;
  double low_y = 0.0, high_y = 1.0;
  double top = 12.0, bottom = 232.0;

  double X(double x) const {
    return kLeft + (x - low_x) / (high_x - low_x) * (kWidth - kLeft - kRight);
  }
  double Y(double y) const {
    return bottom - (y - low_y) / (high_y - low_y) * (bottom - top);
  }
};

Frame FitFrame(const std::vector<Series>& series) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Frame frame;
  double low_x = kInfinity, high_x = -kInfinity;
  double low_y = kInfinity, high_y = -kInfinity;
  for (const Series& one : series) {
    for (const auto& [x, y] : one.points) {
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      low_x = std::min(low_x, x);
      high_x = std::max(high_x, x);
      low_y = std::min(low_y, y);
      high_y = std::max(high_y, y);
    }
  }
  if (low_x > high_x) return frame;
  frame.low_x = low_x;
  frame.high_x = high_x > low_x ? high_x : low_x + 1.0;
  const double margin = high_y > low_y ? 0.05 * (high_y - low_y) : 0.5;
  // Losses are at least zero; do not show room below it.
  frame.low_y = low_y >= 0.0 ? std::max(0.0, low_y - margin) : low_y - margin;
  frame.high_y = high_y + margin;
  return frame;
}

std::string Axes(const Frame& frame, absl::string_view x_label,
                 absl::string_view y_label) {
  std::string svg;
  for (double tick : Ticks(frame.low_y, frame.high_y, 5)) {
    const double y = frame.Y(tick);
    svg += Line(kLeft, y, kWidth - kRight, y, "axis");
    svg +=
        Text(kLeft - 6.0, y + 4.0, "end", absl::StrFormat("%g", tick), "soft");
  }
  for (double tick : Ticks(frame.low_x, frame.high_x, 6)) {
    svg += Text(frame.X(tick), frame.bottom + 16.0, "middle",
                absl::StrFormat("%g", tick), "soft");
  }
  svg += Text(kWidth - kRight, frame.bottom + 32.0, "end", x_label, "soft");
  svg += Text(kLeft, frame.top - 2.0, "start", y_label, "soft");
  return svg;
}

template <typename Item>
std::string Legend(const std::vector<Item>& items, double y) {
  constexpr double kCharacterWidth = 6.6;
  std::string svg;
  double x = kLeft;
  for (const Item& item : items) {
    const double width =
        34.0 + kCharacterWidth * static_cast<double>(item.label.size());
    if (x + width > kWidth && x > kLeft) {
      x = kLeft;
      y += 18.0;
    }
    svg += absl::StrCat("<rect x=\"", Number(x), "\" y=\"", Number(y - 9.0),
                        "\" width=\"14\" height=\"10\" class=\"",
                        Colour("f", item.colour), "\"/>\n");
    svg += Text(x + 19.0, y, "start", item.label);
    x += width;
  }
  return svg;
}

template <typename Item>
double LegendHeight(const std::vector<Item>& items) {
  double characters = 0.0;
  for (const Item& item : items) {
    characters += static_cast<double>(item.label.size()) + 6.0;
  }
  return 18.0 * std::ceil(characters / 80.0 + 0.5);
}

// At most two points per pixel column: its lowest and its highest value.
std::vector<std::pair<double, double>> Thin(
    const std::vector<std::pair<double, double>>& points, const Frame& frame) {
  constexpr size_t kEnough = 1200;
  if (points.size() <= kEnough) return points;
  std::vector<std::pair<double, double>> thinned;
  for (size_t begin = 0; begin < points.size();) {
    const double column = std::floor(frame.X(points[begin].first));
    size_t end = begin, low = begin, high = begin;
    while (end < points.size() &&
           std::floor(frame.X(points[end].first)) == column) {
      if (points[end].second < points[low].second) low = end;
      if (points[end].second > points[high].second) high = end;
      ++end;
    }
    thinned.push_back(points[std::min(low, high)]);
    if (low != high) thinned.push_back(points[std::max(low, high)]);
    begin = end;
  }
  return thinned;
}

std::string DrawSeries(const Series& series, const Frame& frame) {
  std::string path;
  bool pen_down = false;
  for (const auto& [x, y] : Thin(series.points, frame)) {
    if (!std::isfinite(x) || !std::isfinite(y)) {
      pen_down = false;
      continue;
    }
    absl::StrAppend(&path, pen_down ? "L" : "M", Number(frame.X(x)), " ",
                    Number(frame.Y(y)));
    pen_down = true;
  }
  return absl::StrCat("<path class=\"line ", Colour("l", series.colour),
                      series.dashed ? " dashed" : "", "\" d=\"", path,
                      "\"/>\n");
}

std::string DrawBar(const Bar& bar, double y,
                    double (*position)(double, double), double maximum) {
  const double end = position(bar.value, maximum);
  const double start = position(0.0, maximum);
  std::string svg = absl::StrCat(
      "<rect x=\"", Number(start), "\" y=\"", Number(y), "\" width=\"",
      Number(std::max(0.0, end - start)), "\" height=\"18\" class=\"",
      Colour("f", bar.colour), "\"/>\n");
  const double middle = y + 9.0;
  double text_x = end;
  if (bar.outer_high > bar.outer_low) {
    svg += Line(position(bar.outer_low, maximum), middle,
                position(bar.outer_high, maximum), middle, "whisker");
    text_x = std::max(text_x, position(bar.outer_high, maximum));
  }
  if (bar.inner_high > bar.inner_low) {
    svg += Line(position(bar.inner_low, maximum), middle,
                position(bar.inner_high, maximum), middle, "whisker", 4.0);
    text_x = std::max(text_x, position(bar.inner_high, maximum));
  }
  svg += Text(start, y - 4.0, "start", bar.label);
  return svg + Text(text_x + 6.0, middle + 4.0, "start", bar.text);
}

constexpr double kBarLeft = 8.0;
constexpr double kBarTextRoom = 110.0;

double BarPosition(double value, double maximum) {
  const double share = std::clamp(value / maximum, 0.0, 1.0);
  return kBarLeft + share * (kWidth - kBarLeft - kBarTextRoom);
}

}  // namespace

std::vector<double> Ticks(double low, double high, int count) {
  const double rough = (high - low) / count;
  if (!(rough > 0.0) || !std::isfinite(rough)) return {};
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * power;
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const auto first = static_cast<int64_t>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<int64_t>(std::floor(high / step + 1e-9));
  for (int64_t i = first; i <= last; ++i) {
    ticks.push_back(static_cast<double>(i) * step);
  }
  return ticks;
}

std::string BarChart(const std::vector<Bar>& bars, double maximum,
                     bool percent_axis, absl::string_view description) {
  constexpr double kRow = 46.0;
  const double bottom = kRow * static_cast<double>(bars.size()) + 4.0;
  std::string svg = Open(bottom + 22.0, description);
  for (double tick : Ticks(0.0, maximum, 5)) {
    const double x = BarPosition(tick, maximum);
    svg += Line(x, 4.0, x, bottom, "axis");
    svg += Text(x, bottom + 16.0, "middle",
                percent_axis ? absl::StrFormat("%g %%", 100.0 * tick)
                             : absl::StrFormat("%g", tick),
                "soft");
  }
  for (size_t i = 0; i < bars.size(); ++i) {
    const double y = kRow * static_cast<double>(i) + 20.0;
    svg += DrawBar(bars[i], y, &BarPosition, maximum);
  }
  return svg + "</svg>\n";
}

std::string LineChart(const std::vector<Series>& series,
                      absl::string_view x_label, absl::string_view y_label,
                      absl::string_view description) {
  const Frame frame = FitFrame(series);
  const double legend = frame.bottom + 50.0;
  std::string svg = Open(legend + LegendHeight(series), description);
  svg += Axes(frame, x_label, y_label);
  for (const Series& one : series) svg += DrawSeries(one, frame);
  return svg + Legend(series, legend) + "</svg>\n";
}

std::string Histogram(const std::vector<Sample>& samples, int num_bins,
                      absl::string_view x_label,
                      absl::string_view description) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const Sample& sample : samples) {
    for (double value : sample.values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (low > high) return "<p class=\"soft\">No values.</p>\n";
  const double width = std::max(1.0, std::ceil((high - low + 1) / num_bins));
  std::vector<Series> outlines;
  for (const Sample& sample : samples) {
    std::vector<double> shares(static_cast<size_t>(num_bins), 0.0);
    for (double value : sample.values) {
      const double bin = std::floor((value - low) / width);
      shares[static_cast<size_t>(std::min(bin, num_bins - 1.0))] +=
          1.0 / static_cast<double>(sample.values.size());
    }
    Series outline{sample.label, {}, sample.colour, false};
    outline.points.emplace_back(low, 0.0);
    for (size_t i = 0; i < shares.size(); ++i) {
      const double left = low + width * static_cast<double>(i);
      outline.points.emplace_back(left, shares[i]);
      outline.points.emplace_back(left + width, shares[i]);
    }
    outline.points.emplace_back(low + width * num_bins, 0.0);
    outlines.push_back(std::move(outline));
  }
  return LineChart(outlines, x_label, "share", description);
}

}  // namespace limbeck::report
