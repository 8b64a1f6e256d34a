// Verdicts, one line each, by what the answers are.
#include <string>

#include "data/verify/math/math_answer.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

MathComparison Judge(const std::string& gold, const std::string& answer,
                     const MathOptions& options = {}) {
  const absl::StatusOr<MathAnswer> g = ParseMathAnswer(gold, options);
  const absl::StatusOr<MathAnswer> a = ParseMathAnswer(answer, options);
  if (!g.ok() || !a.ok()) return {VERDICT_UNKNOWN, "no mathematics"};
  return CompareMathAnswers(*g, *a, options);
}

struct Case {
  const char* gold;
  const char* answer;
};

class Correct : public testing::TestWithParam<Case> {};
class Wrong : public testing::TestWithParam<Case> {};
class Unknown : public testing::TestWithParam<Case> {};

TEST_P(Correct, BothWays) {
  const Case& c = GetParam();
  const MathComparison forth = Judge(c.gold, c.answer);
  EXPECT_EQ(forth.verdict, VERDICT_CORRECT)
      << c.gold << " | " << c.answer << ": " << forth.reason;
  EXPECT_EQ(Judge(c.answer, c.gold).verdict, VERDICT_CORRECT)
      << c.answer << " | " << c.gold;
}

TEST_P(Wrong, BothWays) {
  const Case& c = GetParam();
  const MathComparison forth = Judge(c.gold, c.answer);
  EXPECT_EQ(forth.verdict, VERDICT_WRONG)
      << c.gold << " | " << c.answer << ": " << forth.reason;
  EXPECT_EQ(Judge(c.answer, c.gold).verdict, VERDICT_WRONG)
      << c.answer << " | " << c.gold;
}

TEST_P(Unknown, NeverAGuess) {
  const Case& c = GetParam();
  const MathComparison forth = Judge(c.gold, c.answer);
  EXPECT_EQ(forth.verdict, VERDICT_UNKNOWN)
      << c.gold << " | " << c.answer << ": " << forth.reason;
  EXPECT_NE(forth.reason, "");
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, Correct,
    testing::Values(
        Case{"1/2", "0.5"}, Case{"\\frac{2}{4}", "\\frac12"},
        Case{"1000.99", "1,000.99"}, Case{"1/3", "0.\\overline{3}"},
        Case{"2\\sqrt{5}", "\\sqrt{20}"}, Case{"1500", "1.5e3"},
        Case{"\\frac{1}{\\sqrt2}", "\\frac{\\sqrt{2}}{2}"},
        Case{"\\sqrt{2}+\\sqrt{3}", "\\sqrt{5+2\\sqrt{6}}"},
        Case{"\\frac{1}{1+i}", "\\frac{1-i}{2}"}, Case{"-1", "e^{i\\pi}"},
        Case{"\\frac12", "\\sin 30^\\circ"},
        Case{"\\frac12", "\\sin\\frac{\\pi}{6}"}, Case{"3", "\\log_2 8"},
        Case{"0", "\\sqrt{2}\\sqrt{3}-\\sqrt{6}"},
        Case{"0", "5(\\sqrt{2}-\\sqrt{2})"}, Case{"2", "\\sqrt[3]{8}"},
        Case{"-2", "\\sqrt[3]{-8}"}, Case{"2^{100}", "4^{50}"},
        Case{"120", "5!"}, Case{"10", "\\binom{5}{2}"},
        Case{"3", "\\lfloor\\pi\\rfloor"},

        Case{"\\frac{\\pi}{4}", "\\arctan 1"}, Case{"\\infty", "+\\infty"},
        Case{"55", "\\sum_{k=1}^{10} k"}));

INSTANTIATE_TEST_SUITE_P(
    NumberWords, Correct,
    testing::Values(Case{"6", "six"}, Case{"2", "two"}, Case{"10", "Ten."},
                    Case{"0", "zero"}, Case{"1", "one"}, Case{"20", "twenty"},
                    Case{"21", "twenty-one"}, Case{"99", "ninety nine"},
                    Case{"100", "one hundred"}, Case{"12", "\\text{twelve}"},
                    Case{"21", "\\text{twenty-one}"}));

INSTANTIATE_TEST_SUITE_P(NumberWords, Wrong,
                         testing::Values(Case{"6", "seven"},
                                         Case{"21", "twenty-two"},
                                         Case{"six", "ten"}));

