// Versions, windows, the errata list and the fields of code_generation_lite.
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "eval/benchmarks/livecodebench_errata.h"
#include "eval/benchmarks/livecodebench_files.h"
#include "eval/benchmarks/packed_tests.h"
#include "eval/benchmarks/read_benchmark.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string RowText(const std::string& id, const std::string& date) {
  Json row = Json::Object();
  row.Set("question_title", "Made up");
  row.Set("question_content", "Double it.");
  row.Set("platform", "leetcode");
  row.Set("question_id", id);
  row.Set("contest_date", date);
  row.Set("starter_code", "class Solution:\n    def f(self, x):");
  row.Set("difficulty", "easy");
  row.Set("public_test_cases",
          R"([{"input":"1","output":"2","testtype":"functional"}])");
  row.Set("private_test_cases",
          R"([{"input":"4","output":"8","testtype":"functional"}])");
  row.Set("metadata", R"({"func_name": "f"})");
  return absl::StrCat(WriteJson(row), "\n");
}

class LiveCodeBench : public ::testing::Test {
 protected:
  LiveCodeBench() {
    source_.benchmark = BenchmarkId::kLiveCodeBench;
    source_.path = folder_.path();
    Write("test.jsonl", RowText("1", "2023-05-01T00:00:00"));
    Write("test2.jsonl", RowText("2", "2024-08-01T00:00:00"));
    Write("test3.jsonl", RowText("abc311_c", "2025-02-28T00:00:00") +
                             RowText("4", "2025-03-01T00:00:00"));
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_.File(name), text).ok());
  }
  std::vector<std::string> Ids() {
    std::vector<std::string> ids;
    const auto set = ReadBenchmark(source_);
    EXPECT_THAT(set, IsOk());
    if (set.ok()) {
      for (const auto& problem : set->problems) ids.push_back(problem.id);
    }
    return ids;
  }

  TemporaryDirectory folder_{TemporaryPlace::kMemory};
  BenchmarkSource source_;
};

TEST_F(LiveCodeBench, FieldsAreTextsThatHoldJson) {
  const auto set = ReadBenchmark(source_);
  ASSERT_THAT(set, IsOk());
  const BenchmarkProblem& problem = set->problems[0];
  EXPECT_EQ(problem.id, "1");
  EXPECT_EQ(problem.code->function, "f");
  EXPECT_EQ(problem.code->time_limit_seconds, 6);
  EXPECT_THAT(problem.labels,
              ElementsAre(Pair("month", "2023-05"), Pair("difficulty", "easy"),
                          Pair("platform", "leetcode")));
  const auto tests = UnpackTests(problem);
  ASSERT_THAT(tests, IsOk());
  ASSERT_EQ(tests->size(), 2u);  // public, then private
  EXPECT_EQ((*tests)[0].output, "2");
  EXPECT_EQ((*tests)[1].input, "4");
}

TEST_F(LiveCodeBench, VersionsAreFiles) {
  EXPECT_THAT(Ids(), ElementsAre("1", "2", "abc311_c", "4"));
  source_.version = "release_v2";
  EXPECT_THAT(Ids(), ElementsAre("1", "2"));
  source_.version = "v2";
  EXPECT_THAT(Ids(), ElementsAre("2"));
  source_.version = "v2_v3";
  EXPECT_THAT(Ids(), ElementsAre("2", "abc311_c", "4"));
  source_.version = "v4";
  EXPECT_THAT(ReadBenchmark(source_),
              IsError(absl::StatusCode::kNotFound, "test4.jsonl"));
  for (const char* bad : {"5", "v0", "v3_v2", "release_v1_v2", "v", "vx"}) {
    source_.version = bad;
    EXPECT_THAT(ReadBenchmark(source_),
                IsError(absl::StatusCode::kInvalidArgument, "release_v5"))
        << bad;
  }
}

TEST_F(LiveCodeBench, WindowsIncludeBothDays) {
  source_.first_date = "2024-08-01";
  source_.last_date = "2025-02-28";
  EXPECT_THAT(Ids(), ElementsAre("2", "abc311_c"));
  EXPECT_THAT(ReadBenchmark(source_)->left_out, ElementsAre("1", "4"));
  source_.last_date = "2024-07-31";
  EXPECT_THAT(ReadBenchmark(source_),
              IsError(absl::StatusCode::kInvalidArgument, "begins on"));
  source_.last_date = "Aug 1";
  EXPECT_THAT(ReadBenchmark(source_),
              IsError(absl::StatusCode::kInvalidArgument, "is no day"));
  source_.first_date = "2024-02-30";
  EXPECT_THAT(ReadBenchmark(source_),
              IsError(absl::StatusCode::kInvalidArgument,
                      "'2024-02-30' is no day of the calendar"));
  source_.last_date = "";
  source_.benchmark = BenchmarkId::kMath500;
  EXPECT_THAT(ReadBenchmark(source_),
              IsError(absl::StatusCode::kInvalidArgument, "not of math500"));
}

TEST_F(LiveCodeBench, ErrataAreRefusedInSoundModeOnly) {
  EXPECT_THAT(ReadBenchmark(source_)->problems[2].refusal,
              HasSubstr("errata list: several outputs"));
  source_.mode = VerifyMode::kCompat;
  EXPECT_EQ(ReadBenchmark(source_)->problems[2].refusal, "");
}

TEST(LiveCodeBenchErrata, ByIdOrTitle) {
  EXPECT_EQ(LiveCodeBenchErrata().size(), 17u);
  EXPECT_THAT(LiveCodeBenchErratumOf("3285", "Find the Peaks!"),
              HasSubstr("several outputs"));
  EXPECT_THAT(LiveCodeBenchErratumOf("abc337_e", "Bad Juice"),
              HasSubstr("interactive"));
  EXPECT_EQ(LiveCodeBenchErratumOf("abc337_f", "Usual"), "");
}

}  // namespace
}  // namespace limbeck
