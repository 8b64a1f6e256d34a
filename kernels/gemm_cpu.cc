// The products of a linear head on the CPU. Each thread takes a part of the
// vocabulary and multiplies it alone: 15 to 25 % faster than one product in
// several threads (limbeck_loss_bench, two cores).
//
// bfloat16 operands are either widened to float32 or multiplied as they are
// (bfloat16_gemm_cpu.h), whichever the machine does faster.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "kernels/bfloat16_gemm_cpu.h"
#include "kernels/column_parts.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/gemm.h"
#include "kernels/gemm_devices.h"
#include "kernels/large_buffer.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels::cpu {
namespace {

// out [m, n] = alpha a [m, k] b [k, n] + beta out. a and b may be transposed
// views. In the calling thread if it is one of several.
struct Product {
  at::Tensor a;
  at::Tensor b;
  double alpha = 1.0;
  double beta = 0.0;
};

void Multiply(const Product& product, at::Tensor out) {
  const at::Tensor& a = product.a;
  const at::Tensor& b = product.b;
  if (product.beta == 0.0 && product.alpha == 1.0) {
    at::mm_out(out, a, b);
  } else {
    out.addmm_(a, b, product.beta, product.alpha);
  }
}

// hidden as ExactLogits takes it: [panels, H, kExactPanel].
at::Tensor PanelsOf(const at::Tensor& hidden) {
  const int64_t rows = hidden.size(0);
  const int64_t panels = (rows + kExactPanel - 1) / kExactPanel;
  const int64_t missing = panels * kExactPanel - rows;
  const at::Tensor padded =
      missing == 0 ? hidden : at::constant_pad_nd(hidden, {0, 0, 0, missing});
  return padded.reshape({panels, kExactPanel, hidden.size(1)})
      .transpose(1, 2)
      .contiguous();
}

// The logits of a head small enough to try.
class TrialProduct {
 public:
  explicit TrialProduct(at::ScalarType type)
      : hidden_(at::ones({128, 512}, type)),
        weight_(at::ones({4096, 512}, type)),
        logits_(at::empty({128, 4096}, at::kFloat)) {}

  double Seconds() {
    const auto begin = std::chrono::steady_clock::now();
    LogitsGemm(hidden_, weight_, false, logits_);
    const std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - begin;
    return seconds.count();
  }

 private:
  at::Tensor hidden_;
  at::Tensor weight_;
  at::Tensor logits_;
};

// Measured once per process, in turns, the best of each: other work on the
// machine slows some of the trials. Only a clear gain counts, so that noise
// does not make one run differ from the next.
bool MeasureBfloat16() {
  constexpr double kClearGain = 1.5;
  constexpr int kTrials = 12;  // 30 ms in all
  TrialProduct widened(at::kFloat);
  TrialProduct stored(at::kBFloat16);
  double widened_seconds = widened.Seconds();
  double stored_seconds = stored.Seconds();
  for (int i = 0; i < kTrials; ++i) {
    widened_seconds = std::min(widened_seconds, widened.Seconds());
    stored_seconds = std::min(stored_seconds, stored.Seconds());
  }
  return widened_seconds > kClearGain * stored_seconds;
}

bool MultipliesBfloat16() {
  static const bool fast = HasBfloat16Gemm() && MeasureBfloat16();
  return fast;
}

}  // namespace

at::Tensor GemmOperand(const at::Tensor& stored, Bfloat16Products products) {
  if (stored.scalar_type() != at::kBFloat16) return stored.detach();
  const bool as_stored =
      products == Bfloat16Products::kAsStored ||
      (products == Bfloat16Products::kFastest && MultipliesBfloat16());
  if (as_stored && HasBfloat16Gemm()) {
    const bool has_rows = stored.stride(1) == 1;
    return has_rows ? stored.detach() : stored.detach().contiguous();
  }
  at::Tensor wide = LargeBuffer(stored.sizes(), at::kFloat, stored.device());
  return wide.copy_(stored.detach());
}

void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits) {
  if (weight.scalar_type() == at::kBFloat16) {
    Bfloat16Logits(hidden, weight, accumulate, logits);
    return;
  }
  const int64_t columns = weight.size(0);
  ForColumnParts(columns, Operations(hidden, columns),
                 [&](int64_t first, int64_t count) {
                   const at::Tensor part = weight.narrow(0, first, count);
                   Multiply({hidden, part.t(), 1.0, accumulate ? 1.0 : 0.0},
                            logits.narrow(1, first, count));
                 });
}

void ExactLogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                     bool accumulate, at::Tensor& logits) {
  const at::Tensor panels = PanelsOf(hidden);
  const at::Tensor head = weight.stride(1) == 1 ? weight : weight.contiguous();
  const ExactLogits problem = {panels.const_data_ptr<float>(),
                               hidden.size(0),
                               hidden.size(1),
                               head.const_data_ptr<float>(),
                               head.stride(0),
                               logits.mutable_data_ptr<float>(),
                               logits.stride(0),
                               accumulate};
  const int64_t columns = weight.size(0);
  ForColumnParts(columns, Operations(hidden, columns),
                 [&](int64_t first, int64_t count) {
                   BestCpuKernels().exact_logits(problem, first, first + count);
                 });
}

void HiddenGradientGemm(const at::Tensor& gradient, const at::Tensor& weight,
                        at::Tensor& out) {
  if (weight.scalar_type() == at::kBFloat16) {
    Bfloat16HiddenGradient(gradient, weight, out);
    return;
  }
  const int64_t columns = weight.size(0);
  // Parts of the sum over V; one product in all of many threads does as well.
  const bool small =
      Operations(weight, gradient.size(0)) < 2 * kOperationsPerTask;
  const int64_t threads = at::get_num_threads();
  const int64_t parts =
      small || threads > kMostPartialSums ? 1 : std::min(threads, columns);
  if (parts == 1) {
    at::mm_out(out, gradient, weight);
    return;
  }
  at::Tensor sums = at::empty({parts, out.size(0), out.size(1)}, out.options());
  ParallelFor(0, parts, 1, [&](int64_t begin, int64_t end) {
    const c10::AutoGradMode no_gradients(false);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = columns * i / parts;
      const int64_t count = columns * (i + 1) / parts - first;
      Multiply(
          {gradient.narrow(1, first, count), weight.narrow(0, first, count)},
          sums.select(0, i));
    }
  });
  at::sum_out(out, sums, at::IntArrayRef{0});
}

void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out) {
  const double alpha = scale.defined() ? scale.item<double>() : 1.0;
  if (hidden.scalar_type() == at::kBFloat16) {
    Bfloat16WeightGradient(gradient, hidden, alpha, accumulate, out);
    return;
  }
  const int64_t columns = out.size(0);
  ForColumnParts(columns, Operations(hidden, columns),
                 [&](int64_t begin, int64_t count) {
                   Multiply({gradient.narrow(1, begin, count).t(), hidden,
                             alpha, accumulate ? 1.0 : 0.0},
                            out.narrow(0, begin, count));
                 });
}

}  // namespace limbeck::kernels::cpu
