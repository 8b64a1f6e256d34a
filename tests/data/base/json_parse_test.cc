// What RFC 8259 allows is read, all else is refused with its place.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using absl::StatusCode;

TEST(JsonParse, AcceptedTexts) {
  for (const char* text : {"null",
                           "true",
                           "false",
                           "0",
                           "-0",
                           "1",
                           "-1",
                           "10",
                           "1.5",
                           "-1.5",
                           "1e5",
                           "1E5",
                           "1e+5",
                           "1e-5",
                           "0.1e1",
                           "0e0",
                           "0e+1",
                           "-0.0",
                           "1.0000000000000000000000000000000000000000001",
                           "\"\"",
                           "\"a\"",
                           R"("\" \\ \/ \b \f \n \r \t \u0041")",
                           "\"\x7F\"",
                           "\"\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80\"",
                           R"("\u0000")",
                           R"("\uD83D\uDE00")",
                           R"("\ud83d\ude00")",
                           R"("\uFFFF")",
                           "[]",
                           "[ ]",
                           "[1]",
                           "[1,2]",
                           "[[],[[]]]",
                           "{}",
                           "{ }",
                           R"({"a":1})",
                           R"({"":1})",
                           R"({"a":{"a":1}})",
                           " \t\r\n1 \t\r\n",
                           "[\n1\n,\n2\n]",
                           R"({"a":1,"b":2})"}) {
    EXPECT_THAT(ParseJson(text), IsOk()) << text;
  }
}

TEST(JsonParse, RefusedTexts) {
  for (const char* text :
       {// numbers
        "", " ", "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e",
        "1e+", "1e-", "1E", "0x10", "1_000", "1,000", "NaN", "nan", "Infinity",
        "-Infinity", "inf", "1e5.5", "--1", "- 1", "1 2", "1a", "2.3.4",
        "\xEF\xBC\x91", "1e400", "-1e400",
        // words
        "nul", "nulll", "True", "TRUE", "tru", "fals", "falsee", "None",
        "undefined", "'a'", "a", "/", "\\",
        // strings
        "\"", "\"a", "a\"", "\"\n\"", "\"\t\"", "\"\x01\"", "\"\x1F\"",
        R"("\")", R"("\a")", R"("\x41")", R"("\'")", R"("\0")", R"("\u")",
        R"("\u1")", R"("\u12")", R"("\u123")", R"("\u123g")", R"("\U0041")",
        R"("\u 041")", R"("\u-041")", R"("\uD800")", R"("\uDC00")",
        R"("\uD800\uD800")", R"("\uD800x")", R"("\uD800\n")", R"("\uD800\u")",
        R"("\uD800\u0041")", R"("\uDE00\uD83D")", "\"\\", "\"\\u",
        "\"\\uD800\\", "\"\x80\"", "\"\xC3\"", "\"\xC0\x80\"",
        "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xFF\"", "\"\xE2\x82\"",
        // arrays
        "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1}",
        "[1:2]", "[\"a\":1]", "[[]", "[]]", "[1]x", "[1],", "(1)",
        // objects
        "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{,}",
        R"({"a":1,})", R"({,"a":1})", R"({"a" 1})", R"({"a":})", R"({"a"})",
        R"({a:1})", R"({'a':1})", R"({1:1})", R"({null:1})", R"({"a":1 "b":2})",
        R"({"a":1,,"b":2})", R"({"a"::1})", R"({"a":1])", R"({"a":1}})",
        R"({[]:1})",
        // comments and other extensions
        "/*c*/1", "1//c", "1#c", "[1/*c*/]",
        "\xEF\xBB\xBF"
        "1",
        "\xC2\xA0"
        "1",
        "\f1", "\v1",
        // duplicate keys
        R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})",
        R"([{"b":{"a":1,"c":2,"a":3}}])"}) {
    const auto parsed = ParseJson(text);
    EXPECT_THAT(parsed, IsError(StatusCode::kInvalidArgument, "line ")) << text;
  }
}

TEST(JsonParse, ZeroBytesAreNoSpace) {
  EXPECT_FALSE(ParseJson(absl::string_view("1\0", 2)).ok());
  EXPECT_FALSE(ParseJson(absl::string_view("\0", 1)).ok());
  EXPECT_FALSE(ParseJson(absl::string_view("\"\0\"", 3)).ok());
  EXPECT_FALSE(ParseJson(absl::string_view("[\0]", 3)).ok());
  EXPECT_EQ(ParseJson(R"("a\u0000b")")->string(), std::string("a\0b", 3));
}

