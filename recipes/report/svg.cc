#include "recipes/report/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/utf8.h"
#include "recipes/report/html.h"
#include "recipes/report/numbers.h"

namespace limbeck::report {

namespace {

std::string ColourName(int colour) {
  return colour < 0 ? "n" : absl::StrCat(colour % kNumColours);
}

}  // namespace

std::string FillClass(int colour) {
  return absl::StrCat("f", ColourName(colour));
}

std::string LineClass(int colour) {
  return absl::StrCat("l", ColourName(colour));
}

std::string InUnit(double value, Unit unit) {
  switch (unit) {
    case Unit::kPercent:
      return absl::StrFormat("%g\xC2\xA0%%", 100.0 * value);
    case Unit::kSeconds:
      return absl::StrCat(Short(value), "\xC2\xA0s");
    case Unit::kNumber:
      break;
  }
  return Short(value);
}

std::vector<double> Ticks(double low, double high, int count) {
  const double rough = (high - low) / count;
  if (!(rough > 0.0) || !std::isfinite(rough)) return {};
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  // Below the smallest normal number a step no longer divides.
  if (!std::isnormal(power)) return {};
  double step = 10.0 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  constexpr double kSlack = 1e-9;
  constexpr double kLargestQuotient = 1e15;
  const double first = std::ceil(low / step - kSlack);
  const double last = std::floor(high / step + kSlack);
  // So far from zero that the steps are lost in rounding.
  if (!(std::max(std::abs(first), std::abs(last)) < kLargestQuotient)) {
    return {};
  }
  std::vector<double> ticks;
  // Adding zero makes a negative zero positive.
  for (double i = first; i <= last; i += 1.0) ticks.push_back(i * step + 0.0);
  return ticks;
}

double RoundUp(double value) {
  if (!std::isnormal(value) || value <= 0.0) return 1.0;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  constexpr double kSlack = 1.0 + 1e-9;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power * kSlack >= value) return factor * power;
  }
  return 10.0 * power;
}

std::string OpenSvg(double height, absl::string_view description,
                    Margin margin) {
  return absl::StrCat("<svg class=\"chart",
                      margin == Margin::kLeft ? " framed" : "", "\" height=\"",
                      Coordinate(height), "\" role=\"img\" aria-label=\"",
                      Escape(description), "\">\n");
}

std::string Across(double share) {
  if (std::isnan(share)) share = 0.0;
  return absl::StrFormat("%.5g%%", 100.0 * std::clamp(share, 0.0, 1.0));
}

std::string Coordinate(double value) {
  return absl::StrFormat("%.5g", std::isfinite(value) ? value : 0.0);
}

std::string SvgText(double share, double y, absl::string_view text,
                    const TextStyle& style) {
  std::string svg =
      absl::StrCat("<text x=\"", Across(share), "\" y=\"", Coordinate(y), "\"");
  if (style.anchor != "start") {
    absl::StrAppend(&svg, " text-anchor=\"", style.anchor, "\"");
  }
  if (style.shift != 0.0) {
    absl::StrAppend(&svg, " dx=\"", Coordinate(style.shift), "\"");
  }
  if (!style.css.empty()) absl::StrAppend(&svg, " class=\"", style.css, "\"");
  return absl::StrCat(svg, ">", Escape(text), "</text>\n");
}

std::string SvgBox(const Box& box, absl::string_view css,
                   absl::string_view title) {
  const double width = std::max(0.0, box.right - box.left);
  return absl::StrCat(
      "<rect x=\"", Across(box.left), "\" y=\"", Coordinate(box.top),
      "\" width=\"", Across(width), "\" height=\"", Coordinate(box.height),
      "\" class=\"", css, "\"",
      title.empty()
          ? std::string("/>\n")
          : absl::StrCat("><title>", Escape(title), "</title></rect>\n"));
}

std::string SvgLine(std::pair<double, double> from,
                    std::pair<double, double> to, absl::string_view css) {
  return absl::StrCat("<line x1=\"", Across(from.first), "\" y1=\"",
                      Coordinate(from.second), "\" x2=\"", Across(to.first),
                      "\" y2=\"", Coordinate(to.second), "\" class=\"", css,
                      "\"/>\n");
}

std::string OpenStretched(double top, double height, double width) {
  return absl::StrCat("<svg class=\"plot\" y=\"", Coordinate(top),
                      "\" width=\"100%\" height=\"", Coordinate(height),
                      "\" viewBox=\"0 0 ", Coordinate(width), " ",
                      Coordinate(height), "\" preserveAspectRatio=\"none\">\n");
}

std::string SvgAxis(const Axis& axis, double top, double bottom) {
  constexpr double kEdge = 0.06;  // labels here would stick out
  constexpr double kLabelDrop = 16.0;
  std::string svg;
  for (const double tick : Ticks(axis.low, axis.high, axis.count)) {
    const double share = (tick - axis.low) / (axis.high - axis.low);
    TextStyle style;
    style.css = "soft";
    style.anchor = share < kEdge         ? "start"
                   : share > 1.0 - kEdge ? "end"
                                         : "middle";
    svg += SvgLine({share, top}, {share, bottom}, "axis");
    svg += SvgText(share, bottom + kLabelDrop, InUnit(tick, axis.unit), style);
  }
  return svg;
}

std::string Shortened(absl::string_view text, size_t max_characters) {
  size_t at = 0;
  for (size_t characters = 0; at < text.size(); ++characters) {
    if (characters == max_characters) {
      return absl::StrCat(text.substr(0, at), "…");
    }
    at += std::max<size_t>(1, Utf8SequenceBytes(text.substr(at)));
  }
  return std::string(text);
}

std::string Legend(const std::vector<LegendEntry>& entries) {
  std::string html = "<ul class=\"legend\">";
  for (const LegendEntry& entry : entries) {
    absl::StrAppend(
        &html, "<li><svg class=\"swatch\" width=\"22\" height=\"10\">",
        entry.line
            ? absl::StrCat("<path class=\"line ", entry.css,
                           entry.dashed ? " dashed" : "", "\" d=\"M0 5h22\"/>")
            : absl::StrCat("<rect class=\"", entry.css,
                           "\" width=\"14\" height=\"10\"/>"),
        "</svg>", Escape(entry.label), "</li>\n");
  }
  return html + "</ul>\n";
}

}  // namespace limbeck::report
