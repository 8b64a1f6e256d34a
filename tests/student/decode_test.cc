// Decoding with a cache: right, and independent of the company, bit by bit.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "student/forward.h"
#include "tests/student/plain_decoder.h"
#include "tests/support/family_variants.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

// Logits [length, vocab] of a sequence decoded from its first token on, in row
// `row` of a cache of `rows`, the other rows running `others` meanwhile.
at::Tensor DecodeInCompany(const Model& model, const std::vector<int64_t>& ids,
                           int64_t row, int64_t rows, uint64_t others) {
  KvCache cache = MakeKvCache(model.config, rows, 80, at::kFloat);
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

// A latent vector as wide as a head without rotation: sizes that tell nothing
// about which is which.
ModelConfig SquareLatentConfig() {
  ModelConfig config = FamilyVariants().back().config;
  config.latent = LatentAttention{
      .kv_rank = 6, .nope_dim = 6, .rope_dim = 2, .value_dim = 6};
  config.head_dim = 8;
  config.rope_interleaved = true;
  return config;
}

std::vector<ModelVariant> DecodedVariants() {
  std::vector<ModelVariant> variants = AllVariants();
  variants.push_back({"square_latent", SquareLatentConfig()});
  return variants;
}

class Decode : public ::testing::TestWithParam<ModelVariant> {};

INSTANTIATE_TEST_SUITE_P(Variants, Decode,
                         ::testing::ValuesIn(DecodedVariants()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Decode, LogProbsEqualPlainLoops) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 70, 1);
  const at::Tensor ours =
      at::log_softmax(DecodeInCompany(model, ids, 1, 3, 5).to(at::kDouble), -1);
  const at::Tensor expected =
      PlainTensor(PlainLogProbs(config, PlainWeightsOf(model), ids));
  EXPECT_LT((ours - expected).abs().max().item<double>(), 3e-5);
}

// The largest difference of log-probabilities over 70 tokens.
double DifferenceFromTraining(const Model& model) {
  const std::vector<int64_t> ids = TinyIds(model.config, 70, 1);
  const PackedLayout layout =
      MakePackedLayout(model.config, {0, 70}, at::kFloat);
  const at::Tensor hidden =
      ForwardPacked(model.config, ParameterStore(model.weights), layout,
                    at::tensor(ids, at::kLong));
  const at::Tensor expected = at::log_softmax(
      at::linear(hidden, model.weights.head).to(at::kDouble), -1);
  const at::Tensor ours =
      at::log_softmax(DecodeInCompany(model, ids, 0, 1, 5).to(at::kDouble), -1);
  return (ours - expected).abs().max().item<double>();
}

TEST_P(Decode, EqualsTheTrainingForward) {
  ModelConfig config = GetParam().config;
  config.initializer_range = 0.2;
  EXPECT_LT(DifferenceFromTraining(FreshModel(config, 3)), 1e-5);
}

// Biases and norms that matter, and weights so large that every block makes
// rounding errors grow: plain Llama differs by 2e-5 here.
TEST_P(Decode, EqualsTheTrainingForwardOnLargeWeights) {
  EXPECT_LT(DifferenceFromTraining(TinyModel(GetParam().config, 3)), 6e-5);
}

TEST_P(Decode, SameBytesInAnyRowAndCompany) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 37, 1);
  const at::Tensor alone = DecodeInCompany(model, ids, 0, 1, 5);
  for (const int64_t rows : {2, 33}) {
    for (const int64_t row : {int64_t{0}, rows - 1}) {
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

// How the rest of a sequence goes on from a cache with `row` filled.
at::Tensor GoOn(const Model& model, const std::vector<int64_t>& ids,
                size_t first, KvCache& cache) {
  std::vector<at::Tensor> logits;
  for (size_t t = first; t < ids.size(); ++t) {
    logits.push_back(DecodeStep(model.config, model.weights, {ids[t]},
                                {static_cast<int64_t>(t)}, cache)[0]
                         .clone());
  }
  return at::stack(logits);
}

TEST_P(Decode, CapacityChangesNoByte) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 30, 1);
  KvCache small = MakeKvCache(config, 1, 32, at::kFloat);
  KvCache large = MakeKvCache(config, 1, 100, at::kFloat);
  KvCache grown = MakeKvCache(config, 1, 16, at::kFloat);
  const at::Tensor expected = GoOn(model, ids, 0, small);
  EXPECT_TRUE(at::equal(expected, GoOn(model, ids, 0, large)));
  Prefill(config, model.weights, {ids.begin(), ids.begin() + 16}, 0, grown);
  GrowKvCache(config, 30, {16}, grown);
  EXPECT_EQ(grown.capacity, 32);
  EXPECT_TRUE(
      at::equal(expected.narrow(0, 16, 14), GoOn(model, ids, 16, grown)));
}

// More tokens than Prefill takes at once.
TEST(DecodePrefill, LongPromptsLeaveTheBytesOfDecoding) {
  ModelConfig config = TinyConfig();
  config.model_type = "mistral";
  config.sliding_window = 300;
  config.num_layers = 1;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 515, 1);
  KvCache decoded = MakeKvCache(config, 1, 528, at::kFloat);
  KvCache prefilled = MakeKvCache(config, 1, 528, at::kFloat);
  GoOn(model, ids, 0, decoded);
  Prefill(config, model.weights, ids, 0, prefilled);
  EXPECT_TRUE(at::equal(decoded.keys[0].narrow(3, 0, 515),
                        prefilled.keys[0].narrow(3, 0, 515)));
  EXPECT_TRUE(at::equal(decoded.values[0].narrow(2, 0, 515),
                        prefilled.values[0].narrow(2, 0, 515)));
  EXPECT_TRUE(at::equal(GoOn(model, ids, 514, decoded),
                        GoOn(model, ids, 514, prefilled)));
}

