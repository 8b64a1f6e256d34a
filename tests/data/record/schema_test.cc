#include "data/record/schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/digest.h"
#include "data/record/shard.h"
#include "data/records.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

std::string TraceSchema() { return SchemaText(*Trace::descriptor()); }

TEST(Schema, TextNamesFieldsAndTags) {
  EXPECT_EQ(SchemaText(*Span::descriptor()),
            "message limbeck.Span\n1 begin uint64\n2 end uint64\n");
}

TEST(Schema, TextReachesNestedTypesAndEnums) {
  const std::string text = TraceSchema();
  EXPECT_THAT(text, HasSubstr("7 think limbeck.Span\n"));
  EXPECT_THAT(text, HasSubstr("9 repairs repeated limbeck.Repair\n"));
  EXPECT_THAT(text, HasSubstr("15 sampling_logprobs repeated float\n"));
  EXPECT_THAT(text, HasSubstr("\nmessage limbeck.Source\n1 dataset string\n"));
  EXPECT_THAT(text, HasSubstr("\nenum limbeck.FinishReason\n"));
  EXPECT_THAT(text, HasSubstr("\n2 FINISH_REASON_LENGTH\n"));
  EXPECT_THAT(SchemaText(*Rejection::descriptor()),
              HasSubstr("3 value optional double\n"));
  EXPECT_THAT(SchemaText(*Rejection::descriptor()),
              HasSubstr("8 problem oneof limbeck.Problem\n"));
}

TEST(Schema, FingerprintIsTheHashOfTheText) {
  EXPECT_EQ(SchemaFingerprint(*Trace::descriptor()), Sha256Hex(TraceSchema()));
  EXPECT_NE(SchemaFingerprint(*Trace::descriptor()),
            SchemaFingerprint(*Problem::descriptor()));
}

TEST(Schema, AddedAndRemovedFieldsAreCompatible) {
  const std::string now = TraceSchema();
  const std::string older =
      absl::StrReplaceAll(now, {{"6 raw_output bytes\n", ""}});
  ASSERT_NE(older, now);
  LIMBECK_EXPECT_OK(CheckSchemaCompatible(older, now));
  LIMBECK_EXPECT_OK(CheckSchemaCompatible(now, older));
  LIMBECK_EXPECT_OK(CheckSchemaCompatible(
      now, absl::StrCat(now, "message limbeck.New\n1 a bytes\n")));
}

TEST(Schema, ReusedTagIsNamed) {
  const std::string now = TraceSchema();
  const std::string other = absl::StrReplaceAll(
      now, {{"6 raw_output bytes\n", "6 output_text string\n"}});
  const absl::Status status = CheckSchemaCompatible(other, now);
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition,
                              "message limbeck.Trace tag 6 is \"output_text "
                              "string\" in the file, but \"raw_output "
                              "bytes\""));
}

TEST(Schema, RenumberedEnumValueIsFound) {
  const std::string now = TraceSchema();
  const std::string other =
      absl::StrReplaceAll(now, {{"\n1 VERDICT_CORRECT\n2 VERDICT_WRONG\n",
                                 "\n1 VERDICT_WRONG\n2 VERDICT_CORRECT\n"}});
  ASSERT_NE(other, now);
  EXPECT_THAT(CheckSchemaCompatible(other, now),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "enum limbeck.Verdict tag 1"));
}

TEST(Schema, MalformedTextIsAnError) {
  EXPECT_THAT(CheckSchemaCompatible("1 a bytes\n", TraceSchema()),
              IsError(absl::StatusCode::kDataLoss, "malformed line"));
  EXPECT_THAT(CheckSchemaCompatible("message a\nx y\n", TraceSchema()),
              IsError(absl::StatusCode::kDataLoss, "\"x y\""));
}

}  // namespace
}  // namespace limbeck
