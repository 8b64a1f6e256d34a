// Math-Verify's verdicts on our own inputs: tests/golden/
// make_math_verify_golden.py asked the package itself.
#include "data/verify/compat.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/verify/compat_extract.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

Json Golden() {
  const auto text = ReadFile("tests/testdata/verify/math_verify.json");
  EXPECT_THAT(text, IsOk());
  auto json = ParseJson(*text);
  EXPECT_THAT(json, IsOk());
  return *std::move(json);
}

bool IsEqual(const std::string& gold, const std::string& answer) {
  return VerifyAsMathVerify(absl::StrCat("$", gold, "$"),
                            absl::StrCat("$", answer, "$"), {})
             .verdict == VERDICT_CORRECT;
}

TEST(Compat, VerdictsOnPairs) {
  int agreeing = 0, all = 0;
  std::string differing;
  const Json golden = Golden();
  for (const Json& pair : golden.Find("pairs")->array()) {
    const std::string& gold = pair.Find("gold")->string();
    const std::string& answer = pair.Find("answer")->string();
    all += 2;
    const auto note = [&](const std::string& a, const std::string& b,
                          bool expected) {
      if (IsEqual(a, b) == expected) {
        ++agreeing;
      } else {
        absl::StrAppend(&differing, a, " ||| ", b, ": Math-Verify says ",
                        expected ? "equal" : "different", "\n");
      }
    };
    note(gold, answer, pair.Find("equal")->boolean());
    note(answer, gold, pair.Find("reversed")->boolean());
  }
  EXPECT_GE(100 * agreeing, 95 * all) << agreeing << " of " << all << "\n"
                                      << differing;
  RecordProperty("agreeing", agreeing);
  RecordProperty("differing", differing);
}

// What is looked at first, markup apart.
std::string Plain(const std::string& text) {
  return absl::StrReplaceAll(text, {{" ", ""},
                                    {"\\text{ and }", "and"},
                                    {"\\text", ""},
                                    {"\\%", ""},
                                    {"\n", ""}});
}

TEST(Compat, FirstCandidateOfTexts) {
  int agreeing = 0, all = 0;
  std::string differing;
  const Json golden = Golden();
  for (const Json& text : golden.Find("texts")->array()) {
    const auto candidates = CompatCandidates(text.Find("text")->string(), {});
    const std::string found =
        candidates.empty() ? "" : Plain(candidates[0].text);
    const std::string expected = Plain(text.Find("found")->string());
    ++all;
    if (found == expected) {
      ++agreeing;
    } else {
      absl::StrAppend(&differing, text.Find("text")->string(), " -> ", found,
                      ", Math-Verify: ", expected, "\n");
    }
  }
  RecordProperty("agreeing", agreeing);
  RecordProperty("differing", differing);
  // The rest is rewritten by Math-Verify before it is compared ("0.5" for ".5",
  // "\\frac{1}{2}" for "\\frac12").
  EXPECT_GE(100 * agreeing, 90 * all) << agreeing << " of " << all << "\n"
                                      << differing;
}

TEST(Compat, SettingsCount) {
  CompatOptions options;
  options.latex = false;
  EXPECT_EQ(VerifyAsMathVerify("5", "$x$ 5", options).verdict, VERDICT_CORRECT);
  EXPECT_EQ(VerifyAsMathVerify("5", "\\boxed{5}", options).reason,
            "no answer found");
  options = {};
  EXPECT_EQ(VerifyAsMathVerify("$x$", "$y$", options).verdict, VERDICT_WRONG);
  options.strict = false;
  EXPECT_EQ(VerifyAsMathVerify("$x$", "$y$", options).verdict, VERDICT_CORRECT);
  options = {};
  options.float_rounding = 2;
  EXPECT_EQ(VerifyAsMathVerify("$1/3$", "$0.33$", options).verdict,
            VERDICT_CORRECT);
  options = {};
  EXPECT_EQ(
      VerifyAsMathVerify("final answer is $5$. \\boxed{6}", "$6$", {}).verdict,
      VERDICT_CORRECT);
  options.boxed_priority = 0;
  EXPECT_EQ(
      VerifyAsMathVerify("\\boxed{6} final answer is $5$.", "$6$", options)
          .verdict,
      VERDICT_CORRECT);
}

TEST(Compat, SimpleEvalsTakesTheFirstLetter) {
  const auto letter = [](absl::string_view text) {
    return FindChoiceAsSimpleEvals(text, "ABCD").letter;
  };
  EXPECT_EQ(letter("Answer: B\nAnswer: C"), 'B');
  EXPECT_EQ(letter("answer :\t$d$"), 'D');
  EXPECT_EQ(letter("Answer: Dogs"), 'D');
  EXPECT_EQ(letter("Answer: (B)"), 0);
  EXPECT_EQ(letter("Answer is B"), 0);
  EXPECT_EQ(letter("Answer:"), 0);
}

TEST(Compat, LinearInHostileText) {
  for (const std::string piece : {"$",         "$$",
                                  "\\[",       "\\(",
                                  "[ ",        "answer",
                                  "answer$",   "answer\\[",
                                  "answer: ",  "final answer is ",
                                  "\\boxed{",  "\\boxed{1} and ",
                                  "1",         "1,",
                                  "1 + ",      " ",
                                  "\\frac{1}", "-",
                                  "=",         "answer =",
                                  "{, ",       "\n"}) {
    std::string text;
    while (text.size() < (size_t{1} << 18)) text += piece;
    const auto start = std::chrono::steady_clock::now();
    VerifyAsMathVerify("$5$", text, {});
    const std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 1.0) << piece;
  }
}

TEST(Compat, DamagedTextNeverCrashes) {
  const std::string text =
      "So $x = \\frac{1}{2}$ and \\(5 \\pm 1\\). Answer: 1,234.5 % final "
      "answer "
      "is $\\{1, 2\\} \\cup [3,4)$. I hope \\boxed{7}, \\boxed{8 \\text{ cm}}";
  const auto visit = [](const std::string& damaged) {
    VerifyAsMathVerify("$x < 5$", damaged, {});
    VerifyAsMathVerify(damaged, "$x = 5$", {});
  };
  ForEachCut(text, [&](const std::string& cut, size_t) { visit(cut); });
  ForEachMutation(text, 1000, 17, visit);
}

TEST(Compat, OfALongTextOnlyTheEndIsSearched) {
  CompatOptions options;
  const std::string early =
      "$\\boxed{7}$" + std::string(kCompatBytes, '$') + " ";
  EXPECT_TRUE(CompatCandidates("$\\boxed{7}$ ", options).size() > 0);
  for (const CompatCandidate& candidate : CompatCandidates(early, options)) {
    EXPECT_EQ(candidate.text.find('7'), candidate.text.npos);
  }
  const std::string late = std::string(2 * kCompatBytes, ' ') + "$\\boxed{7}$";
  EXPECT_FALSE(CompatCandidates(late, options).empty());
}

}  // namespace
}  // namespace limbeck
