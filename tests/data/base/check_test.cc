#include "data/base/check.h"

#include "gtest/gtest.h"

namespace limbeck {
namespace {

TEST(Check, PassingChecksDoNothing) {
  LIMBECK_CHECK(true);
  LIMBECK_CHECK_EQ(1, 1);
  LIMBECK_CHECK_LT(1, 2);
  LIMBECK_CHECK_LE(2, 2);
  LIMBECK_CHECK_GT(2, 1);
  LIMBECK_CHECK_GE(2, 2);
}

TEST(CheckDeathTest, FailingChecksNameBothValues) {
  const int rows = 12;
  EXPECT_DEATH(LIMBECK_CHECK(rows == 16), "check failed: rows == 16");
  EXPECT_DEATH(LIMBECK_CHECK_EQ(rows, 16),
               "check_test.cc:[0-9]+: check failed: rows == 16 "
               "\\(12 against 16\\)");
}

TEST(Check, OperandsAreEvaluatedOnce) {
  int calls = 0;
  const auto count = [&] { return ++calls; };
  LIMBECK_CHECK_EQ(count(), 1);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace limbeck
