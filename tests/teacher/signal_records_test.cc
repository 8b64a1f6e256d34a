// Teacher signals as records: round trips, sizes, and damaged records.
#include "teacher/signal_records.h"

#include <cmath>
#include <limits>
#include <string>

#include "data/stages/record_id.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TopKColumns MakeColumns(uint32_t tokens) {
  TopKColumns columns;
  for (uint32_t token = 0; token < tokens; ++token) {
    const uint32_t count = token % 3 + 1;
    std::vector<uint32_t> ids;
    std::vector<float> logprobs;
    for (uint32_t i = 0; i < count; ++i) {
      ids.push_back((token * 7 + i) % 50);
      logprobs.push_back(-0.37f - 1.3f * static_cast<float>(token % 11 + i));
    }
    columns.Append(
        ids, logprobs,
        token % 5 == 0 ? -std::numeric_limits<float>::infinity() : -2.5f);
  }
  return columns;
}

TeacherSignal Identity() {
  TeacherSignal identity;
  identity.set_vocab_size(50);
  identity.set_teacher_revision("abc");
  identity.set_tokenizer_fingerprint("def");
  identity.set_token_ids_hash("0123456789abcdef");
  return identity;
}

TEST(SignalRecords, Float32RoundTripIsExact) {
  const TopKColumns columns = MakeColumns(20);
  const std::vector<TeacherSignal> signals =
      MakeTopKSignals(columns, Identity(), LOGPROB_CODEC_FLOAT32);
  ASSERT_EQ(signals.size(), 1u);
  EXPECT_EQ(signals[0].num_tokens(), 20u);
  EXPECT_EQ(signals[0].teacher_revision(), "abc");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns read,
                               ReadTopKSignal(signals[0]));
  EXPECT_EQ(read.counts, columns.counts);
  EXPECT_EQ(read.ids, columns.ids);
  EXPECT_EQ(read.logprobs, columns.logprobs);
  EXPECT_EQ(read.tail_logprobs, columns.tail_logprobs);
}

TEST(SignalRecords, Float16IsWithinItsStatedError) {
  const TopKColumns columns = MakeColumns(40);
  const std::vector<TeacherSignal> signals =
      MakeTopKSignals(columns, Identity(), LOGPROB_CODEC_FLOAT16);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns read,
                               ReadTopKSignal(signals[0]));
  bool any_rounded = false;
  for (size_t i = 0; i < columns.logprobs.size(); ++i) {
    const float exact = columns.logprobs[i];
    EXPECT_LE(std::abs(read.logprobs[i] - exact),
              std::ldexp(std::abs(exact), -11));
    any_rounded = any_rounded || read.logprobs[i] != exact;
  }
  EXPECT_TRUE(any_rounded);
  EXPECT_EQ(read.tail_logprobs, columns.tail_logprobs);
}

TEST(SignalRecords, LongOutputsAreCutAt1024Tokens) {
  const TopKColumns columns = MakeColumns(2500);
  std::vector<TeacherSignal> signals =
      MakeTopKSignals(columns, Identity(), LOGPROB_CODEC_FLOAT32);
  ASSERT_EQ(signals.size(), 3u);
  TopKColumns joined;
  uint32_t next = 0;
  for (const TeacherSignal& signal : signals) {
    EXPECT_EQ(signal.first_token(), next);
    next += signal.num_tokens();
    LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns read,
                                 ReadTopKSignal(signal));
    size_t entry = 0;
    for (size_t token = 0; token < read.counts.size(); ++token) {
      const size_t count = read.counts[token];
      joined.Append(absl::MakeConstSpan(read.ids).subspan(entry, count),
                    absl::MakeConstSpan(read.logprobs).subspan(entry, count),
                    read.tail_logprobs[token]);
      entry += count;
    }
  }
  EXPECT_EQ(next, 2500u);
  EXPECT_EQ(signals[2].num_tokens(), 452u);
  EXPECT_EQ(joined.ids, columns.ids);
  EXPECT_EQ(joined.logprobs, columns.logprobs);
}

TEST(SignalRecords, KeysAreThoseOfTheRecord) {
  std::vector<TeacherSignal> signals =
      MakeTopKSignals(MakeColumns(1100), Identity(), LOGPROB_CODEC_FLOAT32);
  SetSignalKeys("trace-id-16bytes", absl::MakeSpan(signals));
  for (const TeacherSignal& signal : signals) {
    EXPECT_EQ(signal.trace_id(), "trace-id-16bytes");
    EXPECT_EQ(signal.key(), SignalKey(signal));
  }
  EXPECT_NE(signals[0].key(), signals[1].key());
}

TEST(SignalRecords, ContradictionsNameBothValues) {
  const TeacherSignal good =
      MakeTopKSignals(MakeColumns(4), Identity(), LOGPROB_CODEC_FLOAT32)[0];
  TeacherSignal bad = good;
  bad.set_num_tokens(5);
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kDataLoss, "has 5 tokens, 4 counts"));
  bad = good;
  bad.mutable_top_k()->add_ids(1);
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kDataLoss, "7 counted entries, 8 ids"));
  bad = good;
  bad.mutable_top_k()->mutable_logprobs()->pop_back();
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kDataLoss,
                      "7 ids, 27 bytes of log-probabilities"));
  bad = good;
  bad.mutable_top_k()->set_ids(0, 50);
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kDataLoss,
                      "names token 50, its vocabulary has 50"));
  bad = good;
  bad.mutable_top_k()->mutable_tail_logprobs()->assign(16, '\xff');
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kDataLoss, "not a number"));
  bad = good;
  bad.mutable_top_k()->set_codec(LOGPROB_CODEC_UNSPECIFIED);
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kInvalidArgument, "codec 0"));
  bad.clear_top_k();
  EXPECT_THAT(ReadTopKSignal(bad),
              IsError(absl::StatusCode::kInvalidArgument, "of kind 0"));
}

// Whatever survives parsing either reads as consistent columns or is refused.
TEST(SignalRecords, DamagedRecordsNeverReadAsNonsense) {
  const std::string bytes =
      MakeTopKSignals(MakeColumns(5), Identity(), LOGPROB_CODEC_FLOAT16)[0]
          .SerializeAsString();
  const google::protobuf::LogSilencer silencer;
  int parsed = 0;
  const auto check = [&parsed](const std::string& damaged) {
    TeacherSignal signal;
    if (!signal.ParseFromString(damaged)) return;
    ++parsed;
    const absl::StatusOr<TopKColumns> columns = ReadTopKSignal(signal);
    if (!columns.ok()) return;
    uint64_t entries = 0;
    for (const uint32_t count : columns->counts) entries += count;
    EXPECT_EQ(columns->counts.size(), signal.num_tokens());
    EXPECT_EQ(columns->ids.size(), entries);
    EXPECT_EQ(columns->logprobs.size(), entries);
    EXPECT_EQ(columns->tail_logprobs.size(), signal.num_tokens());
    for (const uint32_t id : columns->ids) EXPECT_LT(id, signal.vocab_size());
  };
  ForEachBitFlip(bytes,
                 [&](const std::string& flipped, size_t) { check(flipped); });
  ForEachCut(bytes, [&](const std::string& cut, size_t) { check(cut); });
  EXPECT_GT(parsed, 100);
}

}  // namespace
}  // namespace limbeck
