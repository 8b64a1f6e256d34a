// Charts of one strip per model: histograms and heat maps.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "recipes/report/charts.h"

namespace limbeck::report {
namespace {

constexpr size_t kLabelCharacters = 30;

std::string StripText(const std::string& label, const std::string& text,
                      double top) {
  TextStyle right;
  right.anchor = "end";
  right.css = "soft";
  return SvgText(0.0, top + 14.0, Shortened(label, kLabelCharacters)) +
         SvgText(1.0, top + 14.0, text, right);
}

// Bins [i * width, (i + 1) * width) for i below `count`.
struct Bins {
  double width = 1.0;
  size_t count = 1;
};

Bins ChooseBins(const std::vector<Sample>& samples) {
  constexpr double kWantedBins = 50.0;
  double highest = 0.0;
  for (const Sample& sample : samples) {
    for (const double value : sample.values) {
      if (std::isfinite(value)) highest = std::max(highest, value);
    }
  }
  Bins bins;
  bins.width = std::max(1.0, RoundUp((highest + 1.0) / kWantedBins));
  bins.count = static_cast<size_t>(highest / bins.width) + 1;
  return bins;
}

std::string DrawHistogram(const Sample& sample, const Bins& bins, double top,
                          double height) {
  std::vector<double> counts(bins.count, 0.0);
  for (const double value : sample.values) {
    if (!(value >= 0.0) || !std::isfinite(value)) continue;
    const auto bin = static_cast<size_t>(value / bins.width);
    counts[std::min(bin, bins.count - 1)] += 1.0;
  }
  const double most = *std::max_element(counts.begin(), counts.end());
  std::string path = absl::StrCat("M0 ", Coordinate(height));
  for (size_t i = 0; i < counts.size(); ++i) {
    const double y = height * (1.0 - (most > 0.0 ? counts[i] / most : 0.0));
    absl::StrAppend(&path, "L", i, " ", Coordinate(y), "H", i + 1);
  }
  absl::StrAppend(&path, "V", Coordinate(height), "Z");
  return absl::StrCat(
      OpenStretched(top, height, static_cast<double>(bins.count)),
      "<path class=\"bar ", FillClass(sample.colour), "\" d=\"", path,
      "\"/>\n</svg>\n",
      SvgLine({0.0, top + height}, {1.0, top + height}, "zero"));
}

// Means of neighbours, so that no row is longer than the picture can show.
std::vector<double> Grouped(const std::vector<double>& shares) {
  if (shares.size() <= kMaxHeatMapColumns) return shares;
  std::vector<double> grouped;
  for (size_t i = 0; i < kMaxHeatMapColumns; ++i) {
    const size_t begin = i * shares.size() / kMaxHeatMapColumns;
    const size_t end = (i + 1) * shares.size() / kMaxHeatMapColumns;
    double sum = 0.0, count = 0.0;
    for (size_t j = begin; j < end; ++j) {
      if (std::isnan(shares[j])) continue;
      sum += shares[j];
      count += 1.0;
    }
    grouped.push_back(count > 0.0 ? sum / count
                                  : std::numeric_limits<double>::quiet_NaN());
  }
  return grouped;
}

// One path per strength, so that a thousand cells stay a small file.
std::string DrawCells(const HeatRow& row, double top, double height) {
  constexpr int kLevels = 10;
  const std::vector<double> shares = Grouped(row.shares);
  std::map<int, std::string> cells_of_level;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (std::isnan(shares[i])) continue;
    const int level = static_cast<int>(
        std::lround(kLevels * std::clamp(shares[i], 0.0, 1.0)));
    if (level == 0) continue;
    absl::StrAppend(&cells_of_level[level], "M", i, " 0h1v", Coordinate(height),
                    "h-1z");
  }
  std::string svg = SvgBox({0.0, 1.0, top, height}, "empty");
  svg += OpenStretched(top, height,
                       std::max(1.0, static_cast<double>(shares.size())));
  for (const auto& [level, path] : cells_of_level) {
    absl::StrAppend(&svg, "<path class=\"cell ", FillClass(row.colour),
                    "\" fill-opacity=\"", Coordinate(level / 10.0), "\" d=\"",
                    path, "\"/>\n");
  }
  return svg + "</svg>\n";
}

}  // namespace

std::string Histograms(const std::vector<Sample>& samples,
                       absl::string_view x_label,
                       absl::string_view description) {
  constexpr double kRow = 76.0, kTop = 20.0, kHeight = 48.0;
  const Bins bins = ChooseBins(samples);
  const double bottom = kRow * static_cast<double>(samples.size());
  const double high = bins.width * static_cast<double>(bins.count);
  TextStyle x_title;
  x_title.css = "soft";
  x_title.anchor = "end";
  std::string svg = OpenSvg(bottom + 36.0, description);
  svg += SvgAxis({0.0, high, 6, Unit::kNumber}, 2.0, bottom);
  double top = 0.0;
  for (const Sample& sample : samples) {
    svg += StripText(sample.label, sample.text, top);
    svg += DrawHistogram(sample, bins, top + kTop, kHeight);
    top += kRow;
  }
  return svg + SvgText(1.0, bottom + 32.0, x_label, x_title) + "</svg>\n";
}

std::string HeatMap(const std::vector<HeatRow>& rows,
                    absl::string_view description) {
  constexpr double kRow = 48.0, kTop = 20.0, kHeight = 22.0;
  std::string svg =
      OpenSvg(kRow * static_cast<double>(rows.size()), description);
  double top = 0.0;
  for (const HeatRow& row : rows) {
    svg += StripText(row.label, row.text, top);
    svg += DrawCells(row, top + kTop, kHeight);
    top += kRow;
  }
  return svg + "</svg>\n";
}

}  // namespace limbeck::report
