// Files that Arrow wrote; a build without Arrow says what to do.
#include "eval/benchmarks/parquet_rows.h"

#include <string>

#include "data/base/file.h"
#include "eval/benchmarks/read_benchmark.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFolder[] = "tests/testdata/benchmarks/";

absl::StatusOr<std::vector<std::string>> ReadRows(const std::string& path) {
  std::vector<std::string> rows;
  const absl::Status status =
      ForEachParquetRow(path, [&](int64_t row, const Json& object) {
        EXPECT_EQ(row, static_cast<int64_t>(rows.size()));
        rows.push_back(WriteJson(object));
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return rows;
}

class Parquet : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasParquet()) GTEST_SKIP() << "this build has no Arrow";
  }
};

TEST(ParquetAbsent, SaysHowToGetIt) {
  if (HasParquet()) GTEST_SKIP() << "this build has Arrow";
  EXPECT_THAT(
      ForEachParquetRow("x.parquet",
                        [](int64_t, const Json&) { return absl::OkStatus(); }),
      IsError(absl::StatusCode::kUnimplemented, "scripts/setup"));
}

TEST_F(Parquet, ValuesOfEveryKindMet) {
  const auto rows = ReadRows(std::string(kFolder) + "codeforces.parquet");
  ASSERT_THAT(rows, IsOk());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ(
      (*rows)[0],
      R"({"id":"2024/A","contest_start":"1970-01-01 00:00:00.000","title":"Sum",)"
      R"("description":"Add two numbers.","interaction_format":null,)"
      R"("time_limit":2.0,"memory_limit":256.0,"rating":800,"tags":["math"],)"
      R"("input_mode":"stdio","executable":true,)"
      R"("official_tests_complete":true,)"
      R"("examples":[{"input":"1 2\n","output":"3\n"}],)"
      R"("official_tests":[{"input":"1 2\n","output":"3\n"},)"
      R"({"input":"5 5\n","output":"10\n"}]})");
}

TEST_F(Parquet, OtherTypesAreRefusedByColumn) {
  EXPECT_THAT(ReadRows(std::string(kFolder) + "decimal.parquet"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "column 'answer': values of type decimal128(5, 2)"));
  EXPECT_THAT(ReadRows("no/such.parquet"),
              IsError(absl::StatusCode::kNotFound, "no/such.parquet"));
}

TEST_F(Parquet, BombStopsAtItsCap) {
  const std::string path = std::string(kFolder) + "bomb.parquet";
  ASSERT_LT(*FileSize(path), 100u << 10);
  size_t bytes = 0;
  const auto measure = [&](int64_t, const Json& row) {
    bytes = row.Find("problem")->string().size();
    return absl::OkStatus();
  };
  EXPECT_THAT(ForEachParquetRow(path, measure, 32 << 20),
              IsError(absl::StatusCode::kInvalidArgument,
                      "takes more than 33554432 bytes"));
  EXPECT_EQ(bytes, 0u);
  EXPECT_THAT(ForEachParquetRow(path, measure), IsOk());
  EXPECT_EQ(bytes, 64u << 20);
}

TEST_F(Parquet, AimeWithCapitalColumnsAndYears) {
  BenchmarkSource source;
  source.benchmark = BenchmarkId::kAime24;
  source.path = std::string(kFolder) + "aime.parquet";
  LIMBECK_ASSERT_OK_AND_ASSIGN(const BenchmarkSet set, ReadBenchmark(source));
  ASSERT_EQ(set.problems.size(), 2u);
  EXPECT_EQ(set.problems[0].id, "2024-I-1");
  EXPECT_EQ(set.problems[0].gold, "70");
  EXPECT_EQ(set.problems[1].question, "Q \u00e9?");
  EXPECT_THAT(set.left_out, ElementsAre("2024-II-3"));
}

TEST_F(Parquet, CodeforcesWithGeneratedTests) {
  BenchmarkSource source;
  source.benchmark = BenchmarkId::kCodeforces;
  source.path = std::string(kFolder) + "codeforces.parquet";
  LIMBECK_ASSERT_OK_AND_ASSIGN(BenchmarkSet set, ReadBenchmark(source));
  ASSERT_EQ(set.problems.size(), 3u);
  EXPECT_EQ(set.problems[0].refusal, "");
  EXPECT_EQ(set.problems[0].difficulty_rating, 800);
  EXPECT_EQ(set.problems[0].code->tests.size(), 2u);
  EXPECT_EQ(set.problems[1].refusal, "interactive");
  EXPECT_THAT(set.problems[2].refusal, HasSubstr("no tests beyond"));

  source.tests_path = std::string(kFolder) + "test_cases_2024.parquet";
  LIMBECK_ASSERT_OK_AND_ASSIGN(set, ReadBenchmark(source));
  EXPECT_EQ(set.problems[2].refusal, "");
  ASSERT_EQ(set.problems[2].code->tests.size(), 2u);
  EXPECT_EQ(set.problems[2].code->tests[1].input, "7 2\n");
}

TEST_F(Parquet, DamageNeverCrashes) {
  const std::string bytes =
      *ReadFile(std::string(kFolder) + "test_cases_2024.parquet");
  const TemporaryDirectory folder(TemporaryPlace::kMemory);
  const std::string path = folder.File("x.parquet");
  const auto read = [&](const std::string& changed) {
    ASSERT_TRUE(WriteFileAtomically(path, changed).ok());
    (void)ReadRows(path);
  };
  for (size_t size = 0; size < bytes.size(); size += 7) {
    read(bytes.substr(0, size));
  }
  ForEachMutation(bytes, 1500, 13, read);
}

}  // namespace
}  // namespace limbeck
