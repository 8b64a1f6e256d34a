// Alignment, weights and top-k decoding of micro-batches, and their errors.
#include "distill/micro_batch.h"

#include <ATen/ATen.h>
#include <c10/util/Half.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/loss_options.h"
#include "tests/distill/tiny_training.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using absl::StatusCode;

BatchRules Rules(bool with_signals = false) {
  BatchRules rules;
  rules.vocab_size = kTinyVocab;
  rules.max_positions = 64;
  rules.tokenizer_fingerprint = "tiny";
  rules.with_signals = with_signals;
  return rules;
}

std::vector<int64_t> Longs(const at::Tensor& tensor) {
  const int64_t* values = tensor.const_data_ptr<int64_t>();
  return {values, values + tensor.numel()};
}

TEST(MicroBatch, TokenIsPredictedByTheRowBeforeIt) {
  PackedBin bin = TinyBin(4, {{3, 1, 1}, {4, 2, 2}});
  for (int i = 0; i < 7; ++i) bin.set_ids(i, static_cast<uint32_t>(10 + i));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const MicroBatch batch,
                               MakeMicroBatch(Loaded({bin}), 2.0, Rules()));
  EXPECT_EQ(batch.starts, (std::vector<int64_t>{0, 3, 7}));
  const int64_t none = kernels::kIgnoreIndex;
  EXPECT_EQ(Longs(batch.target),
            (std::vector<int64_t>{11, 12, none, none, 15, 16, none}));
  EXPECT_EQ(Longs(batch.kept_rows), (std::vector<int64_t>{0, 1, 4, 5}));
  EXPECT_TRUE(at::equal(batch.token_weight, at::tensor({0.5f, 0.5f, 0.0f, 0.0f,
                                                        0.5f, 0.5f, 0.0f})));
}

TEST(MicroBatch, BinsFollowOneAnother) {
  const std::vector<LoadedBin> bins =
      Loaded({TinyBin(0, {{3, 1, 1}}), TinyBin(1, {{2, 1, 2}, {2, 1, 3}})});
  LIMBECK_ASSERT_OK_AND_ASSIGN(const MicroBatch batch,
                               MakeMicroBatch(bins, 1.0, Rules()));
  EXPECT_EQ(batch.starts, (std::vector<int64_t>{0, 3, 5, 7}));
  EXPECT_EQ(Longs(batch.kept_rows), (std::vector<int64_t>{0, 1, 3, 5}));
}

TEST(MicroBatch, SampleWeightsAreSharesOfTheWholeStep) {
  const std::vector<LoadedBin> bins =
      Loaded({TinyBin(0, {{3, 1, 1, 2.0f}}), TinyBin(1, {{5, 1, 2, 0.5f}})});
  LIMBECK_ASSERT_OK_AND_ASSIGN(const double total, TotalLossWeight(bins));
  EXPECT_DOUBLE_EQ(total, 2 * 2.0 + 4 * 0.5);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const MicroBatch batch,
                               MakeMicroBatch(bins, total, Rules()));
  EXPECT_NEAR(batch.token_weight.sum().item().toDouble(), 1.0, 1e-6);
}

TEST(MicroBatch, WeightZeroCarriesNoLoss) {
  const std::vector<LoadedBin> bins =
      Loaded({TinyBin(0, {{3, 1, 1, 0.0f}, {3, 1, 2, 1.0f}})});
  LIMBECK_ASSERT_OK_AND_ASSIGN(const MicroBatch batch,
                               MakeMicroBatch(bins, 2.0, Rules()));
  EXPECT_EQ(Longs(batch.kept_rows), (std::vector<int64_t>{3, 4}));
}

TEST(MicroBatch, StepWithoutLossIsAnError) {
  EXPECT_THAT(TotalLossWeight(Loaded({TinyBin(7, {{3, 1, 1, 0.0f}})})),
              IsError(StatusCode::kInvalidArgument, "(the first is 7)"));
  EXPECT_THAT(TotalLossWeight(Loaded({TinyBin(7, {{3, 1, 1, -1.0f}})})),
              IsError(StatusCode::kInvalidArgument, "sample weight -1"));
}

