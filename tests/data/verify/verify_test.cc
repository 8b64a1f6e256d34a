// One interface for all kinds of answers: tables of verdicts, reasons,
// refusals, hostile text.
#include "data/verify/verify.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/base/random.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

struct VerdictCase {
  std::string gold;
  std::string answer;
  AnswerKind kind;
  Verdict expected;
};

void ExpectVerdicts(const std::vector<VerdictCase>& cases) {
  for (const VerdictCase& c : cases) {
    const Verification found = VerifyAnswer(c.gold, c.answer, c.kind);
    EXPECT_EQ(Verdict_Name(found.verdict()), Verdict_Name(c.expected))
        << c.gold << " / " << c.answer << ": " << found.detail();
    EXPECT_EQ(found.version(), kVerifierVersion);
    EXPECT_EQ(found.detail().empty(),
              found.verdict() == VERDICT_CORRECT && found.detail().empty());
    if (found.verdict() != VERDICT_CORRECT) {
      EXPECT_FALSE(found.detail().empty()) << c.gold << " / " << c.answer;
    }
  }
}

TEST(VerifyAnswer, PercentagesOfOneSideAreTakenBothWays) {
  constexpr AnswerKind kKind = ANSWER_KIND_NUMERIC;
  ExpectVerdicts({{"20%", "20", kKind, VERDICT_CORRECT},
                  {"20%", "0.2", kKind, VERDICT_CORRECT},
                  {"0.2", "20\\%", kKind, VERDICT_CORRECT},
                  {"20", "20%", kKind, VERDICT_CORRECT},
                  {"20%", "0.3", kKind, VERDICT_WRONG},
                  {"20%", "20 cm", kKind, VERDICT_UNKNOWN},
                  {"20 cm", "20%", kKind, VERDICT_UNKNOWN}});
}

TEST(VerifyAnswer, Integers) {
  constexpr AnswerKind kKind = ANSWER_KIND_INTEGER;
  ExpectVerdicts({
      {"18", "18", kKind, VERDICT_CORRECT},
      {"18", R"(so \boxed{18})", kKind, VERDICT_CORRECT},
      {"1,800", R"(so \boxed{1800.0})", kKind, VERDICT_CORRECT},
      {R"(\boxed{18})", "18", kKind, VERDICT_CORRECT},
      {"-3", R"(\boxed{ - 3 })", kKind, VERDICT_CORRECT},
      {"3", R"(\boxed{ - 3 })", kKind, VERDICT_WRONG},
      {"-3",
       "\\boxed{\xE2\x88\x92"
       "3}",
       kKind, VERDICT_CORRECT},
      {"7", R"(\boxed{007})", kKind, VERDICT_CORRECT},
      {"070", R"(\boxed{70})", kKind, VERDICT_CORRECT},
      {"3", R"(\boxed{+3})", kKind, VERDICT_CORRECT},
      {"1234", R"(\boxed{1{,}234})", kKind, VERDICT_CORRECT},
      {"1{,}234", R"(\boxed{1234})", kKind, VERDICT_CORRECT},
      {"234", R"(\boxed{1{,}234})", kKind, VERDICT_WRONG},
      {"0", R"(\boxed{-0})", kKind, VERDICT_CORRECT},
      {"70", R"(\boxed{70^\circ})", kKind, VERDICT_CORRECT},
      {"18", "19", kKind, VERDICT_WRONG},
      {"18", "-18", kKind, VERDICT_WRONG},
      {"18", "", kKind, VERDICT_WRONG},
      {"18", "18.5", kKind, VERDICT_WRONG},
      {"18", R"(\boxed{.5})", kKind, VERDICT_WRONG},
      {"18", R"(\boxed{ })", kKind, VERDICT_WRONG},
      {"18", R"(\boxed{18} no, \boxed{19})", kKind, VERDICT_WRONG},
      {"18", R"(\boxed{18} or \boxed{19})", kKind, VERDICT_WRONG},
      {"42", R"(\boxed{\frac{84}{2}})", kKind, VERDICT_CORRECT},
      {"42", R"(\boxed{84/2})", kKind, VERDICT_CORRECT},
      {"42", R"(\boxed{x=42})", kKind, VERDICT_CORRECT},
      {"42", R"(\boxed{41+1})", kKind, VERDICT_CORRECT},
      {"42", R"(\boxed{41+2})", kKind, VERDICT_WRONG},
      {"42", "The answer is 42.", kKind, VERDICT_CORRECT},
      {"42", "The answer is 43.", kKind, VERDICT_WRONG},
      {"eighteen", "18", kKind, VERDICT_UNKNOWN},
      {"", "18", kKind, VERDICT_UNKNOWN},
  });
}

