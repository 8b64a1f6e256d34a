// Rotary frequencies are those of transformers bit by bit; tables follow.
#include "student/rotary.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/base/file.h"
#include "tests/support/config_examples.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TEST(Rotary, FrequenciesAreThoseOfTransformers) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::string text,
      ReadFile("tests/testdata/student/rope.json", 1 << 20));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Json golden, ParseJson(text));
  ASSERT_GE(golden.Find("cases")->array().size(), 19u);
  for (const Json& example : golden.Find("cases")->array()) {
    const std::string& name = example.Find("name")->string();
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const ModelConfig config,
        ParseModelConfig(*example.Find("config"), Json()));
    const RotaryFrequencies made = MakeRotaryFrequencies(config);
    EXPECT_EQ(made.factor, example.Find("factor")->number()) << name;
    const JsonArray& expected = example.Find("radians")->array();
    ASSERT_EQ(made.radians.sizes(),
              at::IntArrayRef({static_cast<int64_t>(expected.size())}))
        << name;
    ASSERT_EQ(made.radians.scalar_type(), at::kFloat) << name;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(made.radians[static_cast<int64_t>(i)].item<float>(),
                static_cast<float>(expected[i].number()))
          << name << " pair " << i;
    }
  }
}

TEST(Rotary, TablesAreTheScaledAnglesTwice) {
  for (const char* name : {"llama31", "qwen3", "deepseek"}) {
    const ModelConfig config = ExampleConfig(name);
    const RotaryFrequencies frequencies = MakeRotaryFrequencies(config);
    const int64_t half = config.RotaryDim() / 2;
    const RotaryTable table = MakeRotaryTable(config, 3);
    ASSERT_EQ(table.cosine.sizes(), at::IntArrayRef({3, 2 * half})) << name;
    EXPECT_TRUE(at::equal(table.cosine.narrow(1, 0, half),
                          table.cosine.narrow(1, half, half)));
    EXPECT_TRUE(at::equal(table.sine.narrow(1, 0, half),
                          table.sine.narrow(1, half, half)));
    for (const int64_t pair : {int64_t{0}, half / 2, half - 1}) {
      const double angle = 2.0 * frequencies.radians[pair].item<float>();
      EXPECT_NEAR(table.cosine[2][pair].item<float>(),
                  frequencies.factor * std::cos(angle), 1e-6)
          << name;
      EXPECT_NEAR(table.sine[2][pair].item<float>(),
                  frequencies.factor * std::sin(angle), 1e-6)
          << name;
    }
  }
}

TEST(Rotary, YarnEnlargesWhereDeepSeekScalesTheScores) {
  EXPECT_EQ(MakeRotaryFrequencies(ExampleConfig("deepseek")).factor, 1.0);
  EXPECT_NEAR(MakeRotaryFrequencies(ExampleConfig("qwen3")).factor,
              0.1 * std::log(4.0) + 1.0, 1e-15);
}

}  // namespace
}  // namespace limbeck
