#include "recipes/report/html.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipes/report/numbers.h"
#include "tests/support/mutation.h"

namespace limbeck::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Escape, MarkupBecomesEntities) {
  EXPECT_EQ(Escape("<b a=\"1\">'&amp;'</b>"),
            "&lt;b a=&quot;1&quot;&gt;&#39;&amp;amp;&#39;&lt;/b&gt;");
}

TEST(Escape, ControlCharactersBecomeVisible) {
  EXPECT_EQ(Escape(std::string("a\x00\x1b\r\x7f", 5)), "a␀␛␍␡");
  EXPECT_EQ(Escape("a\n\tb"), "a\n\tb");
  EXPECT_EQ(Escape("\xC2\x85"), "\xEF\xBF\xBD");  // U+0085, a C1 control
}

TEST(Escape, BytesThatAreNoUtf8AreReplacedOneByOne) {
  EXPECT_EQ(Escape("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(Escape("\xC3"), "\xEF\xBF\xBD");                  // cut
  EXPECT_EQ(Escape("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong
  EXPECT_EQ(Escape("\xED\xA0\x80"),                           // surrogate
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Escape, BidirectionalControlsAreReplaced) {
  EXPECT_EQ(Escape("a\u202Eb\u2066c"), "a\uFFFDb\uFFFDc");
}

TEST(Escape, NoncharactersAreReplaced) {
  EXPECT_EQ(Escape("\xEF\xBF\xBE"), "\xEF\xBF\xBD");      // U+FFFE
  EXPECT_EQ(Escape("\xEF\xB7\x90"), "\xEF\xBF\xBD");      // U+FDD0
  EXPECT_EQ(Escape("\xF0\x9F\xBF\xBF"), "\xEF\xBF\xBD");  // U+1FFFF
}

TEST(Escape, OtherTextStays) {
  EXPECT_EQ(Escape("Größe → 数 🙂"), "Größe → 数 🙂");
}

TEST(Escape, NothingThatIsMarkupComesThrough) {
  ForEachMutation("<a href='x'>\xE2\x82\xAC & \"</a>\x01\xFF", 2000, 7,
                  [](const std::string& text) {
                    const std::string html = Escape(text);
                    EXPECT_EQ(html.find_first_of("<>\"'"), std::string::npos);
                    EXPECT_EQ(html.find('\x01'), std::string::npos);
                    EXPECT_EQ(html.find('\xFF'), std::string::npos);
                  });
}

TEST(Excerpt, CutsBetweenCharacters) {
  EXPECT_EQ(Excerpt("abc", 3), "abc");
  EXPECT_EQ(Excerpt("a€b", 2), "a [… 4 more bytes]");
  EXPECT_EQ(Excerpt("a€b", 4), "a€ [… 1 more bytes]");
  EXPECT_EQ(Excerpt(std::string(100, '\x80'), 0), " [… 100 more bytes]");
}

TEST(Numbers, AreGrouped) {
  EXPECT_EQ(Count(0), "0");
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1000), "1,000");
  EXPECT_EQ(Count(std::numeric_limits<uint64_t>::max()),
            "18,446,744,073,709,551,615");
}

TEST(Numbers, SharesAreInPercent) {
  EXPECT_EQ(Percent(0.1234), "12.3\u00A0%");
  EXPECT_EQ(Percent(std::numeric_limits<double>::quiet_NaN()), "–");
  EXPECT_EQ(Points(0.0521), "+5.2");
  EXPECT_EQ(Points(-0.0521), "−5.2");
  EXPECT_EQ(Points(-0.0001), "0.0");
}

TEST(Numbers, DurationsChangeUnits) {
  EXPECT_EQ(Duration(0.04), "0.04\u00A0s");
  EXPECT_EQ(Duration(2.54), "2.5\u00A0s");
  EXPECT_EQ(Duration(9.96), "10\u00A0s");
  EXPECT_EQ(Duration(59.6), "1\u00A0min 0\u00A0s");
  EXPECT_EQ(Duration(7380), "2\u00A0h 3\u00A0min");
  EXPECT_EQ(Duration(-1), "–");
}

TEST(Numbers, ShortOnesHaveASuffix) {
  EXPECT_EQ(Short(9999), "9999");
  EXPECT_EQ(Short(10000), "10k");
  EXPECT_EQ(Short(1234567), "1.23M");
  EXPECT_EQ(Short(999900), "1M");
  EXPECT_EQ(Short(0.25), "0.25");
}

TEST(TableHtml, NumbersStandRight) {
  const Table table = {{"a", "b"}, {false, true}, {{"x", "1"}}};
  const std::string html = ToHtml(table);
  EXPECT_THAT(html, HasSubstr("<td>x</td><td class=\"n\">1</td>"));
  EXPECT_THAT(html, Not(HasSubstr("wide")));
}

TEST(TableHtml, CellsOfWideTablesCarryTheirHead) {
  const Table table = {
      {"a", "b", "c", "d", "e"}, {}, {{"1", "2", "3", "4", "5"}}};
  EXPECT_THAT(ToHtml(table), HasSubstr("<td data-head=\"e\">5</td>"));
}

TEST(TableHtml, RowsMayBeLongerThanTheHead) {
  const Table table = {{"a"}, {true}, {{"1", "2"}}};
  EXPECT_THAT(ToHtml(table), HasSubstr("<td>2</td>"));
}

TEST(Sources, AreListedOnceAndGrouped) {
  EXPECT_EQ(SourceList({"a/x.json", "b/y.json", "a/x.json"}),
            "<code>a/x.json</code>; <code>b/y.json</code>");
  EXPECT_EQ(SourceList({"a/m", "b/m", "c/m", "d/m"}),
            "<code>m</code> of <code>a</code>, <code>b</code>, "
            "<code>c</code>, <code>d</code>");
}

TEST(PageHtml, ForbidsEverythingButItsStyle) {
  const std::string html =
      Page("T <1>", "<p>lead</p>", {{"id", "S", "G", "<p>b</p>", {"f"}}});
  EXPECT_THAT(html, HasSubstr("content=\"default-src 'none'; style-src "
                              "'unsafe-inline'\""));
  EXPECT_THAT(html, HasSubstr("<title>T &lt;1&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"#id\">S</a>"));
  EXPECT_THAT(html, HasSubstr("Source: <code>f</code>"));
}

}  // namespace
}  // namespace limbeck::report