TEST(VerifyAnswer, Mathematics) {
  constexpr AnswerKind kKind = ANSWER_KIND_MATH;
  ExpectVerdicts({
      {"36^\\circ", R"(\boxed{\$36})", kKind, VERDICT_WRONG},
      {"\\$36", R"(\boxed{36^\circ})", kKind, VERDICT_WRONG},
      {"36", R"(\boxed{36^\circ})", kKind, VERDICT_CORRECT},
      {"36^\\circ", R"(\boxed{36})", kKind, VERDICT_CORRECT},
      {"1/2", R"(\boxed{\frac{2}{4}})", kKind, VERDICT_CORRECT},
      {"1/2", "The final answer is $0.5$. I hope it is correct.", kKind,
       VERDICT_CORRECT},
      {"1/2", R"(\boxed{\frac13})", kKind, VERDICT_WRONG},
      {R"(3\sqrt{13})", R"(\boxed{\sqrt{117}})", kKind, VERDICT_CORRECT},
      {"-2,1", R"($\boxed{1}$ and $\boxed{-2}$)", kKind, VERDICT_CORRECT},
      {"3/2", R"(\boxed{\frac32} or \boxed{1.5})", kKind, VERDICT_CORRECT},
      {"3/2", R"(\boxed{\frac32} or \boxed{1.4})", kKind, VERDICT_WRONG},
      {"[-2,7]", R"(\boxed{-2 \le x \le 7})", kKind, VERDICT_UNKNOWN},
      {R"(-2 \le x \le 7)", R"(\boxed{[-2,7]})", kKind, VERDICT_CORRECT},
      {R"((3, \frac{\pi}{2}))", R"(\boxed{\left(3,\frac\pi2\right)})", kKind,
       VERDICT_CORRECT},
      {R"(2^{-99})", R"(\boxed{2^{-98}})", kKind, VERDICT_WRONG},
      {"42", "<think>42", kKind, VERDICT_WRONG},
      {"42", "first 42\nthen more", kKind, VERDICT_WRONG},
      {R"(\text{Evelyn})", R"(\boxed{\text{Evelyn}})", kKind, VERDICT_CORRECT},
      {"", R"(\boxed{1})", kKind, VERDICT_UNKNOWN},
  });
}

// What other harnesses are known to accept.
TEST(VerifyAnswer, KnownFalseYesAreNotCorrect) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"\\frac{1}{2^{99}}", "\\frac{1}{2^{98}}"},
      {"\\frac{1}{2004!}", "\\frac{1}{2006!}"},
      {"1-\\frac{1}{e}", "1+\\frac{1}{e}"},
      {"204_5", "204"},
      {"40_9", "40"},
      {"0", "5x-7y+11z+4=0"},
      {"1,2,...,n", "1,3,5,...,2n-1"},
      {"\\{a=1,b=2\\}", "2,1"},
      {"5\\text{ cm}", "5\\text{ m}"},
      {"9^{9^{9^9}}", "9^{9^{9^8}}"},
      {"41", "\\boxed{41}, no, wait: \\boxed{42}"},
  };
  for (const auto& [gold, answer] : pairs) {
    const bool boxed = answer.find("boxed") != std::string::npos;
    const std::string text = boxed ? answer : "\\boxed{" + answer + "}";
    EXPECT_NE(VerifyAnswer(gold, text, ANSWER_KIND_MATH).verdict(),
              VERDICT_CORRECT)
        << gold << " / " << answer;
  }
}

TEST(VerifyAnswer, StringsAndChoices) {
  ExpectVerdicts({
      {"yes", R"(\boxed{ yes })", ANSWER_KIND_STRING, VERDICT_CORRECT},
      {"yes", "The answer is yes.", ANSWER_KIND_STRING, VERDICT_CORRECT},
      {"yes", "Yes", ANSWER_KIND_STRING, VERDICT_WRONG},
      {" ", "yes", ANSWER_KIND_STRING, VERDICT_UNKNOWN},
      {"B", "Answer: B", ANSWER_KIND_CHOICE, VERDICT_CORRECT},
      {"(B) gold", "Answer: C", ANSWER_KIND_CHOICE, VERDICT_WRONG},
      {"B", "It may be B", ANSWER_KIND_CHOICE, VERDICT_WRONG},
      {"gold", "Answer: B", ANSWER_KIND_CHOICE, VERDICT_UNKNOWN},
      {"B", "B", ANSWER_KIND_UNSPECIFIED, VERDICT_UNKNOWN},
      {"B", "B", ANSWER_KIND_PROGRAM, VERDICT_UNKNOWN},
  });
}

