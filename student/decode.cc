// Decoding with a cache: hands raw pointers to the fused step of kernels/.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "data/base/check.h"
#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode.h"
#include "student/decode_view.h"
#include "student/forward.h"
#include "student/rotary.h"

namespace limbeck {
namespace {

// Each has its activations in memory meanwhile.
constexpr size_t kPrefillTokens = 512;

// The first `tokens` of one row: keys [heads, key_dim, capacity].
void CopyKeys(const at::Tensor& from, const at::Tensor& to, int64_t tokens) {
  to.narrow(2, 0, tokens).copy_(from.narrow(2, 0, tokens));
}

// The same of values [heads, capacity, value_dim].
void CopyValues(const at::Tensor& from, const at::Tensor& to, int64_t tokens) {
  to.narrow(1, 0, tokens).copy_(from.narrow(1, 0, tokens));
}

}  // namespace

CacheShape CacheShapeOf(const ModelConfig& config) {
  if (config.latent) {
    return {1, config.latent->kv_rank + config.latent->rope_dim,
            config.latent->kv_rank};
  }
  return {config.num_kv_heads, config.head_dim, config.head_dim};
}

KvCache MakeKvCache(const ModelConfig& config, int64_t rows, int64_t capacity,
                    at::ScalarType dtype) {
  LIMBECK_CHECK(dtype == at::kFloat);
  LIMBECK_CHECK_GE(rows, 1);
  LIMBECK_CHECK_GE(capacity, 1);
  const CacheShape shape = CacheShapeOf(config);
  KvCache cache;
  cache.rows = rows;
  cache.capacity = kernels::RoundUp(capacity, kernels::kScratchPadding);
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    cache.keys.push_back(
        at::empty({rows, shape.heads, shape.key_dim, cache.capacity}));
    cache.values.push_back(
        at::empty({rows, shape.heads, cache.capacity, shape.value_dim}));
  }
  const RotaryTable table = MakeRotaryTable(config, cache.capacity);
  cache.cosine = table.cosine;
  cache.sine = table.sine;
  return cache;
}

double KvCacheBytes(const ModelConfig& config, int64_t rows, int64_t capacity) {
  const CacheShape shape = CacheShapeOf(config);
  const double token =
      static_cast<double>(shape.heads * (shape.key_dim + shape.value_dim)) *
      static_cast<double>(config.num_layers) * sizeof(float);
  return token * static_cast<double>(rows) *
         static_cast<double>(
             kernels::RoundUp(capacity, kernels::kScratchPadding));
}

void GrowKvCache(const ModelConfig& config, int64_t capacity,
                 const std::vector<int64_t>& tokens, KvCache& cache) {
  LIMBECK_CHECK_EQ(tokens.size(), static_cast<size_t>(cache.rows));
  if (capacity <= cache.capacity) return;
  // One layer after the other: old and new lie side by side for one only.
  ModelConfig one_layer = config;
  one_layer.num_layers = 1;
  KvCache grown;
  for (size_t layer = 0; layer < cache.keys.size(); ++layer) {
    KvCache next = MakeKvCache(one_layer, cache.rows, capacity, at::kFloat);
    for (int64_t row = 0; row < cache.rows; ++row) {
      const int64_t count = tokens[static_cast<size_t>(row)];
      CopyKeys(cache.keys[layer][row], next.keys[0][row], count);
      CopyValues(cache.values[layer][row], next.values[0][row], count);
    }
    cache.keys[layer] = next.keys[0];
    cache.values[layer] = next.values[0];
    grown = std::move(next);
  }
  cache.capacity = grown.capacity;
  cache.cosine = grown.cosine;
  cache.sine = grown.sine;
}

at::Tensor Prefill(const ModelConfig& config, const ModelWeights& weights,
                   const std::vector<int64_t>& ids, int64_t row,
                   KvCache& cache) {
  LIMBECK_CHECK(!ids.empty());
  LIMBECK_CHECK_LT(row, cache.rows);
  LIMBECK_CHECK_LE(static_cast<int64_t>(ids.size()), cache.capacity);
  const DecodeView view = MakeDecodeView(config, weights, cache);
  at::Tensor hidden = at::empty({config.hidden_size});
  for (size_t begin = 0; begin < ids.size(); begin += kPrefillTokens) {
    std::vector<kernels::DecodeToken> tokens;
    const size_t end = std::min(begin + kPrefillTokens, ids.size());
    for (size_t i = begin; i < end; ++i) {
      LIMBECK_CHECK(ids[i] >= 0 && ids[i] < config.vocab_size);
      tokens.push_back({ids[i], static_cast<int64_t>(i), row});
    }
    kernels::PrefillTokens(view.model, tokens,
                           hidden.mutable_data_ptr<float>());
  }
  return hidden;
}

void CopyKvRow(KvCache& cache, int64_t from, int64_t to, int64_t tokens) {
  LIMBECK_CHECK_LT(from, cache.rows);
  LIMBECK_CHECK_LT(to, cache.rows);
  LIMBECK_CHECK_LE(tokens, cache.capacity);
  if (from == to || tokens == 0) return;
  for (size_t layer = 0; layer < cache.keys.size(); ++layer) {
    CopyKeys(cache.keys[layer][from], cache.keys[layer][to], tokens);
    CopyValues(cache.values[layer][from], cache.values[layer][to], tokens);
  }
}

at::Tensor DecodeStep(const ModelConfig& config, const ModelWeights& weights,
                      const std::vector<int64_t>& ids,
                      const std::vector<int64_t>& lengths, KvCache& cache) {
  const size_t rows = static_cast<size_t>(cache.rows);
  LIMBECK_CHECK_EQ(ids.size(), rows);
  LIMBECK_CHECK_EQ(lengths.size(), rows);
  at::Tensor logits = at::empty({cache.rows, config.vocab_size});
  std::vector<kernels::DecodeToken> tokens;
  std::vector<float*> results;
  for (size_t i = 0; i < rows; ++i) {
    if (lengths[i] < 0) continue;
    LIMBECK_CHECK_LT(lengths[i], cache.capacity);
    LIMBECK_CHECK(ids[i] >= 0 && ids[i] < config.vocab_size);
    tokens.push_back({ids[i], lengths[i], static_cast<int64_t>(i)});
    results.push_back(logits.mutable_data_ptr<float>() +
                      static_cast<int64_t>(i) * config.vocab_size);
  }
  const DecodeView view = MakeDecodeView(config, weights, cache);
  kernels::DecodeTokens(view.model, tokens, results);
  return logits;
}

}  // namespace limbeck
