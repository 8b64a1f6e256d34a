// Published tables of LaTeX: parse rate, numeric values, what must not parse.
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "data/base/json.h"
#include "data/verify/math/ball_value.h"
#include "data/verify/math/math_answer.h"
#include "data/verify/math/scalar_equality.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

// Rows of one kind; empty where LIMBECK_TESTDATA is not set.
std::vector<Json> Rows(absl::string_view kind) {
  std::vector<Json> rows;
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) return rows;
  std::ifstream in(std::string(folder) + "/math_cases.jsonl");
  std::string line;
  while (std::getline(in, line)) {
    absl::StatusOr<Json> row = ParseJson(line);
    if (row.ok() && row->GetString("kind", "").value() == kind) {
      rows.push_back(*std::move(row));
    }
  }
  return rows;
}

std::string Field(const Json& row, absl::string_view key) {
  return row.GetString(key, "").value();
}

MathOptions TableOptions() {
  MathOptions options;
  options.imaginary = ImaginaryUnits::kLowerAndUpperI;
  return options;
}

// Whether the tree's value agrees with 20 printed digits.
bool Agrees(const ExpressionPtr& root, const std::string& printed) {
  absl::StatusOr<MathAnswer> expected = ParseMathAnswer(printed);
  if (!expected.ok()) return false;
  WorkBudget budget;
  if (InfinitySign(*root) != 0 || printed == "oo" || printed == "-oo") {
    return InfinitySign(*root) == InfinitySign(*expected->root());
  }
  Bindings none;
  BallContext context{none, 256, false, budget};
  Ball value, reference, difference;
  if (EvaluateBall(*root, context, value) != BallOutcome::kValue) return false;
  if (EvaluateBall(*expected->root(), context, reference) !=
      BallOutcome::kValue) {
    return false;
  }
  acb_sub(difference.get(), value.get(), reference.get(), 256);
  acb_abs(difference.real(), difference.get(), 64);
  acb_abs(reference.real(), reference.get(), 64);
  arb_mul_2exp_si(reference.real(), reference.real(), -50);
  arb_add_error_2exp_si(reference.real(), -200);
  return arb_gt(difference.real(), reference.real()) == 0;
}

TEST(Table, ParsesItsLatex) {
  const std::vector<Json> rows = Rows("parse");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> refused;
  for (const Json& row : rows) {
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(Field(row, "pred"), TableOptions());
    if (!answer.ok()) {
      refused.push_back(Field(row, "id") + " " + Field(row, "pred") + " " +
                        std::string(answer.status().message()));
    } else if (answer->type() == MathType::kText) {
      refused.push_back(Field(row, "id") + " text: " + Field(row, "pred"));
    }
  }
  EXPECT_THAT(refused, testing::IsEmpty());
}

TEST(Table, ValuesAgreeToTwentyDigits) {
  const std::vector<Json> rows = Rows("parse");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> wrong;
  for (const Json& row : rows) {
    const std::string printed = Field(row, "gold_value");
    if (printed.empty()) continue;
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(Field(row, "pred"), TableOptions());
    if (!answer.ok()) continue;
    if (!Agrees(answer->root(), printed)) {
      wrong.push_back(Field(row, "id") + " " + Field(row, "pred") + " -> " + answer->canonical() + " not " +
                      printed);
    }
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(Table, RefusesWhatIsNoMathematics) {
  const std::vector<Json> rows = Rows("must_not_parse");
  if (rows.empty()) GTEST_SKIP() << "LIMBECK_TESTDATA is not set";
  std::vector<std::string> parsed;
  for (const Json& row : rows) {
    const absl::StatusOr<MathAnswer> answer =
        ParseMathAnswer(Field(row, "pred"), TableOptions());
    if (answer.ok()) {
      parsed.push_back(Field(row, "id") + " " + Field(row, "pred") + " " + answer->canonical());
    }
  }
  EXPECT_THAT(parsed, testing::IsEmpty());
}

}  // namespace
}  // namespace limbeck