TEST(VerifyAnswer, OptionsOfTheKinds) {
  VerifyRequest request;
  request.gold = "9.81 m/s^2";
  request.answer = R"(\boxed{9.8\ \text{m/s}^2})";
  request.kind = ANSWER_KIND_NUMERIC;
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_WRONG);
  request.options.set_relative_tolerance(0.01);
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);
  request.answer = "Answer: 9.8 ft/s^2";
  EXPECT_EQ(VerifyAnswer(request).detail(),
            "the answer is in 'ft/s^2', the gold answer in 'm/s^2'");
  request.answer = "about ten";
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_UNKNOWN);

  request = {"yes", "YES", ANSWER_KIND_STRING};
  request.options.set_ignore_case(true);
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);

  request = {"F", "Answer: F", ANSWER_KIND_CHOICE};
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_UNKNOWN);
  request.options.set_letters("ABCDEF");
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);
}

TEST(VerifyAnswer, PatternsAndSchemas) {
  VerifyRequest request = {"[A-Z]{2}-\\d+", "The answer is AB-12.",
                           ANSWER_KIND_REGEX};
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);
  request.answer = "First line\nAB-12";
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_WRONG);
  request.options.set_anywhere(true);
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);
  request.answer = "AB-12 <think>";
  EXPECT_EQ(VerifyAnswer(request).detail(), "no answer found");

  request = {R"({"type": "object", "required": ["a"]})",
             "thought</think>\n```json\n{\"a\": 1}\n```",
             ANSWER_KIND_JSON_SCHEMA};
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);
  request.answer = "{}";
  EXPECT_EQ(VerifyAnswer(request).detail(), "/: 'a' is missing");
  request.answer = "{";
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_WRONG);
}

TEST(VerifyAnswer, BoxOnly) {
  VerifyRequest request = {"42", "The answer is 42.", ANSWER_KIND_INTEGER};
  request.place = AnswerPlace::kBoxOnly;
  EXPECT_EQ(VerifyAnswer(request).detail(), "no answer found");
  request.answer = R"(\boxed{42})";
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_CORRECT);
}

TEST(VerifyAnswer, SaysWhatItExtractedAndHow) {
  const Verification found =
      VerifyAnswer("1800", R"(\boxed{1,801})", ANSWER_KIND_INTEGER);
  EXPECT_EQ(found.method(), "integer");
  EXPECT_EQ(found.extracted(), "1,801");
  VerifyRequest request = {"1800", "1800", ANSWER_KIND_MATH,
                           VerifyMode::kCompat};
  EXPECT_EQ(VerifyAnswer(request).method(), "math/compat");
}

TEST(VerifyAnswer, NoAnswerIsWrong) {
  for (const std::string answer :
       {"", R"(\boxed{})", R"(\boxed{42)", "<think>42", "first\nthen"}) {
    for (const AnswerKind kind : {ANSWER_KIND_INTEGER, ANSWER_KIND_MATH}) {
      const Verification found = VerifyAnswer("42", answer, kind);
      EXPECT_EQ(found.verdict(), VERDICT_WRONG) << answer;
      EXPECT_EQ(found.detail(), "no answer found") << answer;
    }
  }
}