TEST(JsonParse, IntegersAreExactToTheLastOne) {
  const auto parse = [](const char* text) { return *ParseJson(text); };
  EXPECT_EQ(parse("9223372036854775807").integer(), INT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808").integer(), INT64_MIN);
  EXPECT_EQ(parse("9007199254740993").integer(), 9007199254740993);
  EXPECT_EQ(parse("9223372036854775808").kind(), Json::Kind::kUint);
  EXPECT_EQ(parse("9223372036854775808").unsigned_integer(), uint64_t{1} << 63);
  EXPECT_EQ(parse("18446744073709551615").unsigned_integer(), UINT64_MAX);
  EXPECT_EQ(parse("18446744073709551616").kind(), Json::Kind::kDouble);
  EXPECT_EQ(parse("18446744073709551616").number(), 18446744073709551616.0);
  EXPECT_EQ(parse("-9223372036854775809").kind(), Json::Kind::kDouble);
  EXPECT_EQ(parse("-0").integer(), 0);
  EXPECT_EQ(parse("1e2").kind(), Json::Kind::kDouble);
  EXPECT_EQ(parse("1.0").kind(), Json::Kind::kDouble);
}

TEST(JsonParse, DoublesAreNearest) {
  const auto parse = [](const char* text) { return ParseJson(text)->number(); };
  EXPECT_EQ(parse("0.1"), 0.1);
  EXPECT_EQ(parse("1e308"), 1e308);
  EXPECT_EQ(parse("1.7976931348623157e308"),
            std::numeric_limits<double>::max());
  EXPECT_EQ(parse("5e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(parse("2.2250738585072014e-308"),
            std::numeric_limits<double>::min());
  // Half way between two doubles: to even.
  EXPECT_EQ(parse("9007199254740993.0"), 9007199254740992.0);
  EXPECT_EQ(parse("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(parse("-1e-400")));
  EXPECT_TRUE(std::signbit(parse("-0.0")));
}

TEST(JsonParse, EscapesAndSurrogates) {
  EXPECT_EQ(ParseJson(R"("\u00e4\u20AC\ud83d\uDE00")")->string(),
            "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(ParseJson(R"("\"\\\/\b\f\n\r\t")")->string(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(ParseJson(R"("\uDBFF\uDFFF")")->string(), "\xF4\x8F\xBF\xBF");
}

TEST(JsonParse, KeyOrderIsTheTexts) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Json json,
                               ParseJson(R"({"z":1,"a":2,"m":3})"));
  ASSERT_EQ(json.object().size(), 3);
  EXPECT_EQ(json.object()[0].first, "z");
  EXPECT_EQ(json.object()[1].first, "a");
  EXPECT_EQ(json.object()[2].first, "m");
}

TEST(JsonParse, ErrorsGiveLineColumnAndByte) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"{\"a\" 1}",
       "line 1, column 6 (byte 5): expected ':' after a key, "
       "found '1'"},
      {"[1,\n 2 3]", "line 2, column 4 (byte 7): expected ',' or ']'"},
      {"[1",
       "line 1, column 3 (byte 2): expected ',' or ']' after a value, "
       "found the end of the text"},
      {"\n\n  x", "line 3, column 3 (byte 4): expected a value, found 'x'"},
      {"[\"\xC3\xA4\xC3\xA4\", y]", "line 1, column 8 (byte 9)"},
      {"\"abc", "(byte 0): the string has no closing quote"},
      {"\"\x01\"", "(byte 1): a control character must be escaped"},
      {"\"a\xFF\"", "(byte 2): this is not valid UTF-8"},
      {"\"ab\\uD800\"", "(byte 3): the first half of a surrogate pair"},
      {"\"ab\\uDC00\"", "(byte 3): the second half of a surrogate pair"},
      {"012", "(byte 0): a number must not start with 0"},
      {"[1e999]", "(byte 1): the number is beyond the range of a double"},
      {"truth", "(byte 0): expected a value, perhaps true"},
      {"1 x", "(byte 2): expected the end of the text after the value"},
      {"{\"a\":1,\n \"a\":2}",
       "line 2, column 2 (byte 9): the key \"a\" "
       "appears twice"},
      {"\xEF\xBB\xBF{}", "byte order mark"},
      {"\"\\q\"", "(byte 2): expected one of"},
      {"{\"a\":1,}", "(byte 7): expected a key in double quotes, found '}'"}};
  for (const auto& [text, error] : cases) {
    EXPECT_THAT(ParseJson(text), IsError(StatusCode::kInvalidArgument, error));
  }
}

TEST(JsonParse, DuplicatesAmongManyKeysAreFound) {
  for (const int count : {15, 16, 17, 18, 1000}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&text, i == 0 ? "" : ",", "\"key", i, "\":", i);
    }
    EXPECT_THAT(ParseJson(text + "}"), IsOk());
    const size_t place = text.size() + 1;
    EXPECT_THAT(
        ParseJson(text + ",\"key3\":0,\"key1\":0}"),
        IsError(StatusCode::kInvalidArgument,
                absl::StrCat("(byte ", place, "): the key \"key3\" appears")));
  }
}

TEST(JsonParse, DepthIsLimited) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_THAT(ParseJson(nested(128)), IsOk());
  EXPECT_THAT(ParseJson(nested(129)),
              IsError(StatusCode::kInvalidArgument,
                      "(byte 128): more than 128 levels"));
  // Bombs, closed or not, cost neither stack nor time.
  EXPECT_FALSE(ParseJson(nested(1000000)).ok());
  EXPECT_FALSE(ParseJson(std::string(1000000, '[')).ok());
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(ParseJson(objects).ok());
  JsonLimits limits;
  limits.max_depth = 0;
  EXPECT_THAT(ParseJson("1", limits), IsOk());
  EXPECT_FALSE(ParseJson("[]", limits).ok());
}

TEST(JsonParse, SizeIsLimited) {
  JsonLimits limits;
  limits.max_bytes = 4;
  EXPECT_THAT(ParseJson("1234", limits), IsOk());
  EXPECT_THAT(
      ParseJson("12345", limits),
      IsError(StatusCode::kResourceExhausted, "has 5 bytes, at most 4"));
}

}  // namespace
}  // namespace limbeck
