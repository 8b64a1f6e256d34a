// Forward and backward of every loss operator, and the products of the head
// alone as their ceiling. Rivals run in scripts/bench_losses.py.
//
// Arguments: tokens, hidden width, vocabulary. Rates are tokens per second.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/cross_entropy.h"
#include "kernels/distillation.h"
#include "kernels/gemm.h"
#include "kernels/linear_cached_distillation.h"
#include "kernels/linear_cross_entropy.h"
#include "kernels/linear_distillation.h"
#include "kernels/linear_logprob.h"
#include "kernels/linear_policy_loss.h"
#include "kernels/linear_topk_distillation.h"
#include "kernels/topk_distillation.h"

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
  PolicySamples samples;
  CachedTeacher cached;
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
  const at::Tensor log_p = at::log_softmax(
      at::mm(problem.teacher_hidden, problem.teacher_weight.t()), 1);
  const auto [values, ids] = log_p.topk(kEntries, 1);
  problem.topk.ids = ids;
  problem.topk.logprobs = values;
  problem.samples.sampler_logprob = at::full({tokens}, -8.0);
  problem.samples.advantage = at::randn({tokens});
  problem.samples.sequence_id =
      at::floor_divide(at::arange(tokens, at::kLong), 16);
  problem.cached.direction = at::mm(log_p.exp(), problem.weight.detach());
  problem.cached.entropy = -(log_p.exp() * log_p).sum(1);
  return problem;
}

void ReportRate(benchmark::State& state) {
  state.counters["tokens_per_second"] =
      benchmark::Counter(static_cast<double>(state.range(0)),
                         benchmark::Counter::kIsIterationInvariantRate);
}

// Times `loss(problem)` and its backward pass, dW through autograd.
template <typename Loss>
void Run(benchmark::State& state, const Loss& loss) {
  Problem problem = MakeProblem(state);
  for (auto _ : state) {
    loss(problem).backward();
    problem.hidden.mutable_grad() = at::Tensor();
    problem.weight.mutable_grad() = at::Tensor();
  }
  ReportRate(state);
}

// The same with dW added to a buffer of the caller.
template <typename Loss>
void RunAccumulating(benchmark::State& state, const Loss& loss) {
  Problem problem = MakeProblem(state);
  LinearOptions linear;
  linear.weight_grad = at::zeros_like(problem.weight);
  for (auto _ : state) {
    loss(problem, linear).backward();
    problem.hidden.mutable_grad() = at::Tensor();
  }
  ReportRate(state);
}

DistillationOptions OptionsOf(Divergence divergence) {
  DistillationOptions options;
  options.divergence = divergence;
  return options;
}

void BM_LinearCrossEntropy(benchmark::State& state) {
  RunAccumulating(state, [](const Problem& p, const LinearOptions& linear) {
    return LinearCrossEntropy(p.hidden, p.weight, p.target, {}, linear).loss;
  });
}

void BM_LinearCrossEntropyByAutograd(benchmark::State& state) {
  Run(state, [](const Problem& p) {
    return LinearCrossEntropy(p.hidden, p.weight, p.target).loss;
  });
}

template <Divergence divergence>
void BM_LinearTopK(benchmark::State& state) {
  RunAccumulating(state, [](const Problem& p, const LinearOptions& linear) {
    return LinearTopKDistillation(p.hidden, p.weight, p.topk, {},
                                  OptionsOf(divergence), linear)
        .loss;
  });
}

template <Divergence divergence>
void BM_LinearDense(benchmark::State& state) {
  RunAccumulating(state, [](const Problem& p, const LinearOptions& linear) {
    return LinearDistillation(p.hidden, p.weight, p.teacher_hidden,
                              p.teacher_weight, {}, {}, OptionsOf(divergence),
                              linear)
        .loss;
  });
}

template <PolicyKind kind>
void BM_LinearPolicyLoss(benchmark::State& state) {
  RunAccumulating(state, [](const Problem& p, const LinearOptions& linear) {
    PolicyOptions options;
    options.kind = kind;
    return LinearPolicyLoss(p.hidden, p.weight, p.target, p.samples, options,
                            linear)
        .loss;
  });
}

void BM_LinearLogprob(benchmark::State& state) {
  Run(state, [](const Problem& p) {
    const LogprobResult result = LinearLogprob(p.hidden, p.weight, p.target);
    return result.logprob.mean() + result.entropy.mean();
  });
}

