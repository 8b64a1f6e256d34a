// The reference rows are what their sources print, complete and unambiguous.
#include "eval/published/published.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "eval/benchmarks/benchmark_problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

double ValueOf(absl::string_view benchmark, absl::string_view model,
               ReferenceKind kind, ReferenceMetric metric) {
  for (const ReferenceRow& row : FindReferences(benchmark, model)) {
    if (row.source->kind == kind && row.metric == metric) return row.value;
  }
  return -1;
}

TEST(Published, ThreeKindsOfOneModel) {
  constexpr char kModel[] = "DeepSeek-R1-Distill-Qwen-7B";
  EXPECT_EQ(ValueOf("aime24", kModel, ReferenceKind::kPublished,
                    ReferenceMetric::kPassAt1),
            55.5);
  EXPECT_EQ(ValueOf("aime24", kModel, ReferenceKind::kPublished,
                    ReferenceMetric::kConsAt64),
            83.3);
  EXPECT_EQ(ValueOf("aime24", kModel, ReferenceKind::kRemeasured,
                    ReferenceMetric::kPassAt1),
            50.8);
  EXPECT_EQ(ValueOf("aime24", kModel, ReferenceKind::kSeeds,
                    ReferenceMetric::kPassAt1),
            52.3);
  EXPECT_EQ(ValueOf("codeforces", kModel, ReferenceKind::kPublished,
                    ReferenceMetric::kCodeforcesRating),
            1189);
}

TEST(Published, EveryValueIsPossibleAndHasASource) {
  std::set<std::tuple<std::string, std::string, int, std::string>> seen;
  for (const ReferenceRow& row : AllReferences()) {
    ASSERT_NE(row.source, nullptr);
    EXPECT_FALSE(row.source->citation.empty());
    EXPECT_FALSE(row.source->setting.empty());
    EXPECT_FALSE(row.source->name.empty());
    const double most =
        row.metric == ReferenceMetric::kCodeforcesRating ? 4000 : 100;
    EXPECT_GT(row.value, 0) << row.model;
    EXPECT_LE(row.value, most) << row.model;
    EXPECT_EQ(row.spread.has_value(),
              row.source->kind == ReferenceKind::kSeeds);
    EXPECT_TRUE(seen.emplace(row.model, row.benchmark,
                             static_cast<int>(row.metric), row.source->name)
                    .second)
        << row.model << " on " << row.benchmark << " is there twice";
  }
}

TEST(Published, BenchmarksAreThoseOfTheCommandLine) {
  const auto& names = BenchmarkNames();
  for (const ReferenceRow& row : AllReferences()) {
    EXPECT_EQ(std::count(names.begin(), names.end(), row.benchmark), 1)
        << row.benchmark;
  }
}

TEST(Published, AllSixDistillsAreThere) {
  for (const char* benchmark :
       {"aime24", "math500", "gpqa_diamond", "livecodebench", "codeforces"}) {
    int distills = 0;
    for (absl::string_view model : ReferenceModels(benchmark)) {
      distills += model.find("Distill") != absl::string_view::npos ? 1 : 0;
    }
    EXPECT_EQ(distills, 6) << benchmark;
  }
}

TEST(Published, OwnerAndCaseDoNotMatter) {
  EXPECT_EQ(FindReferences("math500", "deepseek-ai/deepseek-r1").size(), 1u);
  EXPECT_EQ(FindReferences("math500", "DeepSeek-R1").size(), 1u);
  EXPECT_TRUE(FindReferences("math500", "R1").empty());
  EXPECT_TRUE(FindReferences("gsm8k", "DeepSeek-R1").empty());
  EXPECT_TRUE(FindReferences("math500", "").empty());
}

}  // namespace
}  // namespace limbeck
