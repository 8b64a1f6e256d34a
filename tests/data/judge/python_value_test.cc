#include "data/judge/python_value.h"

#include <cmath>
#include <string>

#include "data/judge/python_decimal.h"
#include "data/judge/python_text.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using testing::ElementsAre;

PythonValue Value(absl::string_view json) {
  absl::StatusOr<PythonValue> value = ParsePythonJson(json);
  EXPECT_THAT(value, IsOk()) << json;
  return value.ok() ? *std::move(value) : PythonValue{};
}

bool Equal(absl::string_view a, absl::string_view b) {
  return PythonEqual(Value(a), Value(b));
}

bool Same(absl::string_view a, absl::string_view b, double tolerance = 1e-6) {
  return SameResult(Value(a), Value(b), tolerance);
}

TEST(PythonJson, ReadsWhatPythonReads) {
  EXPECT_EQ(std::get<int64_t>(Value(" 12 ").value), 12);
  EXPECT_EQ(std::get<BigInteger>(Value("-123456789012345678901").value).digits,
            "-123456789012345678901");
  EXPECT_EQ(std::get<double>(Value("1.5e3").value), 1500);
  EXPECT_TRUE(std::isnan(std::get<double>(Value("NaN").value)));
  EXPECT_EQ(std::get<double>(Value("-Infinity").value), -HUGE_VAL);
  EXPECT_EQ(std::get<double>(Value("1e999").value), HUGE_VAL);
  EXPECT_EQ(std::get<double>(Value("1e-999").value), 0);
  EXPECT_EQ(std::get<std::string>(Value("\"\\u00e9\\ud83d\\ude00\"").value),
            "\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(std::get<std::string>(Value("\"\\ud83d\"").value), "\xED\xA0\xBD");
  EXPECT_EQ(
      std::get<PythonDict>(Value("{\"a\": 1, \"a\": 2}").value).values.size(),
      1u);
}

TEST(PythonJson, RefusesWithPosition) {
  for (absl::string_view text :
       {"", "01", "1 2", "[1,]", "{\"a\" 1}", "'a'", "\"a", "\"\t\"", "nul",
        "[", "{1: 2}", "\"\\x\"", "-", "+1", ".5", "\"\\u12\""}) {
    EXPECT_THAT(ParsePythonJson(text),
                IsError(absl::StatusCode::kInvalidArgument, "at byte"))
        << text;
  }
  EXPECT_THAT(ParsePythonJson(std::string(100000, '[')),
              IsError(absl::StatusCode::kInvalidArgument, "512 levels"));
}

TEST(PythonJson, DamageIsNoCrash) {
  const std::string seed =
      "{\"a\": [1, -2.5e-3, null, true], \"\\u00e9\\ud83d\\ude00\": {\"b\": "
      "\"x\\n\"}, \"c\": NaN, \"d\": 123456789012345678901234567890}";
  ForEachCut(seed, [](const std::string& cut, size_t) {
    EXPECT_FALSE(ParsePythonJson(cut).ok());
  });
  ForEachBitFlip(seed, [](const std::string& bytes, size_t) {
    ParsePythonJson(bytes).IgnoreError();
  });
  ForEachMutation(seed, 3000, 7, [](const std::string& bytes) {
    absl::StatusOr<PythonValue> value = ParsePythonJson(bytes);
    if (value.ok()) UntagPythonValue(*std::move(value)).IgnoreError();
  });
}

TEST(PythonEqual, NumbersOfAllKinds) {
  EXPECT_TRUE(Equal("1", "1.0"));
  EXPECT_TRUE(Equal("1", "true"));
  EXPECT_TRUE(Equal("0.0", "false"));
  EXPECT_TRUE(Equal("-0.0", "0"));
  EXPECT_FALSE(Equal("1", "\"1\""));
  EXPECT_FALSE(Equal("NaN", "NaN"));
  EXPECT_TRUE(Equal("Infinity", "1e999"));
  // 1e30 is 1000000000000000019884624838656 as a double.
  EXPECT_TRUE(Equal("1e30", "1000000000000000019884624838656"));
  EXPECT_FALSE(Equal("1e30", "1000000000000000000000000000000"));
  EXPECT_FALSE(Equal("9007199254740993", "9007199254740992.0"));
  EXPECT_TRUE(Equal("9223372036854775808", "9223372036854775808.0"));
}

TEST(PythonEqual, Containers) {
  EXPECT_TRUE(Equal("[1, [2.0]]", "[1.0, [2]]"));
  EXPECT_FALSE(Equal("[1, 2]", "[2, 1]"));
  EXPECT_FALSE(Equal("[1]", "[1, 1]"));
  EXPECT_TRUE(Equal("{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}"));
  EXPECT_FALSE(Equal("{\"a\": 1}", "{\"b\": 1}"));
  EXPECT_FALSE(Equal("{}", "[]"));
  EXPECT_TRUE(Equal("null", "null"));
  EXPECT_FALSE(Equal("null", "false"));
}