// The head is frozen: no dW.
void BM_LinearCachedDistillation(benchmark::State& state) {
  Run(state, [](const Problem& p) {
    return LinearCachedDistillation(p.hidden, p.weight.detach(), p.cached).loss;
  });
}

// Given logits: no products, so the time is that of the rows alone.
template <typename Loss>
void RunGiven(benchmark::State& state, const Loss& loss) {
  const Problem problem = MakeProblem(state);
  at::Tensor logits =
      at::mm(problem.hidden.detach(), problem.weight.detach().t())
          .requires_grad_(true);
  const at::Tensor teacher =
      at::mm(problem.teacher_hidden, problem.teacher_weight.t());
  for (auto _ : state) {
    loss(problem, logits, teacher).backward();
    logits.mutable_grad() = at::Tensor();
  }
  ReportRate(state);
}

void BM_CrossEntropy(benchmark::State& state) {
  RunGiven(state,
           [](const Problem& p, const at::Tensor& logits, const at::Tensor&) {
             return CrossEntropy(logits, p.target).loss;
           });
}

template <Divergence divergence>
void BM_Distillation(benchmark::State& state) {
  RunGiven(state, [](const Problem&, const at::Tensor& logits,
                     const at::Tensor& teacher) {
    return Distillation(logits, teacher, {}, OptionsOf(divergence)).loss;
  });
}

void BM_TopKDistillation(benchmark::State& state) {
  RunGiven(state,
           [](const Problem& p, const at::Tensor& logits, const at::Tensor&) {
             return TopKDistillation(logits, p.topk, {},
                                     OptionsOf(Divergence::kForwardKl))
                 .loss;
           });
}

// Logits, dX and dW: what no loss of a linear head can do without. By ATen, or
// split among the threads as the operators do it.
void BM_GemmsByAten(benchmark::State& state) {
  const Problem problem = MakeProblem(state);
  const at::Tensor hidden = problem.hidden.detach();
  const at::Tensor weight = problem.weight.detach();
  at::Tensor logits = at::mm(hidden, weight.t());
  at::Tensor hidden_grad = at::empty_like(hidden);
  at::Tensor weight_grad = at::zeros_like(weight);
  for (auto _ : state) {
    at::mm_out(logits, hidden, weight.t());
    at::mm_out(hidden_grad, logits, weight);
    weight_grad.addmm_(logits.t(), hidden);
  }
  ReportRate(state);
}

void BM_Gemms(benchmark::State& state) {
  const Problem problem = MakeProblem(state);
  const at::Tensor hidden = problem.hidden.detach();
  const at::Tensor weight = problem.weight.detach();
  at::Tensor logits = at::mm(hidden, weight.t());
  at::Tensor hidden_grad = at::empty_like(hidden);
  at::Tensor weight_grad = at::zeros_like(weight);
  for (auto _ : state) {
    LogitsGemm(hidden, weight, false, logits);
    HiddenGradientGemm(logits, weight, hidden_grad);
    WeightGradientGemm(logits, hidden, {}, true, weight_grad);
  }
  ReportRate(state);
}

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({2048, 64, 512})
      ->Args({256, 896, 32000})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

BENCHMARK(BM_GemmsByAten)->Apply(Shapes);
BENCHMARK(BM_Gemms)->Apply(Shapes);
BENCHMARK(BM_LinearCrossEntropy)->Apply(Shapes);
BENCHMARK(BM_LinearCrossEntropyByAutograd)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearTopK, Divergence::kForwardKl)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearTopK, Divergence::kJsd)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearDense, Divergence::kForwardKl)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearDense, Divergence::kJsd)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearDense, Divergence::kAdaptiveKl)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearPolicyLoss, PolicyKind::kGrpo)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_LinearPolicyLoss, PolicyKind::kGspo)->Apply(Shapes);
BENCHMARK(BM_LinearLogprob)->Apply(Shapes);
BENCHMARK(BM_LinearCachedDistillation)->Apply(Shapes);
BENCHMARK(BM_CrossEntropy)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_Distillation, Divergence::kForwardKl)->Apply(Shapes);
BENCHMARK_TEMPLATE(BM_Distillation, Divergence::kJsd)->Apply(Shapes);
BENCHMARK(BM_TopKDistillation)->Apply(Shapes);

}  // namespace
}  // namespace limbeck::kernels
