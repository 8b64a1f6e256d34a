// Turns tensors into what kernels/cpu/amx_products.h takes.
#include "kernels/bfloat16_gemm_cpu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdint>

#include "kernels/column_parts.h"
#include "kernels/cpu/amx_products.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels::cpu {
namespace {

const AmxProducts& Unit() {
  static const AmxProducts* const unit = UsableAmxProducts();
  TORCH_CHECK(unit != nullptr,
              "bfloat16 product on a CPU without AMX, must be widened");
  return *unit;
}

const uint16_t* Words(const at::Tensor& matrix) {
  return reinterpret_cast<const uint16_t*>(
      matrix.const_data_ptr<at::BFloat16>());
}

MatrixPart<const uint16_t> Bfloat16Rows(const at::Tensor& matrix, int64_t first,
                                        int64_t count) {
  return {Words(matrix) + first * matrix.stride(0), count, matrix.size(1),
          matrix.stride(0)};
}

MatrixPart<const float> Columns(const at::Tensor& matrix, int64_t first,
                                int64_t count) {
  return {matrix.const_data_ptr<float>() + first, matrix.size(0), count,
          matrix.stride(0)};
}

// LibTorch's memory begins at multiples of 64.
at::Tensor Bytes(int64_t count) { return at::empty({count}, at::kByte); }

char* Data(const at::Tensor& bytes) {
  return reinterpret_cast<char*>(bytes.mutable_data_ptr<uint8_t>());
}

// `hidden` in the order that one of the products wants.
at::Tensor Tiles(void (*fill)(const MatrixPart<const uint16_t>&, uint16_t*),
                 const at::Tensor& hidden) {
  const int64_t rows = hidden.size(0);
  const at::Tensor tiles = Bytes(AmxBytes::Tiles(rows, hidden.size(1)));
  fill(Bfloat16Rows(hidden, 0, rows), reinterpret_cast<uint16_t*>(Data(tiles)));
  return tiles;
}

const uint16_t* TileWords(const at::Tensor& tiles) {
  return reinterpret_cast<const uint16_t*>(Data(tiles));
}

// out = gradient weight over the given columns of V and of H.
struct Range {
  int64_t first;
  int64_t count;
};
void MultiplyHidden(const at::Tensor& gradient, const at::Tensor& weight,
                    Range columns, Range widths, const at::Tensor& out) {
  const at::Tensor scratch =
      Bytes(AmxBytes::HiddenScratch(gradient.size(0), widths.count));
  MatrixPart<const uint16_t> head =
      Bfloat16Rows(weight, columns.first, columns.count);
  head.data += widths.first;
  head.columns = widths.count;
  Unit().hidden_gradient({Columns(gradient, columns.first, columns.count),
                          head,
                          {out.mutable_data_ptr<float>() + widths.first,
                           out.size(0), widths.count, out.stride(0)},
                          Data(scratch)});
}

// What becomes of scale gradient^T hidden: as in AmxWeightGradient.
struct WeightResult {
  at::Tensor sums;
  at::Tensor rounded;  // undefined: none
  float scale;
  bool accumulate;
};
void MultiplyWeight(const at::Tensor& gradient, const at::Tensor& hidden,
                    const WeightResult& result) {
  const at::Tensor& sums = result.sums;
  const at::Tensor& rounded = result.rounded;
  const int64_t columns = gradient.size(1);
  const int64_t width = hidden.size(1);
  const at::Tensor tiles = Tiles(Unit().pair_tiles, hidden);
  ForColumnParts(
      columns, Operations(hidden, columns), [&](int64_t first, int64_t count) {
        const at::Tensor scratch =
            Bytes(AmxBytes::WeightScratch(hidden.size(0)));
        AmxWeightGradient problem = {Columns(gradient, first, count),
                                     TileWords(tiles),
                                     {nullptr, count, width, 0},
                                     {nullptr, count, width, 0},
                                     result.scale,
                                     result.accumulate,
                                     Data(scratch)};
        if (sums.defined()) {
          problem.out.stride = sums.stride(0);
          problem.out.data =
              sums.mutable_data_ptr<float>() + first * sums.stride(0);
        }
        if (rounded.defined()) {
          problem.rounded.stride = rounded.stride(0);
          problem.rounded.data = reinterpret_cast<uint16_t*>(
              rounded.mutable_data_ptr<at::BFloat16>() +
              first * rounded.stride(0));
        }
        Unit().weight_gradient(problem);
      });
}

}  // namespace

bool HasBfloat16Gemm() { return UsableAmxProducts() != nullptr; }

void Bfloat16Logits(const at::Tensor& hidden, const at::Tensor& weight,
                    bool accumulate, at::Tensor& logits) {
  const int64_t columns = weight.size(0);
  const at::Tensor tiles = Tiles(Unit().row_tiles, hidden);
  ForColumnParts(columns, Operations(hidden, columns),
                 [&](int64_t first, int64_t count) {
                   const at::Tensor scratch =
                       Bytes(AmxBytes::LogitsScratch(weight.size(1)));
                   Unit().logits({TileWords(tiles),
                                  hidden.size(0),
                                  Bfloat16Rows(weight, first, count),
                                  {logits.mutable_data_ptr<float>() + first,
                                   logits.size(0), count, logits.stride(0)},
                                  accumulate,
                                  Data(scratch)});
                 });
}

void Bfloat16HiddenGradient(const at::Tensor& gradient,
                            const at::Tensor& weight, at::Tensor& out) {
  const int64_t columns = weight.size(0);
  const int64_t width = weight.size(1);
  const int64_t threads = at::get_num_threads();
  const double operations = Operations(weight, gradient.size(0));
  if (operations < 2 * kOperationsPerTask || threads == 1) {
    MultiplyHidden(gradient, weight, {0, columns}, {0, width}, out);
    return;
  }
  if (threads > kMostPartialSums) {
    ParallelFor(0, width, AmxBytes::kUnit, [&](int64_t begin, int64_t end) {
      MultiplyHidden(gradient, weight, {0, columns}, {begin, end - begin}, out);
    });
    return;
  }
  const int64_t parts = std::min(threads, columns);
  at::Tensor sums = at::empty({parts, out.size(0), width}, out.options());
  ParallelFor(0, parts, 1, [&](int64_t begin, int64_t end) {
    const c10::AutoGradMode no_gradients(false);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = columns * i / parts;
      MultiplyHidden(gradient, weight,
                     {first, columns * (i + 1) / parts - first}, {0, width},
                     sums.select(0, i));
    }
  });
  at::sum_out(out, sums, at::IntArrayRef{0});
}

void Bfloat16WeightGradient(const at::Tensor& gradient,
                            const at::Tensor& hidden, double scale,
                            bool accumulate, at::Tensor& out) {
  MultiplyWeight(gradient, hidden,
                 {out, at::Tensor(), static_cast<float>(scale), accumulate});
}

void Bfloat16WeightGradientRounded(const at::Tensor& gradient,
                                   const at::Tensor& hidden,
                                   const at::Tensor& sums,
                                   at::Tensor& rounded) {
  MultiplyWeight(gradient, hidden, {sums, rounded, 1.0f, sums.defined()});
}

}  // namespace limbeck::kernels::cpu
