// The products of a linear head on the CPU. Each thread takes a part of the
// vocabulary and multiplies it alone: 15 to 25 % faster than one product in
// several threads (limbeck_loss_bench, two cores).
//
// bfloat16 operands are either widened to float32 or multiplied as they are
// with a float32 result, whichever the machine does faster.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/gemm.h"
#include "kernels/gemm_devices.h"
#include "kernels/large_buffer.h"
#include "kernels/parallel/parallel_for.h"
#include "kernels/row_sweeps.h"

// Of the MKL inside libtorch_cpu; weak, because other builds may lack it.
// Layout and transposition as in cblas.h, bfloat16 as 16-bit words.
extern "C" [[gnu::weak]] void cblas_gemm_bf16bf16f32(
    int layout, int transpose_a, int transpose_b, int m, int n, int k,
    float alpha, const uint16_t* a, int a_stride, const uint16_t* b,
    int b_stride, float beta, float* c, int c_stride);

namespace limbeck::kernels::cpu {
namespace {

constexpr int kRowMajor = 101;
constexpr int kAsStored = 111;
constexpr int kTransposed = 112;

// Less than this is not worth waking a second thread for.
constexpr double kOperationsPerTask = 4e6;

constexpr int64_t kMostPartialSums = 4;

// out [m, n] = alpha a [m, k] b [k, n] + beta out. a and b may be transposed
// views. In the calling thread if it is one of several.
struct Product {
  at::Tensor a;
  at::Tensor b;
  double alpha = 1.0;
  double beta = 0.0;
};

struct Stored {
  const uint16_t* data;
  int stride;
  int transpose;
};

Stored Describe(const at::Tensor& matrix) {
  const bool transposed = matrix.stride(1) != 1;
  return {
      reinterpret_cast<const uint16_t*>(matrix.const_data_ptr<at::BFloat16>()),
      static_cast<int>(matrix.stride(transposed ? 1 : 0)),
      transposed ? kTransposed : kAsStored};
}

void Multiply(const Product& product, at::Tensor out) {
  const at::Tensor& a = product.a;
  const at::Tensor& b = product.b;
  if (a.scalar_type() == at::kBFloat16) {
    const Stored left = Describe(a);
    const Stored right = Describe(b);
    cblas_gemm_bf16bf16f32(
        kRowMajor, left.transpose, right.transpose, static_cast<int>(a.size(0)),
        static_cast<int>(b.size(1)), static_cast<int>(a.size(1)),
        static_cast<float>(product.alpha), left.data, left.stride, right.data,
        right.stride, static_cast<float>(product.beta),
        out.mutable_data_ptr<float>(), static_cast<int>(out.stride(0)));
  } else if (product.beta == 0.0 && product.alpha == 1.0) {
    at::mm_out(out, a, b);
  } else {
    out.addmm_(a, b, product.beta, product.alpha);
  }
}

// Calls body(first, count) for parts of the columns, in several threads if the
// operations are worth it. Threads have a gradient mode of their own.
template <typename Body>
void ForColumnParts(int64_t columns, double operations, const Body& body) {
  const double tasks = std::max(1.0, operations / kOperationsPerTask);
  const auto grain =
      static_cast<int64_t>(static_cast<double>(columns) / tasks) + 1;
  ParallelFor(0, columns, grain, [&](int64_t begin, int64_t end) {
    const c10::AutoGradMode no_gradients(false);
    body(begin, end - begin);
  });
}

double Operations(const at::Tensor& hidden, int64_t columns) {
  return 2.0 * static_cast<double>(hidden.numel()) *
         static_cast<double>(columns);
}

// Calls body(part, is_first) for the parts that a gradient operand is the sum
// of: itself, or its high and its low part.
template <typename Body>
void MultiplyParts(const at::Tensor& gradient, int64_t columns,
                   const Body& body) {
  for (int64_t begin = 0; begin < gradient.size(1); begin += columns) {
    body(gradient.narrow(1, begin, columns), begin == 0);
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

// Seconds for the logits of a head small enough to try, the best of three.
double SecondsFor(at::ScalarType type) {
  const at::Tensor hidden = at::ones({128, 512}, type);
  const at::Tensor weight = at::ones({4096, 512}, type);
  at::Tensor logits = at::empty({128, 4096}, at::kFloat);
  double best = 1e9;
  for (int i = 0; i < 4; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    LogitsGemm(hidden, weight, false, logits);
    const std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - begin;
    if (i > 0) best = std::min(best, seconds.count());
  }
  return best;
}

// Measured once per process. Only a clear gain counts, so that noise does not
// make one run differ from the next.
bool MultipliesBfloat16() {
  constexpr double kClearGain = 1.5;
  static const bool fast =
      HasBfloat16Gemm() &&
      SecondsFor(at::kFloat) > kClearGain * SecondsFor(at::kBFloat16);
  return fast;
}

}  // namespace

bool HasBfloat16Gemm() { return cblas_gemm_bf16bf16f32 != nullptr; }

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

// bfloat16 high and low parts side by side, [C, 2 V]: one rounding alone could
// cost more than the tolerance of a bfloat16 gradient leaves.
at::Tensor GradientOperand(const at::Tensor& gradient,
                           const at::Tensor& weight) {
  if (weight.scalar_type() != at::kBFloat16) return gradient;
  const int64_t columns = gradient.size(1);
  const int64_t stride = gradient.stride(0);
  auto* const data = gradient.mutable_data_ptr<float>();
  ParallelFor(0, gradient.size(0), 1 + (int64_t{1} << 16) / columns,
              [&](int64_t begin, int64_t end) {
                std::vector<uint16_t> scratch(static_cast<size_t>(columns));
                for (int64_t row = begin; row < end; ++row) {
                  RowSplitInPlace(data + row * stride, columns, scratch.data());
                }
              });
  return gradient.view(at::kBFloat16);
}

void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits) {
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
  const int64_t columns = weight.size(0);
  // Parts of the sum over V: with many threads their memory would outgrow the
  // gain, and one product in all of them does as well.
  const bool small =
      Operations(weight, gradient.size(0)) < 2 * kOperationsPerTask;
  const int64_t threads = at::get_num_threads();
  const int64_t parts =
      small || threads > kMostPartialSums ? 1 : std::min(threads, columns);
  if (parts == 1) {
    MultiplyParts(gradient, columns, [&](const at::Tensor& part, bool first) {
      Multiply({part, weight, 1.0, first ? 0.0 : 1.0}, out);
    });
    return;
  }
  at::Tensor sums = at::empty({parts, out.size(0), out.size(1)}, out.options());
  ParallelFor(0, parts, 1, [&](int64_t begin, int64_t end) {
    const c10::AutoGradMode no_gradients(false);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first_column = columns * i / parts;
      const int64_t count = columns * (i + 1) / parts - first_column;
      MultiplyParts(gradient, columns, [&](const at::Tensor& part, bool first) {
        Multiply(
            {part.narrow(1, first_column, count),
             weight.narrow(0, first_column, count), 1.0, first ? 0.0 : 1.0},
            sums.select(0, i));
      });
    }
  });
  at::sum_out(out, sums, at::IntArrayRef{0});
}

void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out) {
  const double alpha = scale.defined() ? scale.item<double>() : 1.0;
  const int64_t columns = out.size(0);
  ForColumnParts(
      columns, Operations(hidden, columns), [&](int64_t begin, int64_t count) {
        MultiplyParts(
            gradient, columns, [&](const at::Tensor& part, bool first) {
              const double beta = accumulate || !first ? 1.0 : 0.0;
              Multiply({part.narrow(1, begin, count).t(), hidden, alpha, beta},
                       out.narrow(0, begin, count));
            });
      });
}

}  // namespace limbeck::kernels::cpu
