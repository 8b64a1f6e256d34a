// A map of problems that stays readable from thirty to a thousand cells, on a
// phone as well.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "recipes/report/charts.h"
#include "recipes/report/html.h"

namespace limbeck::report {
namespace {

constexpr double kLabelRoom = 22.0;
constexpr double kBlockGap = 14.0;
constexpr size_t kLabelCharacters = 30;

// Cells per line and their height in pixels.
struct Layout {
  size_t columns = 1;
  double height = 0.0;
  bool has_text = false;
};

Layout ChooseLayout(size_t cells) {
  constexpr size_t kLargeCells = 60, kMiddleCells = 600;
  if (cells <= kLargeCells) return {15, 26.0, true};
  if (cells <= kMiddleCells) return {50, 14.0, false};
  return {100, 10.0, false};
}

size_t NumLines(size_t cells, const Layout& layout) {
  return (cells + layout.columns - 1) / layout.columns;
}

std::string DrawCell(const GridCell& cell, const Box& box, const Layout& layout,
                     int colour) {
  const bool known = std::isfinite(cell.share);
  std::string svg = SvgBox(box, known ? "slot" : "slot unknown");
  if (known && cell.share > 0.0) {
    const double strength = std::clamp(cell.share, 0.0, 1.0);
    absl::StrAppend(&svg, "<rect x=\"", Across(box.left), "\" y=\"",
                    Coordinate(box.top), "\" width=\"",
                    Across(box.right - box.left), "\" height=\"",
                    Coordinate(box.height), "\" class=\"slot ",
                    FillClass(colour), "\" fill-opacity=\"",
                    Coordinate(std::round(20.0 * strength) / 20.0), "\"/>\n");
  }
  if (layout.has_text && !cell.text.empty()) {
    svg += SvgText((box.left + box.right) / 2.0, box.top + 17.5, cell.text,
                   {"middle", "count"});
  }
  // The topmost element answers the pointer.
  absl::StrAppend(&svg, "<rect x=\"", Across(box.left), "\" y=\"",
                  Coordinate(box.top), "\" width=\"",
                  Across(box.right - box.left), "\" height=\"",
                  Coordinate(box.height), "\" class=\"touch\"><title>",
                  Escape(cell.title), "</title></rect>\n");
  if (cell.link.empty()) return svg;
  return absl::StrCat("<a href=\"", Escape(cell.link), "\">", svg, "</a>");
}

}  // namespace

std::string ProblemGrid(const std::vector<GridBlock>& blocks,
                        absl::string_view description) {
  size_t most = 0;
  for (const GridBlock& block : blocks) {
    most = std::max(most, block.cells.size());
  }
  const Layout layout = ChooseLayout(most);
  const double block_height =
      kLabelRoom + layout.height * static_cast<double>(NumLines(most, layout)) +
      kBlockGap;
  std::string svg =
      OpenSvg(block_height * static_cast<double>(blocks.size()), description);
  double top = 0.0;
  for (const GridBlock& block : blocks) {
    svg += SvgText(0.0, top + 14.0, Shortened(block.label, kLabelCharacters));
    svg += SvgText(1.0, top + 14.0, block.text, {"end", "soft"});
    const auto columns = static_cast<double>(layout.columns);
    for (size_t i = 0; i < block.cells.size(); ++i) {
      const auto column = static_cast<double>(i % layout.columns);
      const auto line = static_cast<double>(i / layout.columns);
      svg += DrawCell(block.cells[i],
                      {column / columns, (column + 1.0) / columns,
                       top + kLabelRoom + line * layout.height, layout.height},
                      layout, block.colour);
    }
    top += block_height;
  }
  return svg + "</svg>\n";
}

}  // namespace limbeck::report
