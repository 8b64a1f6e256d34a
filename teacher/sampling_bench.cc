// Cost of sampling one row: vocabulary, capture and cuts.
#include <benchmark/benchmark.h>

#include <vector>

#include "data/base/random.h"
#include "teacher/sampling.h"

namespace limbeck {
namespace {

struct Setting {
  double temperature;
  double top_p;
  int top_k;
};

// Arguments: vocabulary, captured top-k.
void SampleRows(benchmark::State& state, Setting setting) {
  std::vector<float> logits(static_cast<size_t>(state.range(0)));
  const uint64_t key = RandomKey(1, RandomPurpose::kTest);
  for (size_t i = 0; i < logits.size(); ++i) {
    // A few likely tokens over a broad floor, as trained models give.
    const double uniform = RandomUniform(key, i);
    logits[i] = static_cast<float>(i < 8 ? 12.0 * uniform : 4.0 * uniform);
  }
  Sampling sampling;
  sampling.set_temperature(setting.temperature);
  sampling.set_top_p(setting.top_p);
  sampling.set_top_k(setting.top_k);
  sampling.set_max_tokens(1);
  RowScratch scratch;
  RowSample sample;
  uint64_t step = 0;
  for (auto _ : state) {
    const absl::Status status =
        SampleRow(logits, sampling, {key, step++},
                  static_cast<int>(state.range(1)), scratch, sample);
    benchmark::DoNotOptimize(status.ok());
    benchmark::DoNotOptimize(sample.token);
  }
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({512, 16})->Args({1024, 16})->Args({151936, 20});
  benchmark->Unit(benchmark::kMicrosecond);
}

BENCHMARK_CAPTURE(SampleRows, greedy, Setting{0.0, 1.0, 0})->Apply(Sizes);
BENCHMARK_CAPTURE(SampleRows, plain, Setting{0.8, 1.0, 0})->Apply(Sizes);
BENCHMARK_CAPTURE(SampleRows, top_p, Setting{0.6, 0.95, 0})->Apply(Sizes);
BENCHMARK_CAPTURE(SampleRows, top_k, Setting{1.0, 1.0, 50})->Apply(Sizes);

}  // namespace
}  // namespace limbeck
