#include "data/judge/output_checker.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"

namespace limbeck {
namespace {

using testing::HasSubstr;

bool Accepts(CheckerKind kind, absl::string_view expected,
             absl::string_view output, double epsilon = 1e-6) {
  CheckerSpec checker;
  checker.kind = kind;
  checker.epsilon = epsilon;
  return CompareOutputs(checker, expected, output).accepted;
}

std::string Repeat(absl::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out.append(text.data(), text.size());
  return out;
}

// The pairs of DMOJ's standard checker (judge-server, test_checker.py): the
// same rule, both ways round.
TEST(Lines, AgreesWithDmojStandard) {
  const auto both = [](absl::string_view a, absl::string_view b) {
    const bool accepted = Accepts(CheckerKind::kLines, a, b);
    EXPECT_EQ(Accepts(CheckerKind::kLines, b, a), accepted);
    return accepted;
  };
  EXPECT_TRUE(both("a", "a"));
  EXPECT_TRUE(both("a b", "a  b"));
  EXPECT_TRUE(both("a b   \n", "a b"));
  EXPECT_TRUE(both("\n\na b \n    ", "a b"));
  EXPECT_TRUE(both("a\n\n\nb", "a\nb"));
  EXPECT_TRUE(both("  a   \n\n", "\n\n\n  a   \n"));
  EXPECT_TRUE(both(Repeat("a ", 1000), Repeat(" a", 1000)));
  EXPECT_TRUE(both(Repeat("a\n", 1000), Repeat("\n\n\na", 1000)));
  EXPECT_FALSE(both("a", "b"));
  EXPECT_FALSE(both("\n\n\na \n b\n", "a b"));
  EXPECT_FALSE(both("a\n\n\nb", "a b"));
  EXPECT_FALSE(both("ab", "a b"));
}

TEST(Lines, CarriageReturnsAreBlanks) {
  EXPECT_TRUE(Accepts(CheckerKind::kLines, "1\n2\n", "1\r\n2\r\n"));
}

TEST(Lines, CaseAndNumbersAreText) {
  EXPECT_FALSE(Accepts(CheckerKind::kLines, "Yes", "yes"));
  EXPECT_FALSE(Accepts(CheckerKind::kLines, "1", "1.0"));
}

TEST(Lines, DetailNamesLineAndBothTexts) {
  const OutputComparison compared =
      CompareOutputs(CheckerSpec(), "1\n2\n3\n", "1\n5\n3\n");
  EXPECT_EQ(compared.detail, "line 2 is \"5\", expected \"2\"");
  EXPECT_EQ(CompareOutputs(CheckerSpec(), "1\n2\n", "1\n").detail,
            "output has 1 lines, expected 2");
}

TEST(Exact, EveryByteCounts) {
  EXPECT_TRUE(Accepts(CheckerKind::kExact, "a\nb\n", "a\nb\n"));
  EXPECT_FALSE(Accepts(CheckerKind::kExact, "a\nb\n", "a\nb"));
  EXPECT_FALSE(Accepts(CheckerKind::kExact, "a\nb", "a \nb"));
  EXPECT_FALSE(Accepts(CheckerKind::kExact, "", "a"));
  CheckerSpec exact;
  exact.kind = CheckerKind::kExact;
  EXPECT_EQ(CompareOutputs(exact, "abc", "abd").detail,
            "output differs at byte 2: \"d\", expected \"c\"");
}

TEST(Tokens, LineBreaksAreBlanks) {
  EXPECT_TRUE(Accepts(CheckerKind::kTokens, "1 2\n3", "1\n2 3\n"));
  EXPECT_FALSE(Accepts(CheckerKind::kTokens, "1 2", "12"));
  EXPECT_FALSE(Accepts(CheckerKind::kTokens, "1 2", "1 2 3"));
  EXPECT_FALSE(Accepts(CheckerKind::kTokens, "1 2 3", "1 2"));
  EXPECT_TRUE(Accepts(CheckerKind::kTokens, "", " \n"));
}

TEST(YesNo, OnlyYesAndNoIgnoreCase) {
  EXPECT_TRUE(Accepts(CheckerKind::kYesNo, "YES\nno", "Yes\nNO\n"));
  EXPECT_FALSE(Accepts(CheckerKind::kYesNo, "YES", "NO"));
  EXPECT_FALSE(Accepts(CheckerKind::kYesNo, "YES", "Y"));
  EXPECT_TRUE(Accepts(CheckerKind::kYesNo, "YES 3", "yes 3"));
  EXPECT_FALSE(Accepts(CheckerKind::kYesNo, "YES a", "yes A"));
  EXPECT_FALSE(Accepts(CheckerKind::kYesNo, "YES", "YES YES"));
}

// DMOJ's sorted checker, lines: repeated lines count.
TEST(SetOfLines, AnyOrderEachAsOften) {
  EXPECT_TRUE(Accepts(CheckerKind::kSetOfLines, "3\n1 2", "1 2\n3"));
  EXPECT_FALSE(Accepts(CheckerKind::kSetOfLines, "3\n2 1", "1 2\n3"));
  EXPECT_FALSE(Accepts(CheckerKind::kSetOfLines, "1\n2\n2", "1\n1\n2"));
  EXPECT_FALSE(Accepts(CheckerKind::kSetOfLines, "1", "1\n2"));
  EXPECT_FALSE(Accepts(CheckerKind::kSetOfLines, "1\n2", "12"));
  EXPECT_TRUE(Accepts(CheckerKind::kSetOfLines, "1 2", " 1 2 \n\n"));
}

TEST(LiveCodeBenchChecker, DecimalsAreExactAndLinesCount) {
  const CheckerKind kind = CheckerKind::kLiveCodeBench;
  EXPECT_TRUE(Accepts(kind, "1", "1.0"));
  EXPECT_TRUE(Accepts(kind, "7", "007"));
  EXPECT_TRUE(Accepts(kind, "0.3 1e2", "3e-1   100.00"));
  EXPECT_FALSE(Accepts(kind, "0.333333333333", "0.3333333333333333"));
  EXPECT_FALSE(Accepts(kind, "Yes", "yes"));
  EXPECT_FALSE(Accepts(kind, "1\n2", "1\n\n2"));
  EXPECT_FALSE(Accepts(kind, "a b", "a  b"));
  EXPECT_TRUE(Accepts(kind, "a b", "  a b\t\n\n"));
  EXPECT_TRUE(Accepts(kind, "NaN", "NaN"));
  EXPECT_FALSE(Accepts(kind, "NaN 1", "nan 1"));
}

// code_contests' OutputsMatch has 1e-5; its six cases, and the two ways out of
// a tolerance: integers and what is no number.
TEST(Floats, NumbersWithinEpsilon) {
  const CheckerKind kind = CheckerKind::kFloats;
  EXPECT_TRUE(Accepts(kind, "abc def", "abc def", 1e-5));
  EXPECT_FALSE(Accepts(kind, "abc def", "abc deg", 1e-5));
  EXPECT_FALSE(Accepts(kind, "abc def 123", "abc def", 1e-5));
  EXPECT_TRUE(Accepts(kind, "abc 123.000001", "abc 123", 1e-5));
  EXPECT_FALSE(Accepts(kind, "abc 123.1", "abc 123", 1e-5));
  EXPECT_TRUE(Accepts(kind, "0.333333333333", "0.3333333"));
  EXPECT_TRUE(Accepts(kind, "1e9", "1000000000.5"));
  EXPECT_FALSE(Accepts(kind, "0.0", "0.00001"));
  EXPECT_TRUE(Accepts(kind, "0.5", "5e-1"));
  EXPECT_TRUE(Accepts(kind, "1.5", "+1.5"));
  EXPECT_FALSE(Accepts(kind, "1.5", "+-1.5"));
}

TEST(Floats, IntegersAreExact) {
  const CheckerKind kind = CheckerKind::kFloats;
  EXPECT_FALSE(Accepts(kind, "1000000006", "1000000007"));
  EXPECT_TRUE(Accepts(kind, "7", "007"));
  EXPECT_TRUE(Accepts(kind, "-0", "0"));
  EXPECT_FALSE(Accepts(kind, "-7", "7"));
  EXPECT_FALSE(Accepts(kind, "100000000000000000000000000001",
                       "100000000000000000000000000002"));
}

TEST(Floats, NoNumberIsCloseToAnother) {
  const CheckerKind kind = CheckerKind::kFloats;
  EXPECT_FALSE(Accepts(kind, "1.5", "nan"));
  EXPECT_FALSE(Accepts(kind, "1.5", "inf"));
  EXPECT_FALSE(Accepts(kind, "inf", "-inf"));
  EXPECT_TRUE(Accepts(kind, "nan", "nan"));  // the same word
  EXPECT_FALSE(Accepts(kind, "1.5", "1.5x"));
  EXPECT_FALSE(Accepts(kind, "1.5", "0x1.8"));
}

TEST(QuoteStart, CutsAndEscapes) {
  EXPECT_EQ(QuoteStart("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(QuoteStart(std::string(61, 'x')),
            "\"" + std::string(60, 'x') + "...\"");
  EXPECT_THAT(QuoteStart("\x1b[0m"), HasSubstr("\\x1b"));
}

TEST(Checkers, AnyBytesAreComparedWithoutHarm) {
  const std::string seed = "1.5 yes\n\xC2\xA0 1e-3\n\xE3\x80\x80 -7 nan\n";
  for (CheckerKind kind :
       {CheckerKind::kLines, CheckerKind::kExact, CheckerKind::kTokens,
        CheckerKind::kYesNo, CheckerKind::kSetOfLines,
        CheckerKind::kLiveCodeBench, CheckerKind::kFloats}) {
    ForEachMutation(seed, 300, 5, [&](const std::string& bytes) {
      Accepts(kind, seed, bytes);
      EXPECT_TRUE(Accepts(kind, bytes, bytes)) << CheckerName(kind);
    });
  }
}

}  // namespace
}  // namespace limbeck
