// RFC 4180's cases, and files that are none.
#include "eval/benchmarks/csv.h"

#include "data/base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Records = std::vector<std::vector<std::string>>;

absl::StatusOr<Records> ReadAll(absl::string_view text,
                                const CsvLimits& limits = {}) {
  CsvReader reader(text, limits);
  Records records;
  std::vector<std::string> fields;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(&fields);
    if (!more.ok()) return more.status();
    if (!*more) return records;
    records.push_back(fields);
  }
}

TEST(Csv, QuotesLineBreaksAndCommas) {
  const auto records =
      ReadAll("a,b\r\n\"x, \"\"y\"\"\n2\",\r\n\n,\"\"\rlast \"q\" ,z");
  ASSERT_THAT(records, IsOk());
  EXPECT_THAT(
      *records,
      ElementsAre(ElementsAre("a", "b"), ElementsAre("x, \"y\"\n2", ""),
                  ElementsAre("", ""), ElementsAre("last \"q\" ", "z")));
}

TEST(Csv, ByteOrderMarkAndNothing) {
  EXPECT_THAT(*ReadAll("\xEF\xBB\xBFh\n1\n"),
              ElementsAre(ElementsAre("h"), ElementsAre("1")));
  EXPECT_TRUE(ReadAll("")->empty());
  EXPECT_TRUE(ReadAll("\n\r\n")->empty());
}

TEST(Csv, DamageIsNamedWithItsLine) {
  const auto error = [](absl::string_view text) {
    return std::string(ReadAll(text).status().message());
  };
  EXPECT_THAT(error("a\n\n\"b\nc\nd"),
              HasSubstr("line 3: a field opens with a quote that never"));
  EXPECT_THAT(error("a\n\"b\"c\n"),
              HasSubstr("line 2: text after the closing"));
  EXPECT_THAT(error(absl::string_view("a\nb\0c\n", 6)),
              HasSubstr("line 2: a field with a NUL"));
  EXPECT_THAT(error("a\n\"\xFF\"\n"), HasSubstr("no UTF-8"));
}

TEST(Csv, SizesAreBounded) {
  CsvLimits limits;
  limits.max_fields = 3;
  limits.max_field_bytes = 4;
  EXPECT_THAT(
      ReadAll("a,b,c,d\n", limits),
      IsError(absl::StatusCode::kInvalidArgument, "more than 3 fields"));
  EXPECT_THAT(ReadAll("12345\n", limits),
              IsError(absl::StatusCode::kInvalidArgument, "more than 4 bytes"));
  EXPECT_THAT(ReadAll("\"12345\"\n", limits),
              IsError(absl::StatusCode::kInvalidArgument, "more than 4 bytes"));
  EXPECT_THAT(ReadAll("1234,b,c\n", limits), IsOk());
}

TEST(Csv, DamageNeverCrashes) {
  const std::string text = "id,q\n1,\"a\nb \"\"c\"\"\"\n2,x\r\n";
  const auto read = [](const std::string& changed) { (void)ReadAll(changed); };
  ForEachCut(text, [&](const std::string& cut, size_t) { read(cut); });
  ForEachBitFlip(text, [&](const std::string& flip, size_t) { read(flip); });
  ForEachMutation(text, 2000, 7, read);
}

}  // namespace
}  // namespace limbeck
