// One shape of row from every format, and places in every error.
#include "eval/benchmarks/rows.h"

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class Rows : public ::testing::Test {
 protected:
  // "place object" of each row.
  absl::StatusOr<std::vector<std::string>> Read(const std::string& name,
                                                const std::string& text) {
    const std::string path = folder_.File(name);
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    std::vector<std::string> rows;
    const absl::Status status = ForEachRow(path, [&](Row& row) {
      EXPECT_EQ(row.number, static_cast<int64_t>(rows.size()));
      rows.push_back(absl::StrCat(row.place.substr(folder_.path().size() + 1),
                                  " ", WriteJson(row.object)));
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return rows;
  }

  TemporaryDirectory folder_{TemporaryPlace::kMemory};
};

TEST_F(Rows, JsonLinesListsAndCsvAgree) {
  EXPECT_THAT(*Read("a.jsonl", "{\"q\":\"x\"}\n\n{\"q\":1}\n"),
              ElementsAre("a.jsonl:1 {\"q\":\"x\"}", "a.jsonl:3 {\"q\":1}"));
  EXPECT_THAT(*Read("a.json", " [{\"q\":\"x\"},{\"q\":1}]"),
              ElementsAre("a.json: entry 1 {\"q\":\"x\"}",
                          "a.json: entry 2 {\"q\":1}"));
  EXPECT_THAT(*Read("a.CSV", "q,r\n\"x\ny\",2\nz,3\n"),
              ElementsAre("a.CSV:2 {\"q\":\"x\\ny\",\"r\":\"2\"}",
                          "a.CSV:4 {\"q\":\"z\",\"r\":\"3\"}"));
}

TEST_F(Rows, DamageNamesItsPlace) {
  const auto error = [&](const std::string& name, const std::string& text) {
    return std::string(Read(name, text).status().message());
  };
  EXPECT_THAT(error("a.jsonl", "{}\n{\"a\":}\n"), HasSubstr("a.jsonl, line 2"));
  EXPECT_THAT(error("a.jsonl", "{}\n3\n"),
              EndsWith("a.jsonl:2: expected an object, found an integer"));
  EXPECT_THAT(error("a.json", "[{},[]]"), HasSubstr("a.json: entry 2"));
  EXPECT_THAT(error("a.csv", "a,b\n1\n"),
              EndsWith("a.csv:2: 1 fields, the header has 2"));
  EXPECT_THAT(error("a.csv", "a,A\n"), EndsWith("column 'A' is there twice"));
  EXPECT_THAT(error("a.csv", "a\n\"x\n"), HasSubstr("a.csv: line 2"));
  EXPECT_THAT(error("a.jsonl", std::string(300, '[')), HasSubstr("a.jsonl"));
  EXPECT_EQ(ForEachRow(folder_.File("none.jsonl"),
                       [](Row&) { return absl::OkStatus(); })
                .code(),
            absl::StatusCode::kNotFound);
}

TEST(Columns, CaseIsNoMatterAndNullIsAbsent) {
  const Json row = *ParseJson(
      R"({"Answer":null,"ANSWER":70.0,"Id":7,"ok":true,"x":[1],"t":" 1.5 "})");
  EXPECT_EQ(*TextColumn(row, {"answer"}), "70");
  EXPECT_EQ(*TextColumn(row, {"none", "id"}), "7");
  EXPECT_EQ(*TextColumn(row, {"OK"}), "true");
  EXPECT_EQ(*OptionalTextColumn(row, {"none"}), "");
  EXPECT_THAT(TextColumn(row, {"none"}),
              IsError(absl::StatusCode::kInvalidArgument, "no key 'none'"));
  EXPECT_THAT(TextColumn(row, {"x"}),
              IsError(absl::StatusCode::kInvalidArgument, "'x' is"));
  EXPECT_EQ(*NumberColumn(row, {"t"}, 9), 1.5);
  EXPECT_EQ(*NumberColumn(row, {"none"}, 9), 9);
  EXPECT_FALSE(NumberColumn(row, {"x"}, 9).ok());
}

TEST_F(Rows, DamageNeverCrashes) {
  const std::string lines = "{\"q\":\"x\"}\n{\"q\":1}\n";
  ForEachMutation(lines, 300, 5, [&](const std::string& text) {
    (void)Read("a.jsonl", text);
  });
  ForEachMutation("[" + lines.substr(0, 9) + "]", 300, 6,
                  [&](const std::string& text) { (void)Read("a.json", text); });
}

}  // namespace
}  // namespace limbeck
