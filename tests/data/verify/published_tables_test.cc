// Public tables of verdicts, row by row: Math-Verify's in both modes, multiple
// choice, MATH-500's solutions. docs/verification.md names the rows that
// differ.
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/verify/compat.h"
#include "data/verify/verify.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

std::vector<Json> TableRows(const std::string& folder) {
  std::vector<Json> rows;
  const auto text = ReadFile(folder + "/math_cases.jsonl");
  EXPECT_THAT(text, IsOk());
  for (absl::string_view line :
       absl::StrSplit(*text, '\n', absl::SkipWhitespace())) {
    auto row = ParseJson(line);
    EXPECT_THAT(row, IsOk());
    rows.push_back(*std::move(row));
  }
  return rows;
}

bool IsVerifyRow(const Json& row) {
  return row.Find("kind")->string() == "verify" &&
         absl::StartsWith(row.Find("id")->string(), "mv-");
}

CompatOptions OptionsOf(const Json& row) {
  CompatOptions options;
  options.latex = options.expressions = false;
  for (const Json& type : row.Find("match_types")->array()) {
    options.latex |= type.string() == "latex";
    options.expressions |= type.string() == "expr";
  }
  options.boxed_priority =
      static_cast<int>(row.Find("boxed_match_priority")->integer());
  options.float_rounding =
      static_cast<int>(row.Find("float_rounding")->integer());
  options.strict = row.Find("strict")->boolean();
  options.set_relation = row.Find("allow_set_relation_comp")->boolean();
  return options;
}

TEST(CompatTable, AtLeast255Of269Rows) {
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  int rows = 0, agreeing = 0;
  std::string differing;
  for (const Json& row : TableRows(folder)) {
    if (!IsVerifyRow(row)) continue;
    ++rows;
    const std::string gold = row.Find("gold")->string();
    const std::string answer = row.Find("pred")->string();
    const bool expected = row.Find("math_verify")->integer() == 1;
    const CompatVerdict verdict =
        VerifyAsMathVerify(gold, answer, OptionsOf(row));
    const bool found = verdict.verdict == VERDICT_CORRECT;
    agreeing += found == expected ? 1 : 0;
    if (found != expected) {
      absl::StrAppend(&differing, row.Find("id")->string(), ": ", gold, " | ",
                      verdict.extracted, "\n");
    }
  }
  EXPECT_EQ(rows, 269);
  EXPECT_GE(agreeing, 267) << differing;
}

TEST(SoundTable, NoFalseYesAndFewFalseNo) {
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  int yes = 0, right_yes = 0, no = 0;
  std::string differing;
  for (const Json& row : TableRows(folder)) {
    if (row.Find("kind")->string() != "verify") continue;
    const bool expected = row.Find("expected")->integer() == 1;
    const Verification verdict =
        VerifyAnswer(row.Find("gold")->string(), row.Find("pred")->string(),
                     ANSWER_KIND_MATH);
    const bool correct = verdict.verdict() == VERDICT_CORRECT;
    (expected ? yes : no) += 1;
    right_yes += expected && correct ? 1 : 0;
    if (!expected) {
      EXPECT_FALSE(correct) << row.Find("id")->string();
    }
    if (expected != correct) {
      absl::StrAppend(&differing, row.Find("id")->string(), ": ",
                      Verdict_Name(verdict.verdict()), " ", verdict.detail(),
                      " | ", verdict.extracted(), "\n");
    }
  }
  EXPECT_EQ(yes, 233);
  EXPECT_EQ(no, 39);
  EXPECT_GE(right_yes, 180) << differing;
  RecordProperty("differing", differing);
}

// Labels that follow no rule about where an answer stands: letters in the open
// ("I think it's B"), and a sentence as its own answer.
TEST(ChoiceTable, AllRowsButLettersInTheOpen) {
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  const std::set<std::string> open = {"le-0002", "le-0003", "sky-0044",
                                      "sky-0045", "sky-0048"};
  int rows = 0;
  for (const Json& row : TableRows(folder)) {
    const std::string& kind = row.Find("kind")->string();
    if (!absl::StartsWith(kind, "multiple_choice")) continue;
    ++rows;
    const std::string id = row.Find("id")->string();
    const Verification verdict =
        VerifyAnswer(row.Find("gold")->string(), row.Find("pred")->string(),
                     ANSWER_KIND_CHOICE);
    const bool correct = verdict.verdict() == VERDICT_CORRECT;
    const bool expected = row.Find("expected")->integer() == 1;
    EXPECT_EQ(correct, expected && open.count(id) == 0)
        << id << ": " << verdict.detail() << " " << verdict.extracted();
  }
  EXPECT_EQ(rows, 41);
}

TEST(Math500, AnswersOfAllSolutionsEqualTheGold) {
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  const auto text = ReadFile(std::string(folder) + "/math500/math500.jsonl");
  LIMBECK_ASSERT_OK(text);
  int rows = 0;
  for (absl::string_view line :
       absl::StrSplit(*text, '\n', absl::SkipWhitespace())) {
    const auto row = ParseJson(line);
    LIMBECK_ASSERT_OK(row);
    const Verification verdict =
        VerifyAnswer(row->Find("answer")->string(),
                     row->Find("solution")->string(), ANSWER_KIND_MATH);
    EXPECT_EQ(verdict.verdict(), VERDICT_CORRECT)
        << row->Find("unique_id")->string() << ": "
        << row->Find("answer")->string() << " | " << verdict.extracted() << " ("
        << verdict.detail() << ")";
    ++rows;
  }
  EXPECT_EQ(rows, 500);
}

}  // namespace
}  // namespace limbeck
