// Forward and backward of the linear losses against the same losses written
// with ATen's own operators, and the GEMMs alone as their ceiling.
//
// Arguments: tokens, hidden width, vocabulary. Rates are tokens per second.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "kernels/linear_cross_entropy.h"
#include "kernels/linear_distillation.h"
#include "kernels/linear_topk_distillation.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kEntries = 20;

struct Problem {
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor teacher_hidden;
  at::Tensor teacher_weight;
  at::Tensor target;
  TopKTeacher topk;
};

Problem MakeProblem(const benchmark::State& state) {
  at::manual_seed(1);
  const int64_t tokens = state.range(0);
  const int64_t width = state.range(1);
  const int64_t columns = state.range(2);
  Problem problem;
  problem.hidden = at::randn({tokens, width}).requires_grad_(true);
  problem.weight = at::randn({columns, width}).mul(0.2).requires_grad_(true);
  problem.teacher_hidden = at::randn({tokens, 2 * width});
  problem.teacher_weight = at::randn({columns, 2 * width}).mul(0.15);
  problem.target = at::randint(columns, {tokens}, at::kLong);
  const auto [values, ids] =
      at::log_softmax(
          at::mm(problem.teacher_hidden, problem.teacher_weight.t()), 1)
          .topk(kEntries, 1);
  problem.topk.ids = ids;
  problem.topk.logprobs = values;
  return problem;
}

void ReportRate(benchmark::State& state) {
  state.counters["tokens_per_second"] =
      benchmark::Counter(static_cast<double>(state.range(0)),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void Finish(benchmark::State& state, Problem& problem, const at::Tensor& loss) {
  loss.backward();
  problem.hidden.mutable_grad() = at::Tensor();
  problem.weight.mutable_grad() = at::Tensor();
  ReportRate(state);
}

DistillationOptions OptionsOf(Divergence divergence) {
  DistillationOptions options;
  options.divergence = divergence;
  return options;
}

void BM_LinearCrossEntropy(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  for (auto _ : state) {
    Finish(state, problem,
           LinearCrossEntropy(problem.hidden, problem.weight, problem.target)
               .loss);
  }
}

void BM_EagerCrossEntropy(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  for (auto _ : state) {
    const at::Tensor log_q =
        at::log_softmax(at::mm(problem.hidden, problem.weight.t()), 1);
    Finish(state, problem, at::nll_loss(log_q, problem.target));
  }
}

template <Divergence divergence>
void BM_LinearTopK(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  const DistillationOptions options = OptionsOf(divergence);
  for (auto _ : state) {
    Finish(state, problem,
           LinearTopKDistillation(problem.hidden, problem.weight, problem.topk,
                                  {}, options)
               .loss);
  }
}

// The zero-tail forward sum, the simplest that eager code can do.
void BM_EagerTopKForward(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  const at::Tensor p = problem.topk.logprobs.exp();
  for (auto _ : state) {
    const at::Tensor log_q =
        at::log_softmax(at::mm(problem.hidden, problem.weight.t()), 1)
            .gather(1, problem.topk.ids);
    Finish(state, problem, (p * (problem.topk.logprobs - log_q)).sum(1).mean());
  }
}

template <Divergence divergence>
void BM_LinearDense(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  const DistillationOptions options = OptionsOf(divergence);
  for (auto _ : state) {
    Finish(state, problem,
           LinearDistillation(problem.hidden, problem.weight,
                              problem.teacher_hidden, problem.teacher_weight,
                              {}, {}, options)
               .loss);
  }
}

void BM_EagerDenseForward(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  for (auto _ : state) {
    const at::Tensor log_q =
        at::log_softmax(at::mm(problem.hidden, problem.weight.t()), 1);
    const at::Tensor log_p = at::log_softmax(
        at::mm(problem.teacher_hidden, problem.teacher_weight.t()), 1);
    Finish(state, problem, (log_p.exp() * (log_p - log_q)).sum(1).mean());
  }
}

void BM_EagerDenseJsd(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  for (auto _ : state) {
    const at::Tensor log_q =
        at::log_softmax(at::mm(problem.hidden, problem.weight.t()), 1);
    const at::Tensor log_p = at::log_softmax(
        at::mm(problem.teacher_hidden, problem.teacher_weight.t()), 1);
    const at::Tensor log_m = at::logaddexp(log_p, log_q) - 0.6931471805599453;
    const at::Tensor loss = log_p.exp() * (log_p - log_m) * 0.5 +
                            log_q.exp() * (log_q - log_m) * 0.5;
    Finish(state, problem, loss.sum(1).mean());
  }
}

// Logits, dX and dW: what no loss of a linear head can do without.
void BM_GemmsAlone(benchmark::State& state) {
  Problem problem = MakeProblem(state);
  const at::Tensor hidden = problem.hidden.detach();
  const at::Tensor weight = problem.weight.detach();
  at::Tensor logits = at::mm(hidden, weight.t());
  for (auto _ : state) {
    at::mm_out(logits, hidden, weight.t());
    benchmark::DoNotOptimize(at::mm(logits, weight));
    benchmark::DoNotOptimize(at::mm(logits.t(), hidden));
  }
  ReportRate(state);
}

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({2048, 64, 512})
      ->Args({2048, 128, 1024})
      ->Args({256, 896, 32000})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

BENCHMARK(BM_GemmsAlone)->Apply(Shapes);
BENCHMARK(BM_LinearCrossEntropy)->Apply(Shapes);
BENCHMARK(BM_EagerCrossEntropy)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearTopK, Divergence::kForwardKl)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearTopK, Divergence::kJsd)->Apply(Shapes);
BENCHMARK(BM_EagerTopKForward)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearDense, Divergence::kForwardKl)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearDense, Divergence::kJsd)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearDense, Divergence::kAdaptiveKl)->Apply(Shapes);
BENCHMARK(BM_EagerDenseForward)->Apply(Shapes);
BENCHMARK(BM_EagerDenseJsd)->Apply(Shapes);

}  // namespace
}  // namespace limbeck::kernels
