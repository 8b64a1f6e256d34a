// Elements of the report's pictures. Across, a position is a share of the
// picture's width; down, it is a number of pixels: so text and strokes keep
// their size on every screen and on paper.
#ifndef LIMBECK_RECIPES_REPORT_SVG_H_
#define LIMBECK_RECIPES_REPORT_SVG_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck::report {

inline constexpr int kNumColours = 8;
inline constexpr int kNeutralColour = -1;  // of what is no model
// "f" or "l" with the colour's number: classes of the style sheet.
std::string FillClass(int colour);
std::string LineClass(int colour);

enum class Unit { kNumber, kPercent, kSeconds };
// A tick's or bar's number in its unit.
std::string InUnit(double value, Unit unit);

// Round numbers that divide [low, high] into about `count` steps; none where
// low < high does not hold.
std::vector<double> Ticks(double low, double high, int count);
// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `value`;
// 1 for what is not positive and finite.
double RoundUp(double value);

// `height` in pixels. `margin` leaves room for labels on the left.
enum class Margin { kNone, kLeft };
std::string OpenSvg(double height, absl::string_view description,
                    Margin margin = Margin::kNone);

// A coordinate of [0, 1] as "12.5%"; what is outside or no number is moved to
// the nearest end.
std::string Across(double share);
// A pixel or path coordinate; what is no finite number becomes 0.
std::string Coordinate(double value);

struct TextStyle {
  absl::string_view anchor = "start";  // "middle", "end"
  absl::string_view css;
  double shift = 0.0;  // pixels to the right
};
std::string SvgText(double share, double y, absl::string_view text,
                    const TextStyle& style = {});

struct Box {
  double left = 0.0;  // shares of the width
  double right = 0.0;
  double top = 0.0;  // pixels
  double height = 0.0;
};
// `title` is what a pointer over the box shows; may be empty.
std::string SvgBox(const Box& box, absl::string_view css,
                   absl::string_view title = "");
std::string SvgLine(std::pair<double, double> from,
                    std::pair<double, double> to, absl::string_view css);

// A picture of its own coordinates [0, width] x [0, height] over the whole
// width, `top` pixels down and `height` pixels high.
std::string OpenStretched(double top, double height, double width);

// Labels under an axis from `low` to `high` and thin lines up to `top`.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  int count = 5;
  Unit unit = Unit::kNumber;
};
std::string SvgAxis(const Axis& axis, double top, double bottom);

// At most this many characters, cut with an ellipsis.
std::string Shortened(absl::string_view text, size_t max_characters);

// Names with their colours, as a list above a picture.
struct LegendEntry {
  std::string label;
  std::string css;  // class of the swatch
  bool dashed = false;
  bool line = false;  // a stroke, not a box
};
std::string Legend(const std::vector<LegendEntry>& entries);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_SVG_H_