// Nothing is read of a cache but what was written to it.
TEST_P(Decode, UnwrittenMemoryMayHoldAnything) {
  const ModelConfig& config = GetParam().config;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 20, 1);
  KvCache zeros = MakeKvCache(config, 1, 32, at::kFloat);
  KvCache broken = MakeKvCache(config, 1, 32, at::kFloat);
  for (size_t layer = 0; layer < zeros.keys.size(); ++layer) {
    zeros.keys[layer].zero_();
    zeros.values[layer].zero_();
    broken.keys[layer].fill_(std::numeric_limits<float>::quiet_NaN());
    broken.values[layer].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  EXPECT_TRUE(
      at::equal(GoOn(model, ids, 0, zeros), GoOn(model, ids, 0, broken)));
}

// One layer: a token sees its window and nothing before, itself included.
TEST(DecodeWindow, SeesExactlyItsTokens) {
  for (const int64_t window : {1, 5, 16, 17, 40}) {
    ModelConfig config = TinyConfig();
    config.num_layers = 1;
    config.model_type = "mistral";
    config.sliding_window = window;
    const Model model = TinyModel(config);
    std::vector<int64_t> ids = TinyIds(config, 45, 1);
    const auto last_logits = [&] {
      KvCache cache = MakeKvCache(config, 1, 48, at::kFloat);
      return GoOn(model, ids, 0, cache)[44].clone();
    };
    const at::Tensor logits = last_logits();
    const size_t before = static_cast<size_t>(44 - window);
    for (size_t t = 0; t <= before; ++t) ids[t] = (ids[t] + 1) % 37;
    EXPECT_TRUE(at::equal(last_logits(), logits)) << window;
    ids[before + 1] = (ids[before + 1] + 1) % 37;
    EXPECT_FALSE(at::equal(last_logits(), logits)) << window;
  }
}

// An expert that gives no numbers harms the tokens that chose it, and no other
// in the same step.
TEST(DecodeExperts, BrokenExpertStaysWithThoseWhoChoseIt) {
  ModelConfig config = FamilyVariants().back().config;
  ASSERT_TRUE(config.experts.has_value());
  config.num_layers = 1;
  const Model model = TinyModel(config);
  model.weights.blocks[0].experts[2].down.fill_(
      std::numeric_limits<float>::quiet_NaN());
  KvCache cache = MakeKvCache(config, config.vocab_size, 16, at::kFloat);
  const size_t rows = static_cast<size_t>(config.vocab_size);
  std::vector<int64_t> ids(rows);
  std::iota(ids.begin(), ids.end(), 0);
  const at::Tensor together = DecodeStep(config, model.weights, ids,
                                         std::vector<int64_t>(rows, 0), cache);
  int64_t broken = 0;
  for (int64_t id = 0; id < config.vocab_size; ++id) {
    KvCache own = MakeKvCache(config, 1, 16, at::kFloat);
    const at::Tensor alone =
        DecodeStep(config, model.weights, {id}, {0}, own)[0];
    EXPECT_EQ(
        std::memcmp(alone.const_data_ptr<float>(),
                    together[id].const_data_ptr<float>(), rows * sizeof(float)),
        0)
        << id;
    broken += at::isnan(alone).any().item<bool>() ? 1 : 0;
  }
  EXPECT_GT(broken, 0);
  EXPECT_LT(broken, config.vocab_size);
}

TEST(KvCache, LatentVectorsTakeOneHead) {
  ModelConfig config = TinyConfig();
  config.num_heads = 128;
  config.num_kv_heads = 128;
  config.head_dim = 192;
  config.latent = LatentAttention{.q_rank = 1536,
                                  .kv_rank = 512,
                                  .nope_dim = 128,
                                  .rope_dim = 64,
                                  .value_dim = 128};
  EXPECT_EQ(KvCacheBytes(config, 1, 16), 16.0 * 2 * 4 * (512 + 64 + 512));
  const KvCache cache = MakeKvCache(config, 3, 16, at::kFloat);
  EXPECT_EQ(cache.keys[0].sizes(), (std::vector<int64_t>{3, 1, 576, 16}));
  EXPECT_EQ(cache.values[1].sizes(), (std::vector<int64_t>{3, 1, 16, 512}));
}

TEST(KvCache, BytesAreThoseOfItsTensors) {
  for (const ModelVariant& variant : DecodedVariants()) {
    const KvCache cache = MakeKvCache(variant.config, 3, 17, at::kFloat);
    size_t bytes = 0;
    for (const at::Tensor& keys : cache.keys) bytes += keys.nbytes();
    for (const at::Tensor& values : cache.values) bytes += values.nbytes();
    EXPECT_EQ(KvCacheBytes(variant.config, 3, 17), static_cast<double>(bytes));
  }
}

TEST(KvCache, CapacityIsRoundedUp) {
  const KvCache cache = MakeKvCache(TinyConfig(), 2, 17, at::kFloat);
  EXPECT_EQ(cache.capacity, 32);
}

}  // namespace
}  // namespace limbeck
