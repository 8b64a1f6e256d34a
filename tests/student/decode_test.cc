// Decoding with a cache: right, and independent of the company, bit by bit.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "student/forward.h"
#include "tests/student/plain_decoder.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

// Logits [length, vocab] of a sequence decoded from its first token on, in row
// `row` of a cache of `rows`, the other rows running `others` meanwhile.
at::Tensor DecodeInCompany(const Model& model, const std::vector<int64_t>& ids,
                           int64_t row, int64_t rows, uint64_t others) {
  KvCache cache = MakeKvCache(model.config, rows, 64, at::kFloat);
  const size_t n = static_cast<size_t>(rows);
  std::vector<at::Tensor> logits;
  for (size_t t = 0; t < ids.size(); ++t) {
    std::vector<int64_t> step_ids = TinyIds(model.config, rows, others + t);
    std::vector<int64_t> lengths(n);
    for (size_t r = 0; r < n; ++r) {
      // Other rows idle at times and start late; caches keep their old bytes.
      const int64_t late = static_cast<int64_t>(t) - static_cast<int64_t>(r);
      lengths[r] = (r + t + others) % 3 == 0 ? -1 : std::max<int64_t>(late, -1);
    }
    step_ids[static_cast<size_t>(row)] = ids[t];
    lengths[static_cast<size_t>(row)] = static_cast<int64_t>(t);
    logits.push_back(
        DecodeStep(model.config, model.weights, step_ids, lengths, cache)[row]
            .clone());
  }
  return at::stack(logits);
}

at::Tensor PlainTensor(const Matrix& rows) {
  std::vector<at::Tensor> tensors;
  for (const std::vector<double>& row : rows) {
    tensors.push_back(at::tensor(row, at::kDouble));
  }
  return at::stack(tensors);
}

class Decode : public ::testing::TestWithParam<ModelVariant> {};

INSTANTIATE_TEST_SUITE_P(Variants, Decode, ::testing::ValuesIn(TinyVariants()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Decode, LogProbsEqualPlainLoops) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 40, 1);
  const at::Tensor ours =
      at::log_softmax(DecodeInCompany(model, ids, 1, 3, 5).to(at::kDouble), -1);
  const at::Tensor expected =
      PlainTensor(PlainLogProbs(config, PlainWeightsOf(model), ids));
  EXPECT_LT((ours - expected).abs().max().item<double>(), 3e-5);
}

TEST_P(Decode, EqualsTheTrainingForward) {
  const ModelConfig& config = GetParam().config;
  const Model model = *MakeRandomModel(config, 3);
  const std::vector<int64_t> ids = TinyIds(config, 40, 1);
  const PackedLayout layout = MakePackedLayout(config, {0, 40}, at::kFloat);
  const at::Tensor hidden = ForwardPacked(config, ParameterStore(model.weights),
                                          layout, at::tensor(ids, at::kLong));
  const at::Tensor expected =
      at::log_softmax(at::linear(hidden, model.weights.head), -1);
  const at::Tensor ours =
      at::log_softmax(DecodeInCompany(model, ids, 0, 1, 5), -1);
  EXPECT_LT((ours - expected).abs().max().item<double>(), 1e-5);
}

TEST_P(Decode, SameBytesInAnyRowAndCompany) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 37, 1);
  const at::Tensor alone = DecodeInCompany(model, ids, 0, 1, 5);
  for (const int64_t rows : {2, 7, 33}) {
    for (const int64_t row : {int64_t{0}, rows / 2, rows - 1}) {
      const uint64_t others = static_cast<uint64_t>(rows * 10 + row);
      EXPECT_TRUE(
          at::equal(alone, DecodeInCompany(model, ids, row, rows, others)))
          << "row " << row << " of " << rows;
    }
  }
}

TEST_P(Decode, PrefillLeavesTheBytesOfDecoding) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 37, 1);
  const at::Tensor decoded = DecodeInCompany(model, ids, 0, 1, 5);
  for (const size_t prompt : {1, 16, 17, 36}) {
    KvCache cache = MakeKvCache(config, 2, 64, at::kFloat);
    Prefill(config, model.weights, {ids.begin(), ids.begin() + prompt}, 1,
            cache);
    for (size_t t = prompt; t < ids.size(); ++t) {
      const at::Tensor logits =
          DecodeStep(config, model.weights, {0, ids[t]},
                     {-1, static_cast<int64_t>(t)}, cache)[1];
      ASSERT_TRUE(at::equal(logits, decoded[static_cast<int64_t>(t)]))
          << "prompt " << prompt << ", token " << t;
    }
  }
}

TEST_P(Decode, PrefillReturnsTheLastHiddenState) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 21, 1);
  KvCache cache = MakeKvCache(config, 1, 32, at::kFloat);
  const at::Tensor hidden = Prefill(config, model.weights, ids, 0, cache);
  const at::Tensor ours =
      at::log_softmax(at::mv(model.weights.head, hidden).to(at::kDouble), -1);
  const Matrix expected = PlainLogProbs(config, PlainWeightsOf(model), ids);
  for (int64_t v = 0; v < config.vocab_size; ++v) {
    EXPECT_NEAR(ours[v].item<double>(), expected[20][static_cast<size_t>(v)],
                3e-5);
  }
}

TEST_P(Decode, CopiedRowsGoOnAlike) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 20, 1);
  KvCache cache = MakeKvCache(config, 3, 32, at::kFloat);
  Prefill(config, model.weights, ids, 0, cache);
  CopyKvRow(cache, 0, 2, 20);
  const at::Tensor logits =
      DecodeStep(config, model.weights, {5, 0, 5}, {20, -1, 20}, cache);
  EXPECT_TRUE(at::equal(logits[0], logits[2]));
}

TEST(DecodeThreads, SameBytesForAnyNumber) {
  const Model model = TinyModel(TinyConfig());
  const std::vector<int64_t> ids = TinyIds(model.config, 30, 1);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = DecodeInCompany(model, ids, 20, 40, 3);
  KvCache cache_one = MakeKvCache(model.config, 1, 64, at::kFloat);
  const at::Tensor hidden_one =
      Prefill(model.config, model.weights, ids, 0, cache_one);
  at::set_num_threads(2);
  const at::Tensor two = DecodeInCompany(model, ids, 20, 40, 3);
  KvCache cache_two = MakeKvCache(model.config, 1, 64, at::kFloat);
  const at::Tensor hidden_two =
      Prefill(model.config, model.weights, ids, 0, cache_two);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one, two));
  EXPECT_TRUE(at::equal(hidden_one, hidden_two));
}

TEST(KvCache, CapacityIsRoundedUp) {
  const KvCache cache = MakeKvCache(TinyConfig(), 2, 17, at::kFloat);
  EXPECT_EQ(cache.capacity, 32);
}

}  // namespace
}  // namespace limbeck