TEST(MicroBatch, BadBinsAreNamed) {
  const PackedBin good = TinyBin(9, {{4, 1, 1}, {3, 1, 2}});
  const auto status = [](const PackedBin& bin) {
    return MakeMicroBatch(Loaded({bin}), 1.0, Rules()).status();
  };
  PackedBin bin = good;
  bin.set_ids(3, kTinyVocab);
  EXPECT_THAT(status(bin), IsError(StatusCode::kInvalidArgument,
                                   "bin 9: token 3 is id 29, the vocabulary "
                                   "has 29"));
  bin = good;
  bin.mutable_sequences(1)->set_start(5);
  EXPECT_THAT(status(bin), IsError(StatusCode::kInvalidArgument,
                                   "bin 9, sequence 1, trace 7472"));
  bin = good;
  bin.mutable_sequences(1)->set_length(2);
  EXPECT_THAT(status(bin),
              IsError(StatusCode::kInvalidArgument, "in a bin of 7 tokens"));
  bin = good;
  bin.mutable_sequences(0)->mutable_loss_runs(0)->set_start(0);
  EXPECT_THAT(status(bin), IsError(StatusCode::kInvalidArgument,
                                   "has loss on tokens 0 to 3"));
  bin = good;
  bin.mutable_sequences(0)->mutable_loss_runs(0)->set_length(9);
  EXPECT_THAT(status(bin), IsError(StatusCode::kInvalidArgument,
                                   "has loss on tokens 1 to 10"));
  bin = good;
  bin.clear_sequences();
  EXPECT_THAT(status(bin),
              IsError(StatusCode::kInvalidArgument, "has no sequence"));
  EXPECT_THAT(status(TinyBin(3, {{65, 1, 1}})),
              IsError(StatusCode::kInvalidArgument,
                      "has 65 tokens, the model has 64 positions"));
}

// One sequence of `length` tokens whose output starts at 2, with signals.
LoadedBin BinWithSignals(int length) {
  LoadedBin loaded = Loaded({TinyBin(5, {{length, 2, 1}})})[0];
  const at::Tensor logits = at::arange(length * kTinyVocab, at::kFloat)
                                .reshape({length, kTinyVocab})
                                .sin();
  loaded.signals = SignalsFrom(logits, loaded.bin, 3);
  return loaded;
}

TEST(TopKTargets, EntryOfTokenTrainsTheRowBeforeIt) {
  const LoadedBin loaded = BinWithSignals(7);
  const at::Tensor logprobs = at::log_softmax(
      at::arange(7 * kTinyVocab, at::kFloat).reshape({7, kTinyVocab}).sin(),
      -1);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const MicroBatch batch,
                               MakeMicroBatch({&loaded, 1}, 1.0, Rules(true)));
  const auto [top, ids] = logprobs.topk(3, -1);
  // Output tokens 2..6 are predicted by rows 1..5.
  EXPECT_TRUE(at::equal(batch.top_k.ids.slice(0, 1, 6), ids.slice(0, 1, 6)));
  EXPECT_TRUE(
      at::equal(batch.top_k.logprobs.slice(0, 1, 6), top.slice(0, 1, 6)));
  EXPECT_TRUE(at::equal(batch.top_k.ids[0], at::full({3}, -1, at::kLong)));
  EXPECT_TRUE(at::equal(batch.top_k.ids[6], at::full({3}, -1, at::kLong)));
  const double mass = top[2].exp().sum().item().toDouble();
  EXPECT_NEAR(batch.top_k.tail_logprob[2].item().toDouble(), std::log1p(-mass),
              1e-5);
}

