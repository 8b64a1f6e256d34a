// Losses of sampled tokens and of a cached teacher, forward and backward; the
// ceiling is BM_GemmsAlone of loss_bench.cc.
//
// Arguments: tokens, hidden width, vocabulary. Rates are tokens per second.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_logprob.h"
#include "kernels/linear_policy_loss.h"

namespace limbeck::kernels {
namespace {

struct Problem {
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor target;
};

Problem MakeProblem(const benchmark::State& state, bool frozen_head) {
  at::manual_seed(1);
  const int64_t tokens = state.range(0);
  const int64_t width = state.range(1);
  const int64_t columns = state.range(2);
  Problem problem;
  problem.hidden = at::randn({tokens, width}).requires_grad_(true);
  problem.weight =
      at::randn({columns, width}).mul(0.2).requires_grad_(!frozen_head);
  problem.target = at::randint(columns, {tokens}, at::kLong);
  return problem;
}

void Finish(benchmark::State& state, Problem& problem, const at::Tensor& loss) {
  loss.backward();
  problem.hidden.mutable_grad() = at::Tensor();
  problem.weight.mutable_grad() = at::Tensor();
  state.counters["tokens_per_second"] =
      benchmark::Counter(static_cast<double>(state.range(0)),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void BM_LinearLogprob(benchmark::State& state) {
  Problem problem = MakeProblem(state, false);
  for (auto _ : state) {
    const at::Tensor logprob =
        LinearLogprob(problem.hidden, problem.weight, problem.target).logprob;
    Finish(state, problem, logprob.sum());
  }
}

template <PolicyKind kind>
void BM_LinearPolicyLoss(benchmark::State& state) {
  Problem problem = MakeProblem(state, false);
  const int64_t tokens = state.range(0);
  PolicySamples samples;
  samples.sampler_logprob = at::randn({tokens}).mul(0.1).sub(6.0);
  samples.advantage = at::randn({tokens});
  samples.sequence_id = at::arange(tokens, at::kLong).div(64, "floor");
  PolicyOptions options;
  options.kind = kind;
  for (auto _ : state) {
    Finish(state, problem,
           LinearPolicyLoss(problem.hidden, problem.weight, problem.target,
                            samples, options)
               .loss);
  }
}

void BM_LinearCachedDistillation(benchmark::State& state) {
  Problem problem = MakeProblem(state, true);
  CachedTeacher teacher;
  teacher.direction = at::randn({state.range(0), state.range(1)}).mul(0.1);
  teacher.entropy = at::ones({state.range(0)});
  for (auto _ : state) {
    Finish(
        state, problem,
        LinearCachedDistillation(problem.hidden, problem.weight, teacher).loss);
  }
}

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({2048, 64, 512})
      ->Args({2048, 128, 1024})
      ->Args({256, 896, 32000})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

BENCHMARK(BM_LinearLogprob)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearPolicyLoss, PolicyKind::kGrpo)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearPolicyLoss, PolicyKind::kGspo)->Apply(Shapes);
BENCHMARK(BM_LinearCachedDistillation)->Apply(Shapes);

}  // namespace
}  // namespace limbeck::kernels
