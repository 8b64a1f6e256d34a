#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "data/base/json.h"
#include "data/base/random.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TEST(JsonWrite, Compact) {
  const std::string text =
      R"({"b":[1,-2,18446744073709551615,0.5],"a":{"x":null,"y":true},"e":[]})";
  EXPECT_EQ(WriteJson(*ParseJson(text)), text);
}

TEST(JsonWrite, Indented) {
  EXPECT_EQ(WriteJsonIndented(*ParseJson(R"({"a":[1,{"b":2}],"c":{},"d":[]})")),
            "{\n"
            "  \"a\": [\n"
            "    1,\n"
            "    {\n"
            "      \"b\": 2\n"
            "    }\n"
            "  ],\n"
            "  \"c\": {},\n"
            "  \"d\": []\n"
            "}");
  EXPECT_EQ(WriteJsonIndented(Json(1)), "1");
}

TEST(JsonWrite, StringsAreEscaped) {
  EXPECT_EQ(WriteJson("a\"b\\c/\b\f\n\r\t"), R"("a\"b\\c/\b\f\n\r\t")");
  EXPECT_EQ(WriteJson(std::string("\0\x01\x1F\x7F", 4)),
            "\"\\u0000\\u0001\\u001f\x7F\"");
  EXPECT_EQ(WriteJson("\xC3\xA4\xF0\x9F\x98\x80"),
            "\"\xC3\xA4\xF0\x9F\x98\x80\"");
}

TEST(JsonWrite, BadBytesBecomeTheReplacementCharacter) {
  EXPECT_EQ(WriteJson("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(WriteJson("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(WriteJson("\xED\xA0\x80"),
            "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWrite, DoublesStayDoubles) {
  EXPECT_EQ(WriteJson(1.0), "1.0");
  EXPECT_EQ(WriteJson(-0.0), "-0.0");
  EXPECT_EQ(WriteJson(0.1), "0.1");
  EXPECT_EQ(WriteJson(1e22), "1e+22");
  EXPECT_EQ(WriteJson(1e-7), "1e-07");
  EXPECT_EQ(WriteJson(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(WriteJson(std::numeric_limits<double>::denorm_min()), "5e-324");
}

TEST(JsonWrite, NonFiniteNumbersAreNull) {
  EXPECT_EQ(WriteJson(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(WriteJson(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(WriteJson(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWrite, EveryFiniteDoubleReadsBackEqual) {
  for (uint64_t i = 0; i < 100000; ++i) {
    const uint64_t bits = RandomBits(/*key=*/4, i);
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    const auto back = ParseJson(WriteJson(value));
    ASSERT_THAT(back, IsOk()) << WriteJson(value);
    ASSERT_EQ(back->kind(), Json::Kind::kDouble);
    const double read = back->number();
    ASSERT_EQ(std::memcmp(&read, &value, sizeof(value)), 0) << WriteJson(value);
  }
}

TEST(JsonWrite, EveryIntegerReadsBackEqual) {
  for (uint64_t i = 0; i < 100000; ++i) {
    // All magnitudes, both signs.
    const uint64_t bits = RandomBits(/*key=*/5, i) >> (i % 64);
    const Json value =
        i % 3 == 0 ? Json(bits) : Json(static_cast<int64_t>(bits));
    ASSERT_EQ(*ParseJson(WriteJson(value)), value);
  }
}

}  // namespace
}  // namespace limbeck
