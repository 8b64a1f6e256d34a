#include "data/stages/options_defaults.h"

#include <limits>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// Every field has a value after resolving, but for those named, and resolving
// again changes nothing.
template <typename Options>
void ExpectComplete(const Options& given,
                    const std::set<std::string>& without_default = {}) {
  auto resolved = ResolveOptions(given);
  LIMBECK_ASSERT_OK(resolved);
  const auto& type = *Options::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->is_repeated()) continue;
    if (without_default.count(type.field(i)->name()) > 0) continue;
    EXPECT_TRUE(resolved->GetReflection()->HasField(*resolved, type.field(i)))
        << type.field(i)->full_name();
  }
  auto again = ResolveOptions(*resolved);
  LIMBECK_ASSERT_OK(again);
  EXPECT_EQ(again->SerializeAsString(), resolved->SerializeAsString());
}

TEST(ResolveOptions, EveryFieldGetsAValue) {
  ExpectComplete(ArithmeticProblemsOptions());
  ExpectComplete(ArithmeticCorpusOptions());
  IngestOptions ingest;
  ingest.set_path("data/train.jsonl");
  ExpectComplete(ingest);
  ExpectComplete(SplitOptions());
  ExpectComplete(VerifyOptions(), {"answer_kind", "reward"});
  ExpectComplete(FilterOptions());
  ExpectComplete(DedupOptions());
  ExpectComplete(DecontaminateOptions());
  ExpectComplete(TrainTokenizerOptions());
  ExpectComplete(TokenizeOptions(), {"chat"});
  ExpectComplete(PackOptions());
}

TEST(ResolveOptions, GivenValuesStay) {
  FilterOptions filter;
  filter.set_require_stop(false);
  filter.set_min_output_tokens(0);
  filter.set_max_output_tokens(160);
  auto resolved = ResolveOptions(filter);
  LIMBECK_ASSERT_OK(resolved);
  EXPECT_FALSE(resolved->require_stop());
  EXPECT_TRUE(resolved->require_format());
  EXPECT_EQ(resolved->min_output_tokens(), 0);
  EXPECT_EQ(resolved->max_output_tokens(), 160);
}

TEST(ResolveOptions, VerifyRefusesKindsAndRewardsItCannotJudge) {
  VerifyOptions verify;
  verify.set_answer_kind(ANSWER_KIND_PROGRAM);
  EXPECT_THAT(ResolveOptions(verify),
              IsError(kInvalid, "answer_kind is ANSWER_KIND_PROGRAM"));
  verify.set_answer_kind(ANSWER_KIND_CHOICE);
  verify.mutable_reward();
  EXPECT_THAT(ResolveOptions(verify),
              IsError(kInvalid, "VerifyOptions.reward: the reward has no"));
  verify.mutable_reward()->add_terms()->mutable_format();
  LIMBECK_EXPECT_OK(ResolveOptions(verify));
}

TEST(ResolveOptions, IngestNeedsAPathAndNamesTheDataset) {
  EXPECT_THAT(ResolveOptions(IngestOptions()),
              IsError(kInvalid, "IngestOptions.path is empty"));
  IngestOptions ingest;
  ingest.set_path("data/train.jsonl");
  EXPECT_EQ(ResolveOptions(ingest)->dataset(), "train.jsonl");
}

TEST(ResolveOptions, RangesNameFieldValueAndLimits) {
  FilterOptions filter;
  filter.set_max_output_tokens(0);
  EXPECT_THAT(
      ResolveOptions(filter),
      IsError(kInvalid, "FilterOptions.max_output_tokens is 0; allowed: 1 to"));
  filter.set_max_output_tokens(5);
  filter.set_min_output_tokens(6);
  EXPECT_THAT(
      ResolveOptions(filter),
      IsError(kInvalid,
              "min_output_tokens is 6; allowed: at most max_output_tokens, "
              "which is 5"));
  SplitOptions split;
  split.set_end(1.5);
  EXPECT_THAT(ResolveOptions(split),
              IsError(kInvalid, "SplitOptions.end is 1.5; allowed: 0 to 1"));
  split.set_begin(0.5);
  split.set_end(0.5);
  EXPECT_THAT(ResolveOptions(split),
              IsError(kInvalid, "begin is 0.5; allowed: less than end"));
  PackOptions pack;
  pack.set_max_loss_tokens(-1);
  EXPECT_THAT(ResolveOptions(pack),
              IsError(kInvalid, "PackOptions.max_loss_tokens is -1"));
}

TEST(ResolveOptions, NotANumberIsRefused) {
  SplitOptions split;
  split.set_begin(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(ResolveOptions(split), IsError(kInvalid, "begin is nan"));
}

TEST(ResolveOptions, EnumsListWhatIsAllowed) {
  TokenizeOptions tokenize;
  tokenize.set_target(TokenizeOptions::TARGET_UNSPECIFIED);
  EXPECT_THAT(ResolveOptions(tokenize),
              IsError(kInvalid, "allowed: TARGET_TRACE, TARGET_ANSWER_ONLY"));
  tokenize.set_target(static_cast<TokenizeOptions::Target>(77));
  EXPECT_THAT(ResolveOptions(tokenize), IsError(kInvalid, "target is 77"));
}

TEST(ResolveOptions, UnknownFamilyIsRefused) {
  ArithmeticProblemsOptions problems;
  problems.add_families("no such family");
  EXPECT_THAT(ResolveOptions(problems),
              IsError(kInvalid, "families has 'no such family'; allowed: "));
}

TEST(ResolveOptions, CapturedIdsAreForWholeTraces) {
  TokenizeOptions tokenize;
  EXPECT_TRUE(ResolveOptions(tokenize)->use_captured_ids());
  tokenize.set_target(TokenizeOptions::TARGET_ANSWER_ONLY);
  EXPECT_FALSE(ResolveOptions(tokenize)->use_captured_ids());
  tokenize.set_use_captured_ids(true);
  EXPECT_THAT(ResolveOptions(tokenize),
              IsError(kInvalid, "use_captured_ids is true; allowed: false"));
}

}  // namespace
}  // namespace limbeck
