#include "recipes/report/charts.h"

#include <cmath>
#include <limits>
#include <regex>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Of attributes and paths: numbers only, every svg closed.
void ExpectSoundSvg(const std::string& svg) {
  static const std::regex kAttribute(
      " (x|y|x1|x2|y1|y2|cx|cy|r|width|height|d|viewBox|dx|fill-opacity)="
      "\"([^\"]*)\"");
  static const std::regex kNumbers("[-0-9.e+%MLHVZhvz ]*");
  for (std::sregex_iterator at(svg.begin(), svg.end(), kAttribute), end;
       at != end; ++at) {
    EXPECT_TRUE(std::regex_match((*at)[2].str(), kNumbers)) << at->str();
  }
  EXPECT_EQ(CountOf(svg, "<svg"), CountOf(svg, "</svg>"));
}

TEST(Ticks, AreRound) {
  EXPECT_THAT(Ticks(0.0, 1.0, 5),
              ElementsAre(0.0, 0.2, 0.4, ::testing::DoubleEq(0.6), 0.8, 1.0));
  EXPECT_THAT(Ticks(3.1, 9.9, 4), ElementsAre(4.0, 6.0, 8.0));
  EXPECT_THAT(Ticks(-10.0, 10.0, 4), ElementsAre(-10.0, -5.0, 0.0, 5.0, 10.0));
}

TEST(Ticks, DegenerateRangesHaveNone) {
  EXPECT_THAT(Ticks(1.0, 1.0, 5), IsEmpty());
  EXPECT_THAT(Ticks(2.0, 1.0, 5), IsEmpty());
  EXPECT_THAT(Ticks(kNan, 1.0, 5), IsEmpty());
  EXPECT_THAT(Ticks(0.0, kInfinity, 5), IsEmpty());
  EXPECT_THAT(Ticks(0.0, 5e-320, 5), IsEmpty());
  // Neighbouring doubles far from zero: no step between them.
  EXPECT_THAT(Ticks(1e18, std::nextafter(1e18, kInfinity), 5), IsEmpty());
}

TEST(Ticks, AreAboutAsManyAsAsked) {
  for (const double high : {1e-9, 0.003, 0.7, 1.9, 42.0, 9.99e5, 1e30}) {
    const size_t count = Ticks(0.0, high, 5).size();
    EXPECT_GE(count, 3u) << high;
    EXPECT_LE(count, 6u) << high;
  }
}

TEST(RoundUp, TakesTheNextRoundNumber) {
  EXPECT_DOUBLE_EQ(RoundUp(0.061), 0.1);
  EXPECT_DOUBLE_EQ(RoundUp(0.2), 0.2);
  EXPECT_DOUBLE_EQ(RoundUp(2.1), 2.5);
  EXPECT_DOUBLE_EQ(RoundUp(0.0), 1.0);
  EXPECT_DOUBLE_EQ(RoundUp(kNan), 1.0);
}

TEST(Across, StaysInside) {
  EXPECT_EQ(Across(0.125), "12.5%");
  EXPECT_EQ(Across(-3.0), "0%");
  EXPECT_EQ(Across(kInfinity), "100%");
  EXPECT_EQ(Across(kNan), "0%");
}

TEST(SvgAxis, LabelsAtTheEdgesDoNotStickOut) {
  const std::string svg = SvgAxis({0.0, 1.0, 5, Unit::kPercent}, 0.0, 10.0);
  EXPECT_THAT(svg, HasSubstr("<text x=\"0%\" y=\"26\" class=\"soft\">0"));
  EXPECT_THAT(svg, HasSubstr("x=\"100%\" y=\"26\" text-anchor=\"end\""));
  EXPECT_THAT(svg, HasSubstr("x=\"20%\" y=\"26\" text-anchor=\"middle\""));
}

