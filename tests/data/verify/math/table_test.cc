// Published tables of LaTeX: parse rate, numeric values, what must not parse.
// The rows are read from the folder that LIMBECK_TESTDATA names.
#include <cstdlib>
#include <string>
#include <vector>

#include "data/base/json.h"
#include "data/verify/math/math_answer.h"
#include "data/verify/math/sample_points.h"
#include "data/verify/math/scalar_equality.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/verify/math/math_rows.h"

namespace limbeck {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

// The tables write the imaginary unit as I.
MathOptions TableOptions() {
  MathOptions options;
  options.imaginary = ImaginaryUnits::kLowerAndUpperI;
  return options;
}

// Whether the tree has the value of 20 printed digits.
bool Agrees(const ExpressionPtr& root, const std::string& printed) {
  const absl::StatusOr<MathAnswer> expected = ParseMathAnswer(printed);
  if (!expected.ok()) return false;
  if (InfinitySign(*root) != 0 || InfinitySign(*expected->root()) != 0) {
    return InfinitySign(*root) == InfinitySign(*expected->root());
  }
  // Variables cancel in what has a value: any point will do.
  ExpressionPtr number = root;
  for (const auto& [name, value] :
       SamplePoint(FreeSymbols(*root), SampleKind::kRationals, 0)) {
    number = Substitute(number, name, MakeNumber(value));
  }
  // |value - printed| <= 10^-15 |printed|: floats of 15 digits stand among
  // the printed values.
  const ExpressionPtr distance = MakeFunction(
      MathFunction::kAbs, {MakeDifference(number, expected->root())});
  const ExpressionPtr allowed =
      MakeNode(ExpressionKind::kProduct,
               {MakeFunction(MathFunction::kAbs, {expected->root()}),
                MakeNumber(Rational(1, 1'000'000'000'000'000))});
  WorkBudget budget;
  const Order order = CompareReals(distance, allowed, budget);
  return order == Order::kLess || order == Order::kEqual;
}

TEST(Table, ParsesItsLatex) {
  const std::vector<Json> rows = MathRows("parse");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> refused;
  for (const Json& row : rows) {
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(RowField(row, "pred"), TableOptions());
    if (!answer.ok() || answer->type() == MathType::kText) {
      refused.push_back(RowField(row, "id"));
    }
  }
  EXPECT_EQ(rows.size(), 1169u);
  // ||x||y|| is read in two ways; \char"0190 is a glyph's number.
  EXPECT_THAT(refused, UnorderedElementsAre("l2s-0199", "l2s-0775"));
}

TEST(Table, ValuesAgreeToTheDigitsPrinted) {
  const std::vector<Json> rows = MathRows("parse");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> different;
  int compared = 0;
  for (const Json& row : rows) {
    const std::string printed = RowField(row, "gold_value");
    const std::string latex = RowField(row, "pred");
    if (printed.empty()) continue;
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(latex, TableOptions());
    ASSERT_TRUE(answer.ok()) << latex;
    // Greatest common divisors of polynomials and irrational numbers are a
    // convention of the table's library; limits, derivatives and integrals
    // are kept as they stand.
    const std::string text = answer->canonical();
    const bool beyond = text.find("gcd(") != std::string::npos ||
                        text.find("lcm(") != std::string::npos ||
                        text.find("Lim_") != std::string::npos ||
                        text.find("Diff_") != std::string::npos ||
                        text.find("Int_") != std::string::npos ||
                        text.find("oo)") != std::string::npos;
    ++compared;
    if (!Agrees(answer->root(), printed) && !beyond) {
      different.push_back(RowField(row, "id") + " " + latex + " is " + text +
                          ", printed " + printed);
    }
  }
  EXPECT_GT(compared, 500);
  // Remainders printed from floating-point numbers: 1234 is a multiple of
  // 1E-29, and 299792458 mod 9.81 is 5.77.
  EXPECT_THAT(different, testing::ElementsAre(testing::StartsWith("l2s-1103"),
                                              testing::StartsWith("l2s-1109")));
}

TEST(Table, RefusesWhatIsNoMathematics) {
  const std::vector<Json> rows = MathRows("must_not_parse");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> parsed;
  for (const Json& row : rows) {
    if (ParseMathAnswer(RowField(row, "pred"), TableOptions()).ok()) {
      parsed.push_back(RowField(row, "id"));
    }
  }
  // a\%: the table's own grammar takes \variable{a}\%.
  EXPECT_THAT(parsed, UnorderedElementsAre("l2s-0107"));
}

// Bare answers with verdicts of other graders. What differs, and why:
TEST(Table, VerdictsOnBareAnswers) {
  const std::vector<Json> rows = MathRows("equal");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> said_yes, said_no;
  for (const Json& row : rows) {
    const absl::StatusOr<MathAnswer> gold =
        ParseMathAnswer(RowField(row, "gold"));
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(RowField(row, "pred"));
    const bool yes =
        gold.ok() && answer.ok() &&
        CompareMathAnswers(*gold, *answer).verdict == VERDICT_CORRECT;
    const bool label = row.GetInt("expected", 0).value() == 1;
    if (yes && !label) said_yes.push_back(RowField(row, "id"));
    if (!yes && label) said_no.push_back(RowField(row, "id"));
  }
  // 10{,}000 = 10000: that label is wrong.
  EXPECT_THAT(said_yes, UnorderedElementsAre("qwen-0085"));
  EXPECT_THAT(said_no,
              UnorderedElementsAre("sky-0005",    // 3.14159 for 3.1416
                                   "sky-0008",    // 2 for 2.0001
                                   "sky-0009",    // 75 for 0.75
                                   "sky-0019",    // c for C: not an option
                                   "sky-0022",    // nothing for nothing
                                   "tunix-0001",  // 16.67 for 50/3
                                   "tunix-0002",  // 2.33 for 7/3
                                   "tunix-0003",  // 2.3 for 7/3
                                   "tunix-0004"   // \sqrt{}{3}
                                   ));
}

// No row of the tables of graders that is labelled wrong is called correct,
// save those whose label is wrong or a convention about text, not numbers.
TEST(Table, NoFalseYesAmongNegativeRows) {
  const std::vector<Json> rows = MathRows("verify");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> said_yes;
  int negative = 0;
  for (const Json& row : rows) {
    if (row.GetInt("expected", 0).value() == 1) continue;
    ++negative;
    const absl::StatusOr<MathAnswer> gold =
        ParseMathAnswer(RowField(row, "gold"));
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(RowField(row, "pred"));
    if (gold.ok() && answer.ok() &&
        CompareMathAnswers(*gold, *answer).verdict == VERDICT_CORRECT) {
      said_yes.push_back(RowField(row, "id"));
    }
  }
  EXPECT_GT(negative, 30);
  // mv-0188: [-2,7] and -2 <= x <= 7 are equal; the label says only that gold
  // and answer were swapped.
  EXPECT_THAT(said_yes, UnorderedElementsAre("mv-0188"));
}

}  // namespace
}  // namespace limbeck
