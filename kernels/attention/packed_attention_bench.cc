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

// state.range(0): tokens of one sequence.
void BenchAttention(benchmark::State& state, Operator attention) {
  std::vector<int64_t> starts = {0};
  while (starts.back() < kTokens) {
    starts.push_back(std::min(kTokens, starts.back() + state.range(0)));
  }
  const int64_t row = (kShape.heads + 2 * kShape.kv_heads) * kShape.head_dim;
  const at::Tensor qkv = at::randn({kTokens, row}).requires_grad_(true);
  const at::Tensor table = at::randn({kTokens, kShape.head_dim});
  for (auto _ : state) {
    attention(qkv, table, table, starts, kShape).sum().backward();
  }
  state.SetItemsProcessed(state.iterations() * kTokens);
}

BENCHMARK_CAPTURE(BenchAttention, fused, &PackedAttention)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->UseRealTime();
BENCHMARK_CAPTURE(BenchAttention, composite, &PackedAttentionComposite)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->UseRealTime();

}  // namespace
}  // namespace limbeck::kernels