TEST(TopKTargets, CountsMayVaryFromTokenToToken) {
  LoadedBin loaded = Loaded({TinyBin(5, {{4, 2, 1}})})[0];
  loaded.signals.set_bin_index(5);
  loaded.signals.add_sequence_of_signal(0);
  TeacherSignal* signal = loaded.signals.add_signals();
  signal->set_num_tokens(2);
  signal->set_vocab_size(kTinyVocab);
  signal->set_tokenizer_fingerprint("tiny");
  TopKSignal* top_k = signal->mutable_top_k();
  top_k->set_codec(LOGPROB_CODEC_FLOAT16);
  for (uint32_t count : {1u, 2u}) top_k->add_counts(count);
  for (uint32_t id : {7u, 8u, 9u}) top_k->add_ids(id);
  for (float value : {-0.5f, -1.0f, -1.5f}) {
    const c10::Half half(value);
    top_k->mutable_logprobs()->append(reinterpret_cast<const char*>(&half.x),
                                      2);
  }
  const float tails[2] = {-2.0f, -std::numeric_limits<float>::infinity()};
  top_k->set_tail_logprobs(reinterpret_cast<const char*>(tails), 8);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const MicroBatch batch,
                               MakeMicroBatch({&loaded, 1}, 1.0, Rules(true)));
  EXPECT_EQ(Longs(batch.top_k.ids),
            (std::vector<int64_t>{-1, -1, 7, -1, 8, 9, -1, -1}));
  EXPECT_EQ(batch.top_k.logprobs[2][1].item().toFloat(), -1.5f);
  EXPECT_EQ(batch.top_k.tail_logprob[1].item().toFloat(), -2.0f);
  EXPECT_EQ(batch.top_k.tail_logprob[2].item().toFloat(), tails[1]);
}

TEST(TopKTargets, BadSignalsAreNamed) {
  const auto status = [](const LoadedBin& loaded) {
    return MakeMicroBatch({&loaded, 1}, 1.0, Rules(true)).status();
  };
  const LoadedBin good = BinWithSignals(7);
  ASSERT_THAT(status(good), IsOk());
  LoadedBin bad = good;
  bad.signals.set_bin_index(6);
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kDataLoss, "its signals are of bin 6"));
  bad = good;
  bad.signals.mutable_signals()->RemoveLast();
  bad.signals.mutable_sequence_of_signal()->RemoveLast();
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kInvalidArgument,
                      "token 4 carries loss, but no teacher signal"));
  bad = good;
  bad.signals.mutable_signals(0)->set_tokenizer_fingerprint("other");
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kFailedPrecondition,
                      "is of tokenizer other, the student's is tiny"));
  bad = good;
  bad.signals.mutable_signals(0)
      ->mutable_top_k()
      ->mutable_logprobs()
      ->pop_back();
  EXPECT_THAT(status(bad), IsError(StatusCode::kDataLoss, "23 bytes of log"));
  bad = good;
  bad.signals.mutable_signals(1)->set_first_token(9);
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kDataLoss, "speaks about tokens 11 to 14"));
  bad = good;
  bad.signals.mutable_signals(0)->set_vocab_size(40);
  bad.signals.mutable_signals(0)->mutable_top_k()->set_ids(0, 29);
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kInvalidArgument, "names id 29"));
  bad = good;
  bad.signals.mutable_signals(0)->mutable_top_k()->set_ids(0, 29);
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kDataLoss, "its vocabulary has 29"));
  bad = good;
  bad.signals.set_sequence_of_signal(0, 4);
  EXPECT_THAT(status(bad),
              IsError(StatusCode::kDataLoss, "belongs to sequence 4"));
}

TEST(TopKTargets, LogprobThatIsNotANumberIsNamed) {
  const LoadedBin good = BinWithSignals(7);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string bytes(reinterpret_cast<const char*>(&nan), sizeof(nan));
  for (bool in_tail : {false, true}) {
    LoadedBin bad = good;
    TopKSignal* top_k = bad.signals.mutable_signals(1)->mutable_top_k();
    std::string* values =
        in_tail ? top_k->mutable_tail_logprobs() : top_k->mutable_logprobs();
    values->replace(4, 4, bytes);
    EXPECT_THAT(MakeMicroBatch({&bad, 1}, 1.0, Rules(true)).status(),
                IsError(StatusCode::kDataLoss, "is not a number"));
  }
}

}  // namespace
}  // namespace limbeck