TEST(WhyUndecidable, DependsOnGoldAndKind) {
  EXPECT_EQ(WhyUndecidable("1,000", ANSWER_KIND_INTEGER), "");
  EXPECT_EQ(WhyUndecidable("a few", ANSWER_KIND_INTEGER),
            "the gold answer is no integer");
  EXPECT_EQ(WhyUndecidable("7.5", ANSWER_KIND_INTEGER),
            "the gold answer is no integer");
  EXPECT_EQ(WhyUndecidable("\\pi", ANSWER_KIND_MATH), "");
  EXPECT_EQ(WhyUndecidable(" ", ANSWER_KIND_MATH), "the gold answer is empty");
  EXPECT_EQ(WhyUndecidable("a few", ANSWER_KIND_STRING), "");
  EXPECT_EQ(WhyUndecidable(" ", ANSWER_KIND_STRING),
            "the gold answer is empty");
  EXPECT_EQ(WhyUndecidable("E", ANSWER_KIND_CHOICE),
            "the gold answer names no option of ABCD");
  EXPECT_EQ(WhyUndecidable("many", ANSWER_KIND_NUMERIC),
            "the gold answer is no number");
  EXPECT_NE(WhyUndecidable("(", ANSWER_KIND_REGEX), "");
  EXPECT_NE(WhyUndecidable("{", ANSWER_KIND_JSON_SCHEMA), "");
}

TEST(CheckRequest, NamesWhatIsWrong) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  VerifyRequest request = {"(", "", ANSWER_KIND_REGEX};
  EXPECT_THAT(CheckRequest(request), IsError(kInvalid, "pattern '(', byte 1"));
  EXPECT_EQ(VerifyAnswer(request).verdict(), VERDICT_UNKNOWN);
  request = {"[]", "", ANSWER_KIND_JSON_SCHEMA};
  EXPECT_THAT(CheckRequest(request), IsError(kInvalid, "expected a schema"));
  request = {"1", "", ANSWER_KIND_NUMERIC};
  request.options.set_absolute_tolerance(-1);
  EXPECT_THAT(CheckRequest(request), IsError(kInvalid, "a tolerance is -1"));
  request = {"A", "", ANSWER_KIND_CHOICE};
  request.options.set_letters("x");
  EXPECT_THAT(CheckRequest(request), IsError(kInvalid, "letters are 'x'"));
  request = {"A", "", ANSWER_KIND_UNSPECIFIED};
  EXPECT_THAT(CheckRequest(request), IsError(kInvalid, "UNSPECIFIED"));
}

TEST(AnswerKindName, IsReversible) {
  for (int kind = 1; AnswerKind_IsValid(kind); ++kind) {
    const auto name = AnswerKindName(static_cast<AnswerKind>(kind));
    if (kind == ANSWER_KIND_PROGRAM) {
      EXPECT_EQ(name, "");
      continue;
    }
    EXPECT_EQ(AnswerKindFromName(name), kind);
  }
  EXPECT_EQ(AnswerKindFromName("poem"), ANSWER_KIND_UNSPECIFIED);
}

TEST(VerifyAnswer, LinearInHostileText) {
  for (const std::string piece :
       {"{", "}", "\\boxed{", "\\", "{}", "<think>", "</think>", "1,",
        "\\boxed ", "{,}", "\\boxed{{", "$", "\\text{", "^\\circ",
        "answer:", "A) ", "```"}) {
    std::string text;
    while (text.size() < (size_t{1} << 19)) text += piece;
    for (int kind = ANSWER_KIND_INTEGER; kind <= ANSWER_KIND_REGEX; ++kind) {
      const auto start = std::chrono::steady_clock::now();
      const Verification found =
          VerifyAnswer("1", text, static_cast<AnswerKind>(kind));
      const std::chrono::duration<double> seconds =
          std::chrono::steady_clock::now() - start;
      EXPECT_NE(found.verdict(), VERDICT_CORRECT);
      EXPECT_LT(seconds.count(), 1.0) << piece << " " << kind;
    }
  }
}

TEST(VerifyAnswer, SurvivesRandomBytes) {
  const std::vector<std::string> pieces = {"\\",       "{",
                                           "}",        "\\boxed",
                                           "fbox",     "$",
                                           "-",        "1",
                                           ",",        ".",
                                           "<think>",  "</think>",
                                           "\xff",     std::string(1, '\0'),
                                           "\n",       " ",
                                           "answer: ", "\\frac",
                                           "^"};
  for (uint64_t trial = 0; trial < 10000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest, 1);
    std::string text;
    for (uint64_t i = 0; i < 10; ++i) {
      text += pieces[RandomBelow(pieces.size(), key, i)];
    }
    const Verification found = VerifyAnswer("1", text, ANSWER_KIND_INTEGER);
    const auto number = NormalizeInteger(found.extracted());
    if (number) {
      ASSERT_EQ(found.verdict() == VERDICT_CORRECT, number == "1") << text;
    }
  }
}

}  // namespace
}  // namespace limbeck
