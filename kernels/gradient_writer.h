// Takes the gradient of each chunk's logits and forms the gradients of the
// caller's tensors.
#ifndef LIMBECK_KERNELS_GRADIENT_WRITER_H_
#define LIMBECK_KERNELS_GRADIENT_WRITER_H_

#include <ATen/core/Tensor.h>

#include "kernels/chunk_driver.h"
#include "kernels/chunk_rows.h"
#include "kernels/logit_reader.h"

namespace limbeck::kernels {

// Keeps a reference to `job`.
class GradientWriter {
 public:
  GradientWriter(const LossJob& job, const WantedGradients& wanted);

  // Where the row kernel shall put the gradient of `logits`, as the reader gave
  // them: in their place, but on CUDA as bfloat16 for bfloat16 heads, and in
  // the result itself for given logits. Undefined if no gradient is wanted.
  at::Tensor Target(const at::Tensor& logits) const;

  // gradient: what Target returned, filled.
  void Add(const ChunkRows& rows, const LogitReader& reader,
           const at::Tensor& gradient);

  void Finish(LossGradients& result);

 private:
  void AddHidden(const ChunkRows& rows, const LogitReader& reader,
                 const at::Tensor& gradient);
  void AddWeight(const LogitReader& reader, const at::Tensor& gradient);
  void AddFreshWeight(const LogitReader& reader, const at::Tensor& gradient);
  void AddBias(const at::Tensor& gradient);

  const LossJob& job_;
  WantedGradients wanted_;
  at::ScalarType compute_type_;
  bool on_device_;
  int64_t rows_left_;       // that were not added yet
  bool first_ = true;       // no chunk was added yet
  at::Tensor hidden_;       // as the input
  at::Tensor hidden_part_;  // [chunk, H] scratch
  at::Tensor weight_;       // [V, H] of compute type, or as stored at the end
  at::Tensor bias_;         // [V] of compute type
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_GRADIENT_WRITER_H_
