// The walk over chunks of kept rows that every loss operator shares: logits,
// row kernel, gradients. Nothing of size N x V exists beyond one chunk.
#ifndef LIMBECK_KERNELS_CHUNK_DRIVER_H_
#define LIMBECK_KERNELS_CHUNK_DRIVER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "kernels/logit_reader.h"
#include "kernels/loss_inputs.h"
#include "kernels/row_kernels.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels {

// Runs the rows [begin, end) of a chunk; teacher [rows, columns] or null.
template <typename Real>
using RowFunction =
    std::function<void(const Real* teacher, const RowBatch<Real>&, RowRange)>;
struct RowFunctions {
  RowFunction<float> single_precision;
  RowFunction<double> double_precision;
};

// Starts the row kernel of a chunk on the GPU.
using DeviceRowFunction = std::function<LaunchError(const RowLaunch&)>;

// Which gradients the call must produce.
struct WantedGradients {
  bool hidden = false;  // or logits
  bool weight = false;
  bool bias = false;
  bool any() const { return hidden || weight || bias; }
};

// A wanted dW goes to `weight`, scaled, instead of into a tensor of its own.
struct WeightAccumulator {
  at::Tensor weight;  // [V, H] float32; undefined: none
  at::Tensor scale;   // one float32; undefined: 1
};

struct LossJob {
  LogitSource student;
  LogitSource teacher;  // empty: no dense teacher
  RowSelection selection;
  int64_t num_columns = 0;   // valid ones
  int64_t chunk_tokens = 0;  // 0: chosen by bytes
  bool bf16_logits = false;  // see LinearOptions
  Bfloat16Products bfloat16_products = Bfloat16Products::kFastest;
  // For losses against a teacher: where both are close, long sums of float32
  // would be the largest error of the gradient.
  bool exact_logits = false;
  RowFunctions rows;
  DeviceRowFunction device_rows;  // empty: the loss runs on the CPU only
  WeightAccumulator accumulator;
  // Where the walk shall leave its last chunk, a full one if there is one;
  // null: nowhere. For a walk without gradients whose row functions restore
  // logits.
  KeptChunk* keep = nullptr;
  // The walk begins with those of its rows and overwrites them.
  KeptChunk known;
  // Called with a chunk's rows [C] and their gradient in hidden [C, H] in
  // float32 (float64), before it is rounded and stored; empty: none. On CUDA
  // some of the rows may be skipped ones, and -1.
  std::function<void(const at::Tensor& rows, at::Tensor& gradient)>
      adjust_hidden;
};

struct LossGradients {
  at::Tensor loss;        // []
  at::Tensor token_loss;  // [N]
  at::Tensor hidden;  // of hidden or of the given logits; undefined: unwanted
  at::Tensor weight;
  at::Tensor bias;
};

LossGradients RunChunks(const LossJob& job, const WantedGradients& wanted);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CHUNK_DRIVER_H_