TEST(BarChart, BarsEndAtTheirShareOfTheMaximum) {
  Bar bar;
  bar.label = "a < b";
  bar.value = 0.25;
  bar.text = "25 %";
  bar.colour = 2;
  const std::string svg = BarChart({bar}, 0.5, Unit::kPercent, "d");
  ExpectSoundSvg(svg);
  EXPECT_THAT(svg, HasSubstr("width=\"50%\" height=\"16\" class=\"bar f2\""));
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  EXPECT_THAT(svg, Not(HasSubstr("whisker")));
}

TEST(BarChart, BothIntervalsAreDrawn) {
  Bar bar;
  bar.value = 0.5;
  bar.inner_low = 0.45;
  bar.inner_high = 0.55;
  bar.outer_low = 0.4;
  bar.outer_high = 0.6;
  const std::string svg = BarChart({bar}, 1.0, Unit::kPercent, "d");
  EXPECT_THAT(svg, HasSubstr("x1=\"40%\""));
  EXPECT_THAT(svg, HasSubstr("x1=\"45%\""));
  EXPECT_THAT(svg, HasSubstr("whisker thick"));
}

TEST(BarChart, NumbersThatAreNoneDoNotBreakIt) {
  Bar bar;
  bar.value = kNan;
  bar.inner_high = kInfinity;
  bar.outer_low = -kInfinity;
  bar.outer_high = kNan;
  for (const double maximum : {1.0, 0.0, kNan, kInfinity}) {
    ExpectSoundSvg(BarChart({bar}, maximum, Unit::kSeconds, "d"));
  }
  ExpectSoundSvg(BarChart({}, 1.0, Unit::kNumber, "d"));
}

TEST(StackedBars, PartsFollowOneAnother) {
  const std::string svg =
      StackedBars({{"s",
                    "3 of 4",
                    {{3.0, "kept", "kept: 3"}, {1.0, "rejected", "<bad>: 1"}}}},
                  4.0, "d");
  ExpectSoundSvg(svg);
  EXPECT_THAT(svg, HasSubstr("x=\"75%\" y=\"20\" width=\"25%\""));
  EXPECT_THAT(svg, HasSubstr("<title>&lt;bad&gt;: 1</title>"));
}

TEST(DifferenceChart, ZeroIsAlwaysThere) {
  const std::string svg =
      DifferenceChart({{"a − b", 0.2, 0.1, 0.3, "+20.0", 1}}, "d");
  ExpectSoundSvg(svg);
  EXPECT_THAT(svg, HasSubstr("class=\"zero\""));
  ExpectSoundSvg(DifferenceChart({{"none", kNan, kNan, kNan, "", 0}}, "d"));
  ExpectSoundSvg(DifferenceChart({}, "d"));
}

TEST(DifferenceChart, LineAtZeroLeavesTheTextAlone) {
  const std::string svg = DifferenceChart(
      {{"a", -0.2, -0.3, -0.1, "−20", 1}, {"b", -0.1, -0.2, 0, "−10", 1}}, "d");
  // Rows are 46 pixels high, their text stands in the first 18 of them.
  EXPECT_THAT(svg, HasSubstr("y1=\"18\""));
  EXPECT_THAT(svg, HasSubstr("y1=\"64\""));
  EXPECT_THAT(svg, HasSubstr("y2=\"92\""));
  size_t lines = 0;
  for (size_t at = svg.find("\"zero\""); at != std::string::npos;
       at = svg.find("\"zero\"", at + 1)) {
    ++lines;
  }
  EXPECT_EQ(lines, 2u);
}

TEST(LineChart, PointsThatAreNotFiniteBreakTheLine) {
  const Series series = {
      "s",
      {{0, 1}, {1, 2}, {2, kNan}, {3, 1}, {4, kInfinity}, {5, 2}},
      0,
      false};
  const std::string svg = LineChart({series}, "x", "y", "d");
  ExpectSoundSvg(svg);
  EXPECT_EQ(CountOf(svg.substr(svg.find("d=\"M0")), "M"),
            4u);  // and the legend
}