TEST(PythonEqual, TaggedTuplesDictsAndObjects) {
  const auto tagged = [](absl::string_view json) {
    absl::StatusOr<PythonValue> value = UntagPythonValue(Value(json));
    EXPECT_THAT(value, IsOk());
    return *std::move(value);
  };
  EXPECT_TRUE(PythonEqual(tagged("[\"l\", 1]"), Value("[1]")));
  EXPECT_FALSE(PythonEqual(tagged("[\"t\", 1]"), Value("[1]")));
  EXPECT_TRUE(PythonEqual(tagged("[\"d\", [\"a\", 1]]"), Value("{\"a\": 1}")));
  EXPECT_FALSE(PythonEqual(tagged("[\"d\", [1, 1]]"), Value("{\"1\": 1}")));
  EXPECT_FALSE(PythonEqual(tagged("[\"o\"]"), Value("1")));
  EXPECT_TRUE(PythonEqual(tagged("[\"l\", [\"e\"]]"), Value("[1]")));
  EXPECT_THAT(UntagPythonValue(Value("[\"x\"]")),
              IsError(absl::StatusCode::kInvalidArgument, "unknown tag"));
  EXPECT_THAT(UntagPythonValue(Value("[\"d\", 1]")),
              IsError(absl::StatusCode::kInvalidArgument, "no pair"));
}

TEST(SameResult, FloatsWithinToleranceIntegersExact) {
  EXPECT_TRUE(Same("0.30000000000000004", "0.3"));
  EXPECT_FALSE(Same("0.30000000000000004", "0.3", 0));
  EXPECT_FALSE(Same("0.30001", "0.3"));
  EXPECT_TRUE(Same("[[0.1]]", "[[0.1000000001]]"));
  EXPECT_FALSE(Same("1000000007", "1000000006"));
  EXPECT_TRUE(Same("2.0", "2"));
  EXPECT_TRUE(Same("2.0000000001", "2"));
  EXPECT_TRUE(Same("1000000006.0", "1000000007.0"));
  EXPECT_FALSE(Same("1000000006.0", "1000000007"));
  EXPECT_FALSE(Same("1000000006", "1000000007.0"));
  EXPECT_TRUE(Same("1", "true"));
  EXPECT_TRUE(Same("NaN", "NaN"));
  EXPECT_FALSE(Same("Infinity", "1e308"));
  EXPECT_FALSE(Same("\"0.3\"", "0.3"));
  EXPECT_TRUE(Same("{\"x\": [0.1]}", "{\"x\": [0.1000000001]}"));
}

TEST(PythonDecimal, ReadsAsDecimalDoes) {
  for (absl::string_view word :
       {"1", "-1.50", "+.5", "5.", "1e5", "1E-5", "1_000", "inf", "-Infinity",
        "nan", "NaN12", "sNaN", "00", "1e999999999999999999"}) {
    EXPECT_TRUE(ParsePythonDecimal(word).has_value()) << word;
  }
  for (absl::string_view word :
       {"", ".", "e5", "1e", "--1", "1.2.3", "0x10", "1e5.0", "infinite",
        "nan1x", "1,000", "1e99999999999999999999"}) {
    EXPECT_FALSE(ParsePythonDecimal(word).has_value()) << word;
  }
}

TEST(PythonDecimal, EqualityIsOfValues) {
  const auto same = [](absl::string_view a, absl::string_view b) {
    return SameDecimals(a, b);
  };
  EXPECT_TRUE(same("1.0 2e3", "1 2000"));
  EXPECT_TRUE(same("0", "-0.000"));
  EXPECT_TRUE(same("100e-2", "1"));
  EXPECT_TRUE(same("0.001", "1e-3"));
  EXPECT_FALSE(same("nan", "nan"));
  EXPECT_TRUE(same("inf", "Infinity"));
  EXPECT_FALSE(same("inf", "-inf"));
  EXPECT_FALSE(same("1", "1 1"));
  EXPECT_FALSE(same("1000000000000000000000000000001",
                    "1000000000000000000000000000000"));
}

TEST(PythonText, StripsTheBlanksOfUnicode) {
  EXPECT_EQ(StripPython("\xC2\xA0 \x1c a b\xE3\x80\x80\n"), "a b");
  EXPECT_THAT(SplitPython(" a\xC2\x85 b\tc "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(StrippedPythonLines("\n a \n\n b\n\n"),
              ElementsAre("a", "", "b"));
  EXPECT_THAT(StrippedPythonLines(""), ElementsAre(""));
}

}  // namespace
}  // namespace limbeck
