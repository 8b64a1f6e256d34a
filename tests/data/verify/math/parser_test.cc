// What notation means: every line one way to write something.
#include <string>

#include "data/verify/math/math_answer.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

std::string Canonical(const std::string& text) {
  const absl::StatusOr<MathAnswer> answer = ParseMathAnswer(text);
  return answer.ok() ? answer->canonical()
                     : "error: " + std::string(answer.status().message());
}

MathType TypeOf(const std::string& text) {
  const absl::StatusOr<MathAnswer> answer = ParseMathAnswer(text);
  EXPECT_TRUE(answer.ok()) << text << ": " << answer.status();
  return answer.ok() ? answer->type() : MathType::kText;
}

struct Notation {
  const char* text;
  const char* meaning;  // CanonicalText
};

class Notations : public testing::TestWithParam<Notation> {};

TEST_P(Notations, MeanTheSame) {
  EXPECT_EQ(Canonical(GetParam().text), GetParam().meaning) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, Notations,
    testing::Values(Notation{"7,425,000", "7425000"}, Notation{"1 000", "1000"},
                    Notation{"11,\\! 111,\\! 111,\\! 100", "11111111100"},
                    Notation{"14{,}916", "14916"},
                    Notation{"\\$32,\\!348", "unit_dollar(32348)"},
                    Notation{"$1,000.99$", "100099/100"}, Notation{".5", "1/2"},
                    Notation{"-5.", "-(5)"}, Notation{"0.\\overline{3}", "1/3"},
                    Notation{"0.1\\overline{6}", "1/6"},
                    Notation{"1.5e3", "1500"}, Notation{"2.5E-1", "1/4"},
                    Notation{"1\\frac{1}{2}", "3/2"}, Notation{"1 1/2", "3/2"},
                    Notation{"-3\\frac12", "-(7/2)"}, Notation{"−7", "-(7)"},
                    Notation{"½", "quot(1,2)"},
                    Notation{"32, 349", "list(32,349)"},
                    Notation{"(10,20)", "open_open_tuple(10,20)"},
                    Notation{"204_5", "base5(54)"},
                    Notation{"4210_{5}", "base5(555)"}));

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, Notations,
    testing::Values(
        Notation{"\\frac12", "quot(1,2)"}, Notation{"\\frac1{2}", "quot(1,2)"},
        Notation{"\\dfrac{1}2", "quot(1,2)"},
        Notation{"\\frac 34", "quot(3,4)"}, Notation{"\\sqrt3", "sqrt(3)"},
        Notation{"√3", "sqrt(3)"}, Notation{"sqrt(3)", "sqrt(3)"},
        Notation{"\\sqrt[3]{2}", "sqrt(2,3)"},
        Notation{"2x^2y", "product('y',2,pow('x',2))"},
        Notation{"x²", "pow('x',2)"}, Notation{"2^{3^2}", "pow(2,pow(3,2))"},
        Notation{"2^3^2", "pow(2,pow(3,2))"}, Notation{"-x^2", "-(pow('x',2))"},
        Notation{"5!", "factorial(5)"}, Notation{"7!!", "factorial2(7)"},
        Notation{"\\binom{5}{2}", "binom(5,2)"},
        Notation{"{5 \\choose 2}", "binom(5,2)"},
        Notation{"{1 \\over 2}", "quot(1,2)"},
        Notation{"|x-1|", "abs(sum('x',-(1)))"},
        Notation{"\\lfloor x \\rfloor", "floor('x')"},
        Notation{"7 \\bmod 3", "mod(7,3)"},
        Notation{"\\gcd(12, 18)", "gcd(12,18)"},
        Notation{"max(3, 5)", "max(3,5)"}, Notation{"50\\%", "percent(50)"},
        Notation{"50 percent", "percent(50)"},
        Notation{"30^\\circ", "degree(30)"}, Notation{"30°", "degree(30)"},
        Notation{"\\frac{270}7\\text{ degrees}", "degree(quot(270,7))"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Notations,
    testing::Values(
        Notation{"\\sin 2x", "sin(product('x',2))"},
        Notation{"sinx", "sin('x')"}, Notation{"\\sin^2 x", "pow(sin('x'),2)"},
        Notation{"\\sin^{-1} x", "arcsin('x')"},
        Notation{"2 \\sin b \\cos a", "product(2,cos('a'),sin('b'))"},
        Notation{"\\log_2 8", "log(8,2)"}, Notation{"\\log_23", "log(3,2)"},
        Notation{"log2(8)", "log(8,2)"}, Notation{"\\ln x", "ln('x')"},
        Notation{"e^{2x}", "pow(e,product('x',2))"},
        Notation{"f(x)", "apply_f('x')"}, Notation{"f'(0)", "apply_f'(0)"},
        Notation{"x_{1}", "'x_1'"}, Notation{"x_1", "'x_1'"},
        Notation{"x_n", "'x_n'"}, Notation{"a_nb", "product('a_n','b')"},
        Notation{"\\bar x", "'bar{x}'"}, Notation{"\\vec{v}_i", "'vec{v}_i'"},
        Notation{"\\overline{AB}", "'bar{AB}'"},
        Notation{"\\sum_{i=1}^{3} i", "Sum_i('i',1,3)"}));

INSTANTIATE_TEST_SUITE_P(
    Structures, Notations,
    testing::Values(
        Notation{"(1,2)", "open_open_tuple(1,2)"},
        Notation{"[1,2)", "closed_open_interval(1,2)"},
        Notation{"]1,2[", "open_open_interval(1,2)"},
        Notation{"\\{2,1\\}", "set(1,2)"}, Notation{"{1,2}", "set(1,2)"},
        Notation{"\\{\\}", "emptyset()"}, Notation{"∅", "emptyset()"},
        Notation{"1 \\text{ and } 2", "list(1,2)"},
        Notation{"19, 46, and 82", "list(19,46,82)"},
        Notation{"1,2;3,4",
                 "list(closed_closed_tuple(1,2),closed_closed_tuple(3,4))"},
        Notation{"x \\in [0,1]", "rel('x' in closed_closed_interval(0,1))"},
        Notation{"x \\ge 2", "rel(2 <= 'x')"},
        Notation{"1 < x <= 2", "rel(1 < 'x' <= 2)"},
        Notation{"k=1,2", "rel('k' = list(1,2))"},
        Notation{"7:32", "ratio(7,32)"}, Notation{"\\mathbb{R}", "_R()"},
        Notation{"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
                 "matrix2(1,2,3,4)"},
        Notation{"\\{x : x > 1\\}", "setof('x',rel(1 < 'x'))"},
        Notation{"\\boxed{\\text{(B)}}", "text_b()"},
        Notation{"The ellipse.", "text_ellipse()"},
        Notation{"since then", "text_since then()"},
        Notation{"5 apples", "unit_apples(5)"},
        Notation{"15\\mbox{ cm}^2", "unit_cm^2(15)"},
        Notation{"60 km/h", "unit_km/h(60)"}));

TEST(MathType, IsTold) {
  EXPECT_EQ(TypeOf("6/3"), MathType::kInteger);
  EXPECT_EQ(TypeOf("0.5"), MathType::kRational);
  EXPECT_EQ(TypeOf("\\sqrt{2}"), MathType::kClosedForm);
  EXPECT_EQ(TypeOf("1+2i"), MathType::kComplex);
  EXPECT_EQ(TypeOf("x^2"), MathType::kFormula);
  EXPECT_EQ(TypeOf("B"), MathType::kLetter);
  EXPECT_EQ(TypeOf("\\text{(B)}"), MathType::kLetter);
  EXPECT_EQ(TypeOf("no solution"), MathType::kText);
  EXPECT_EQ(TypeOf("y = 2x"), MathType::kRelation);
}

TEST(Parser, ErrorsNameThePlace) {
  EXPECT_EQ(Canonical("1 + )"), "error: an unexpected sign at byte 4");
  EXPECT_EQ(Canonical("\\frac{1}{}"), "error: empty braces at byte 9");
  EXPECT_EQ(Canonical("(1, 2"), "error: a bracket is not closed at byte 5");
  EXPECT_EQ(Canonical(""), "error: nothing to read at byte 0");
}

TEST(Parser, RefusesWhatIsTooLarge) {
  for (const std::string& text :
       {std::string(10'000, '{'), std::string(3000, '('),
        std::string(5000, '1'), std::string("1e99999"),
        std::string(900, '-') + "1", "5" + std::string(900, '%'),
        "x" + std::string(900, '\'')}) {
    const absl::StatusOr<MathAnswer> answer = ParseMathAnswer(text);
    if (text[0] == 'x') continue;  // one long name
    EXPECT_TRUE(absl::IsResourceExhausted(answer.status()))
        << text.substr(0, 20) << ": " << answer.status();
  }
}

}  // namespace
}  // namespace limbeck
