// Tokens a second of training (forward, loss, backward) and of decoding, at
// the sizes of the quickstart. The loss is ATen's own: this measures the model.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <string>

#include "data/base/check.h"
#include "student/forward.h"

namespace limbeck {
namespace {

struct BenchSize {
  const char* name;
  int64_t hidden;
  int64_t layers;
  int64_t heads;
  int64_t kv_heads;
  int64_t inner;
};

// About 0.2, 0.6, 1.5 and 3 million parameters.
constexpr BenchSize kSizes[] = {{"0.2M", 64, 4, 4, 2, 160},
                                {"0.6M", 96, 6, 6, 2, 240},
                                {"1.5M", 144, 7, 6, 2, 400},
                                {"3M", 192, 8, 6, 2, 512}};
constexpr int64_t kVocab = 512;
constexpr int64_t kBinTokens = 2048;
constexpr int64_t kSequence = 170;

Model BenchModel(const BenchSize& size) {
  ModelConfig config;
  config.vocab_size = kVocab;
  config.hidden_size = size.hidden;
  config.num_layers = size.layers;
  config.num_heads = size.heads;
  config.num_kv_heads = size.kv_heads;
  config.head_dim = size.hidden / size.heads / 2 * 2;
  config.intermediate_size = size.inner;
  config.max_positions = 1024;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 10000.0;
  config.tied_head = true;
  absl::StatusOr<Model> model = MakeRandomModel(config, 1);
  LIMBECK_CHECK(model.ok());
  return *std::move(model);
}

void BenchTraining(benchmark::State& state, const BenchSize& size) {
  const Model model = BenchModel(size);
  std::vector<int64_t> starts = {0};
  while (starts.back() < kBinTokens) {
    starts.push_back(std::min(kBinTokens, starts.back() + kSequence));
  }
  const at::Tensor ids = at::arange(kBinTokens) * 7 % kVocab;
  std::vector<at::Tensor> leaves;
  for (const ParameterGroup& group : model.groups) {
    leaves.push_back(group.flat.detach().requires_grad_(true));
  }
  for (auto _ : state) {
    const ModelWeights weights = ViewWeights(model, leaves);
    const PackedLayout layout =
        MakePackedLayout(model.config, starts, at::kFloat);
    const at::Tensor hidden =
        ForwardPacked(model.config, ParameterStore(weights), layout, ids);
    at::cross_entropy_loss(at::linear(hidden, weights.head), ids.roll(-1))
        .backward();
  }
  state.SetItemsProcessed(state.iterations() * kBinTokens);
  state.counters["parameters"] =
      static_cast<double>(model.config.NumParameters());
}

// `rows` sequences from 60 to 220 tokens, as in the middle of a generation.
void BenchDecoding(benchmark::State& state, const BenchSize& size,
                   int64_t rows) {
  const Model model = BenchModel(size);
  KvCache cache = MakeKvCache(model.config, rows, 256, at::kFloat);
  const std::vector<int64_t> ids(static_cast<size_t>(rows), 5);
  int64_t length = 60;
  for (auto _ : state) {
    const std::vector<int64_t> lengths(static_cast<size_t>(rows), length);
    benchmark::DoNotOptimize(
        DecodeStep(model.config, model.weights, ids, lengths, cache));
    length = length == 220 ? 60 : length + 1;
  }
  state.SetItemsProcessed(state.iterations() * rows);
}

void BenchPrefill(benchmark::State& state, const BenchSize& size,
                  int64_t tokens) {
  const Model model = BenchModel(size);
  KvCache cache = MakeKvCache(model.config, 1, tokens, at::kFloat);
  const std::vector<int64_t> ids(static_cast<size_t>(tokens), 5);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Prefill(model.config, model.weights, ids, 0, cache));
  }
  state.SetItemsProcessed(state.iterations() * tokens);
}

void RegisterAll() {
  for (const BenchSize& size : kSizes) {
    const std::string name = size.name;
    benchmark::RegisterBenchmark(
        ("train/" + name).c_str(),
        [&size](benchmark::State& state) { BenchTraining(state, size); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(
        ("decode/" + name + "/rows:32").c_str(),
        [&size](benchmark::State& state) { BenchDecoding(state, size, 32); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(
        ("prefill/" + name + "/tokens:64").c_str(),
        [&size](benchmark::State& state) { BenchPrefill(state, size, 64); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace limbeck

int main(int argc, char** argv) {
  limbeck::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
