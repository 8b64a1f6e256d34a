// The fused operator against ATen's operators, forward and backward.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "kernels/attention/packed_attention.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kTokens = 2048;
constexpr AttentionShape kShape = {6, 2, 24};

using Operator = at::Tensor (*)(const at::Tensor&, const at::Tensor&,
                                const at::Tensor&, const std::vector<int64_t>&,
                                const AttentionShape&);

// state.range(0): tokens of one sequence; range(1): window, 0 for all.
void BenchAttention(benchmark::State& state, Operator attention) {
  AttentionShape shape = kShape;
  shape.window = state.range(1);
  std::vector<int64_t> starts = {0};
  while (starts.back() < kTokens) {
    starts.push_back(std::min(kTokens, starts.back() + state.range(0)));
  }
  const at::Tensor qkv =
      at::randn({kTokens, shape.RowWidth()}).requires_grad_(true);
  const at::Tensor table = at::randn({kTokens, kShape.head_dim});
  for (auto _ : state) {
    attention(qkv, table, table, starts, shape).sum().backward();
  }
  state.SetItemsProcessed(state.iterations() * kTokens);
}

BENCHMARK_CAPTURE(BenchAttention, fused, &PackedAttention)
    ->Args({64, 0})
    ->Args({256, 0})
    ->Args({1024, 0})
    ->Args({1024, 128})
    ->ArgNames({"tokens", "window"})
    ->UseRealTime();
BENCHMARK_CAPTURE(BenchAttention, composite, &PackedAttentionComposite)
    ->Args({64, 0})
    ->Args({256, 0})
    ->Args({1024, 0})
    ->Args({1024, 128})
    ->ArgNames({"tokens", "window"})
    ->UseRealTime();

}  // namespace
}  // namespace limbeck::kernels