TEST(LineChart, EmptyAndConstantSeriesAreFine) {
  ExpectSoundSvg(LineChart({}, "x", "y", "d"));
  ExpectSoundSvg(LineChart({{"s", {}, 0, false}}, "x", "y", "d"));
  ExpectSoundSvg(LineChart({{"s", {{5, 3}}, 0, false}}, "x", "y", "d"));
  ExpectSoundSvg(LineChart({{"s", {{5, 3}, {6, 3}}, 0, true}}, "x", "y", "d"));
}

TEST(LineChart, StaysSmallForLongRuns) {
  Series series;
  for (int i = 0; i < 100000; ++i) series.points.emplace_back(i, i % 97);
  EXPECT_LT(LineChart({series}, "x", "y", "d").size(), 30000u);
}

TEST(Thin, KeepsExtremesAndOrder) {
  Points2D points;
  for (int i = 0; i < 10000; ++i) points.emplace_back(i, std::sin(0.01 * i));
  points[1234].second = 50.0;
  points[8765].second = -50.0;
  const Points2D thinned = Thin(points, 100);
  EXPECT_LE(thinned.size(), 202u);
  double low = 0.0, high = 0.0;
  for (size_t i = 0; i < thinned.size(); ++i) {
    low = std::min(low, thinned[i].second);
    high = std::max(high, thinned[i].second);
    if (i > 0) {
      EXPECT_LT(thinned[i - 1].first, thinned[i].first);
    }
  }
  EXPECT_EQ(high, 50.0);
  EXPECT_EQ(low, -50.0);
}

TEST(Thin, ShortSeriesStay) {
  const Points2D points = {{0, 1}, {1, 2}, {2, 3}};
  EXPECT_EQ(Thin(points, 2), points);
  EXPECT_EQ(Thin(points, 0), points);
}

TEST(Histograms, EqualValuesFillOneBinOfSomeWidth) {
  const std::string svg =
      Histograms({{"s", "", std::vector<double>(60, 160.0), 0}}, "x", "d");
  ExpectSoundSvg(svg);
  // Bins of width 5 from 0 on: the value is in the last of 33.
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 33 48\""));
  EXPECT_THAT(svg, HasSubstr("L31 48H32L32 0H33V48Z"));
}

TEST(Histograms, SurviveZerosAndNonsense) {
  ExpectSoundSvg(Histograms({{"s", "", {0.0}, 0}}, "x", "d"));
  ExpectSoundSvg(Histograms({{"s", "", {}, 0}}, "x", "d"));
  ExpectSoundSvg(
      Histograms({{"s", "", {kNan, kInfinity, -5.0, 7.0}, 0}}, "x", "d"));
}

TEST(HeatMap, StrengthIsTheShare) {
  const std::string svg = HeatMap({{"m", "t", {0.0, 0.5, 1.0, kNan}, 3}}, "d");
  ExpectSoundSvg(svg);
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"0.5\" d=\"M1 0h1v22h-1z\""));
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"1\" d=\"M2 0h1v22h-1z\""));
  EXPECT_EQ(CountOf(svg, "fill-opacity"), 2u);  // never solved, not there: none
}

TEST(HeatMap, NeighboursOfLongRowsAreAveraged) {
  std::vector<double> shares(2 * kMaxHeatMapColumns);
  for (size_t i = 0; i < shares.size(); ++i) shares[i] = i % 2 == 0 ? 1.0 : 0.0;
  const std::string svg = HeatMap({{"m", "", shares, 0}}, "d");
  ExpectSoundSvg(svg);
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 400 22\""));
  EXPECT_EQ(CountOf(svg, "fill-opacity=\"0.5\""), 1u);
  EXPECT_EQ(CountOf(svg, "fill-opacity"), 1u);
  ExpectSoundSvg(HeatMap({{"m", "", {}, 0}}, "d"));
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(Shortened("äöü", 3), "äöü");
  EXPECT_EQ(Shortened("äöüß", 3), "äöü…");
}

TEST(Colours, RepeatAndHaveANeutralOne) {
  EXPECT_EQ(FillClass(0), FillClass(kNumColours));
  EXPECT_EQ(FillClass(kNeutralColour), "fn");
}

}  // namespace
}  // namespace limbeck::report
