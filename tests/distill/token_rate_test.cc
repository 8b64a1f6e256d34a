#include "distill/token_rate.h"

#include "gtest/gtest.h"

namespace limbeck {
namespace {

TEST(TokenRate, NothingBeforeTheFirstStep) {
  EXPECT_EQ(TokenRate().PerSecond(), 0.0);
  TokenRate rate;
  rate.Add(0.0, 5);
  EXPECT_EQ(rate.PerSecond(), 0.0);
}

TEST(TokenRate, IsTheMeanOfTimeNotOfSteps) {
  TokenRate rate(100.0);
  rate.Add(1.0, 1000);
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 1000.0);
  rate.Add(3.0, 1000);  // one slow step
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 500.0);
}

TEST(TokenRate, ForgetsWhatIsOlderThanTheWindow) {
  TokenRate rate(10.0);
  for (int i = 0; i < 100; ++i) rate.Add(1.0, 1000);
  for (int i = 0; i < 5; ++i) rate.Add(1.0, 3000);
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 2000.0);
  for (int i = 0; i < 5; ++i) rate.Add(1.0, 3000);
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 3000.0);
}

TEST(TokenRate, AStepLongerThanTheWindowStandsAlone) {
  TokenRate rate(10.0);
  rate.Add(1.0, 1000);
  rate.Add(20.0, 1000);
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 50.0);
}

}  // namespace
}  // namespace limbeck