INSTANTIATE_TEST_SUITE_P(
    Formulas, Correct,
    testing::Values(
        Case{"x^2+2x+1", "(x+1)^2"},
        Case{"\\frac{x+2}{7}", "\\frac{x}{7}+\\frac27"},
        Case{"\\tan^2 y + 1", "\\sec^2 y"}, Case{"\\sin 2x", "2\\sin x\\cos x"},
        Case{"\\sqrt{xy}", "\\sqrt{x}\\sqrt{y}"}, Case{"\\ln x^2", "2\\ln x"},
        Case{"n!", "n(n-1)!"}, Case{"\\frac43\\pi r^3", "4/3 \\pi r^3"},
        Case{"\\frac{\\pi}{6}+2k\\pi, k\\in\\mathbb{Z}",
             "2\\pi k+\\frac{\\pi}{6}"},
        Case{"x in [1,2]", "1\\le x\\le 2"},
        Case{"5\\,\\mathrm{m}", "500\\text{ cm}"}, Case{"5 m", "500 cm"},
        Case{"5 kg", "5000 g"}, Case{"2pir", "2\\pi r"},
        Case{"(-1)^{n}", "(-1)^{n+2}"}, Case{"|x|", "\\sqrt{x^2}"},
        Case{"f(x)+1", "1+f(x)"}, Case{"\\frac{x^2-1}{x-1}", "x+1"},
        Case{"\\frac{n(n+1)}{2}", "\\sum_{k=1}^{n} k"},
        Case{"x_1+x_2", "x_{2}+x_{1}"}));

