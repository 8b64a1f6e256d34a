// One spelling per integer.
#include "data/verify/plain_number.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace limbeck {
namespace {

using OptionalString = std::optional<std::string>;

struct TextCase {
  std::string text;
  OptionalString expected;
};

TEST(NormalizeInteger, Table) {
  const std::vector<TextCase> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"+7", "7"},
      {"007", "7"},
      {" -12 ", "-12"},
      {"- 12", "-12"},
      {"1,234", "1234"},
      {"1,234,567", "1234567"},
      {"12,34", std::nullopt},
      {"1234,567", std::nullopt},
      {",123", std::nullopt},
      {"1,,234", std::nullopt},
      {"0,123", std::nullopt},
      {"1,234,", std::nullopt},
      {"18.0", "18"},
      {"18.", "18"},
      {"18.000", "18"},
      {"18.5", std::nullopt},
      {".0", std::nullopt},
      {"1.0.0", std::nullopt},
      {"$18", "18"},
      {"$18$", "18"},
      {"\\$18", "18"},
      {"-$5", "-5"},
      {"$-5$", "-5"},
      {"$ 18 $", "18"},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"$", std::nullopt},
      {"--1", std::nullopt},
      {"1 2", std::nullopt},
      {"1e3", std::nullopt},
      {"0x10", std::nullopt},
      {"5%", std::nullopt},
      {"x", std::nullopt},
      {"204_5", std::nullopt},
      {"-007.00", "-7"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {std::string("1\0002", 3), std::nullopt},
  };
  for (const TextCase& c : cases) {
    EXPECT_EQ(NormalizeInteger(c.text), c.expected) << c.text;
  }
}

TEST(NormalizeInteger, TypesetForms) {
  const std::vector<TextCase> cases = {
      {"36^\\circ", "36"},
      {"36^{\\circ}", "36"},
      {"36\xC2\xB0", "36"},
      {"$36^\\circ$", "36"},
      {"^\\circ", std::nullopt},
      {" - 3 ", "-3"},
      {"+3", "3"},
      {"+ 3", "3"},
      {"1{,}234", "1234"},
      {"12{,}34", std::nullopt},
      {"1,\\!234,\\!567", "1234567"},
      {"1\\,234", "1234"},
      {"10\\,00", std::nullopt},
      {"+-3", std::nullopt},
      {"\\pm 3", std::nullopt},
      {"{42}", "42"},
      {"-{42}", "-42"},
      {"\\text{42}", "42"},
      {"\\mathbf{ -42 }", "-42"},
      {"\\(42\\)", "42"},
      {"\\[ 42 \\]", "42"},
      {"{1}{2}", std::nullopt},
      {"42\\text{ cm}", std::nullopt},
      {"5\\text{ or six}", std::nullopt},
      {"\\frac{6}{2}", std::nullopt},
      {"1/2", std::nullopt},
      {"\\text{}", std::nullopt},
  };
  for (const TextCase& c : cases) {
    EXPECT_EQ(NormalizeInteger(c.text), c.expected) << c.text;
  }
}

TEST(NormalizeInteger, TypesetMinusSigns) {
  // Minus sign, en dash, small and wide hyphen-minus.
  for (const std::string sign :
       {"\xE2\x88\x92", "\xE2\x80\x93", "\xEF\xB9\xA3", "\xEF\xBC\x8D"}) {
    EXPECT_EQ(NormalizeInteger(sign + "3"), "-3");
    EXPECT_EQ(NormalizeInteger("$" + sign + " 3$"), "-3");
    EXPECT_EQ(NormalizeInteger(sign + "0"), "0");
    EXPECT_EQ(NormalizeInteger("3" + sign), std::nullopt);
    EXPECT_EQ(NormalizeInteger("5" + sign + "7"), std::nullopt);
    EXPECT_EQ(NormalizeInteger("-" + sign + "3"), std::nullopt);
  }
}

TEST(NormalizeInteger, IsIdempotent) {
  for (int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1234567}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(NormalizeInteger(std::to_string(value)),
              OptionalString(std::to_string(value)));
  }
}

}  // namespace
}  // namespace limbeck