INSTANTIATE_TEST_SUITE_P(
    Structures, Correct,
    testing::Values(
        Case{"1,-2", "-2,1"}, Case{"\\{1,2\\}", "2, 1"},
        Case{"1 \\pm \\sqrt{2}", "1-\\sqrt2, 1+\\sqrt2"},
        Case{"x = 1/2, x = \\frac{-1\\pm\\sqrt{13}}{4}",
             "\\frac{-1-\\sqrt{13}}{4}, \\frac{\\sqrt{13}-1}{4}, 0.5"},
        Case{"(1,\\frac92)", "(1,4.5)"}, Case{"[0,1)", "[0, 1)"},
        Case{"(-\\infty,2)\\cup(3,\\infty)", "(3,\\infty)\\cup(-\\infty,2)"},
        Case{"[-1,1]", "[-1,0]\\cup(0,1]"},
        Case{"-2 \\le x \\le 7", "x \\in [-2,7]"},
        Case{"[-2,7]", "x \\in [-2,7]"},
        Case{"x \\ne 3", "(-\\infty,3)\\cup(3,\\infty)"},
        Case{"|x| < 2", "(-2,2)"},
        Case{"\\mathbb{R} \\setminus \\{1\\}", "x \\ne 1"},
        Case{"\\{x : x > 1\\}", "(1,\\infty)"},
        Case{"\\begin{pmatrix}6 & 8 \\\\ 10 & 12\\end{pmatrix}",
             "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix} + "
             "\\begin{bmatrix}5 & 6 \\\\ 7 & 8\\end{bmatrix}"},
        Case{"(1/5, -18/5)", "\\begin{pmatrix} 1/5 \\\\ -18/5 \\end{pmatrix}"},
        Case{"\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "-2"},
        Case{"7:32", "14:64"}, Case{"\\frac{7}{32}", "7:32"},
        Case{"[-5,1]\\cup[3,9]", "$-5\\lex\\le1$or$3\\lex\\le9$"}));

INSTANTIATE_TEST_SUITE_P(
    Relations, Correct,
    testing::Values(
        Case{"x=5", "5"}, Case{"(p,q)=(3,2)", "(3,2)"}, Case{"|AB|=1", "1"},
        Case{"\\frac{NO}{BO}=\\frac{1}{\\sqrt6}", "\\frac{1}{\\sqrt{6}}"},
        Case{"2x+4y-3=0", "y=-\\frac12 x+\\frac34"},
        Case{"x^2/4+y^2/3=1", "x^2/16+y^2/12=1/4"}, Case{"x<1", "-x>-1"},
        Case{"34x+45y-20z+100=0", "-34x-45y+20z-100=0"},
        Case{"x \\ge 5", "5 \\le x"},
        Case{"\\frac{\\sqrt3}{3}\\approx 0.577", "\\frac{\\sqrt3}{3}"},
        Case{"5", "2+3=5"}, Case{"x+y<1", "2x+2y<2"},
        Case{"a=1, b=2", "b=2, a=1"}, Case{"x=1, y=2", "(1,2)"},
        Case{"p=5,q=2;p=7,q=2", "(5,2),(7,2)"}, Case{"f(x)=x^2", "x^2"},
        Case{"x \\equiv 3 \\pmod{7}", "x \\equiv 10 \\pmod 7"},
        Case{"(x,y)=(5,8) \\text{ and } (8,5)", "(8,5),(5,8)"}));

INSTANTIATE_TEST_SUITE_P(
    UnitsAndWords, Correct,
    testing::Values(
        Case{"36", "36^\\circ"}, Case{"36", "\\$36"},
        Case{"15", "15\\text{ cm}^2"},

        Case{"500\\text{ cm}", "5\\text{ m}"},
        Case{"\\$0.054", "5.4\\text{ cents}"}, Case{"10\\%", "0.1"},
        Case{"10\\%", "10"}, Case{"60^\\circ", "\\frac{\\pi}{3}"},
        Case{"90^\\circ", "\\frac{\\pi}{2}\\text{ radians}"},
        Case{"1", "1\\text{ radian}"}, Case{"\\text{(B)}", "B"},
        Case{"\\text{Evelyn}", "Evelyn"}, Case{"\\text{even}", "Even"},
        Case{"5", "\\text{five}"}, Case{"\\emptyset", "no solution"},
        Case{"\\mathbb{R}", "all real numbers"}, Case{"204_5", "204_{5}"},
        Case{"2 hours 30 minutes", "2.5 hours"},
        Case{"5\\text{ feet }6\\text{ inches}", "66\\text{ inches}"},
        Case{"DNE", "does not exist"}));

INSTANTIATE_TEST_SUITE_P(
    KnownFalseYes, Wrong,
    testing::Values(Case{"1/2^{99}", "1/2^{98}"},
                    Case{"\\frac{1}{2004!}", "\\frac{1}{2006!}"},
                    Case{"1-\\frac1e", "1+\\frac1e"},
                    Case{"0", "5x-7y+11z+4=0"},
                    Case{"5\\text{ cm}", "5\\text{ m}"},
                    Case{"36^\\circ", "\\$36"}, Case{"e^{-100}", "e^{-101}"},
                    Case{"90^\\circ", "90\\text{ radians}"},
                    Case{"\\{a=1,b=2\\}", "\\{a=2,b=1\\}"}));

// Differences below every precision are not seen, and not denied.
INSTANTIATE_TEST_SUITE_P(
    BelowThePrecision, Unknown,
    testing::Values(Case{"\\sqrt2", "\\sqrt2+10^{-300}"},
                    Case{"\\sqrt2", "\\sqrt{2+10^{-400}}"},
                    Case{"\\ln 2", "\\ln 2+\\frac{1}{500!}"},
                    Case{"\\tanh 1000", "1"}, Case{"1", "2^{10^{-300}}"},
                    Case{"\\cos 10^{-200}", "1"}, Case{"1", "1+e^{-10000}"},
                    Case{"\\arctan 10^{300}", "\\frac{\\pi}{2}"},
                    Case{"\\tanh x", "\\tanh x+e^{-999}"}));

INSTANTIATE_TEST_SUITE_P(BelowThePrecision, Correct,
                         testing::Values(Case{"\\sqrt8+10^{-300}",
                                              "10^{-300}+2\\sqrt2"}));

INSTANTIATE_TEST_SUITE_P(LetterOrUnit, Unknown,
                         testing::Values(Case{"5 m", "400 cm"},
                                         Case{"400 cm", "5 m"}));

INSTANTIATE_TEST_SUITE_P(
    Typesetting, Correct,
    testing::Values(Case{"5", "\\underline{5}"},
                    Case{"\\begin{pmatrix}\\frac12\\\\[4pt]3\\end{pmatrix}",
                         "\\begin{pmatrix}0.5\\\\3\\end{pmatrix}"}));

INSTANTIATE_TEST_SUITE_P(KnownFalseYes, Unknown,
                         testing::Values(Case{"204_5", "204"},
                                         Case{"40_9", "40"}, Case{"40_9", "36"},
                                         Case{"1,2,...,n", "1,3,5,...,2n-1"},
                                         Case{"a=1,b=2", "2,1"},
                                         Case{"a=1,b=2", "1,2"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Wrong,
    testing::Values(Case{"5", "5.001"}, Case{"2", "\\frac{1+\\sqrt5}{2}"},
                    Case{"4", "4\\sqrt2"}, Case{"\\frac13", "0.34"},
                    Case{"\\infty", "-\\infty"}, Case{"i", "-i"},
                    Case{"2004!", "2005!"}, Case{"7/3", "-7/3"},
                    Case{"10\\%", "0.2"}));

INSTANTIATE_TEST_SUITE_P(
    Formulas, Wrong,
    testing::Values(
        Case{"x^2+2x+1", "x^2+2x-1"}, Case{"x", "\\sqrt{x^2}"},
        Case{"x+2n+1", "x+1"}, Case{"x_a", "x_b"}, Case{"a_nx", "a_mx"},
        Case{"\\bar x", "\\bar y"}, Case{"a_{n}", "a_{n+1}"},
        Case{"\\sin x", "\\cos x"}, Case{"n!", "(n+1)!"},
        // Equal below a threshold only.
        Case{"|x-100|", "100-x"}, Case{"\\max(x,-1000)", "x"},
        Case{"\\sqrt{(x-5000)^2}", "5000-x"}, Case{"|x-20\\cdot 30|", "600-x"},
        Case{"\\lfloor x/1000 \\rfloor", "0"}, Case{"|x+y-50|", "x+y-50"}));

INSTANTIATE_TEST_SUITE_P(
    Structures, Wrong,
    testing::Values(Case{"(1,2)", "(2,1)"}, Case{"[0,1)", "[0,1]"},
                    Case{"(0,9)", "[0,9)"}, Case{"1,2,3", "1,2"},
                    Case{"\\pm 2021", "2021"}, Case{"x>5", "x<5"},
                    Case{"x<1", "x>-1"}, Case{"12:00", "1:00"},
                    Case{"[-3,2]", "(-\\infty,-3]\\cup[2,\\infty)"},
                    Case{"\\sqrt{67}", "\\sqrt{67},-\\sqrt{85}"},
                    Case{"\\text{Evelyn}", "\\text{Navin}"},
                    Case{"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
                         "\\begin{pmatrix}1&2\\\\3&5\\end{pmatrix}"}));

INSTANTIATE_TEST_SUITE_P(
    Open, Unknown,
    testing::Values(
        Case{"1/3", "0.333"}, Case{"\\sqrt{17}", "4.1231"},
        Case{"3.14", "\\pi"}, Case{"1/2x", "\\frac{1}{2}x"},
        Case{"\\ln 2", "\\log 2"}, Case{"1,22", "1.22"}, Case{"(3,5)", "3,5"},
        Case{"4:30", "2:15"}, Case{"9^{9^{9^9}}", "10"},
        Case{"10^{10^{10}}", "10^{10^{10}}+1"}, Case{"1000000!", "1000001!"},
        Case{"f(x)", "f(y)"}, Case{"n", "N"}, Case{"2n+1", "2k+1"},
        Case{"n \\ge 2", "n > 1"}, Case{"2/3", "0.67"},
        Case{"\\sin(n\\pi)", "0"}, Case{"\\cos(2\\pi n)", "1"},
        Case{"5 apples", "5 oranges"}, Case{"3", "3s"}, Case{"x=5", "y=5"},
        Case{"(-8)^{1/3}", "-2"}, Case{"\\infty", "1/0"},
        Case{"y=2, x=1", "(1,2)"}, Case{"\\mathbf{i}+2\\mathbf{j}", "(1,2)"},
        Case{"x \\equiv 3 \\pmod 7", "x \\equiv 3 \\pmod 8"},
        Case{"\\int_0^1 x dx", "\\frac12"}));

// The gold answer's digits say how exact it wants to be.
TEST(Decimals, GoldOfManyDigitsIsRounded) {
  EXPECT_EQ(Judge("4.123105625617661", "\\sqrt{17}").verdict, VERDICT_CORRECT);
  EXPECT_EQ(Judge("\\sqrt{17}", "4.123105625617661").verdict, VERDICT_UNKNOWN);
  EXPECT_EQ(Judge("4.123105625617661", "\\sqrt{18}").verdict, VERDICT_WRONG);
}

TEST(Options, PercentAsValueOnly) {
  MathOptions options;
  options.percent = PercentPolicy::kValueOnly;
  EXPECT_EQ(Judge("10", "10\\%", options).verdict, VERDICT_WRONG);
  EXPECT_EQ(Judge("0.1", "10\\%", options).verdict, VERDICT_CORRECT);
}

TEST(Options, UnitsIgnored) {
  MathOptions options;
  options.units = UnitPolicy::kIgnored;
  EXPECT_EQ(Judge("5\\text{ cm}", "5\\text{ m}", options).verdict,
            VERDICT_CORRECT);
}

TEST(Options, OrderedLists) {
  MathOptions options;
  options.list_order = ListOrderPolicy::kOrdered;
  EXPECT_EQ(Judge("1,-2", "-2,1", options).verdict, VERDICT_WRONG);
}

TEST(Options, DecimalComma) {
  MathOptions options;
  options.comma = CommaPolicy::kDecimalFirst;
  EXPECT_EQ(Judge("1.22", "1,22", options).verdict, VERDICT_CORRECT);
}

}  // namespace
}  // namespace limbeck
