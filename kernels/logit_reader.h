// One side's logits, chunk by chunk, never rounded to less than float32.
#ifndef LIMBECK_KERNELS_LOGIT_READER_H_
#define LIMBECK_KERNELS_LOGIT_READER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/chunk_rows.h"
#include "kernels/loss_inputs.h"

namespace limbeck::kernels {

// How a chunk of logits is kept.
struct LogitFormat {
  int64_t num_columns = 0;
  int64_t chunk_tokens = 0;
  at::ScalarType type = at::kFloat;  // bfloat16 on CUDA only
  bool rounded = false;              // to bfloat16 on the way, whatever `type`
  bool exact = false;                // float32 heads by ExactLogitsGemm
  Bfloat16Products products = Bfloat16Products::kFastest;
};

// A chunk's logits that one walk leaves for the next. CPU only.
struct KeptChunk {
  at::Tensor rows;    // [C] the caller's, ascending; undefined: none are kept
  at::Tensor logits;  // [C, columns]
};

class LogitReader {
 public:
  LogitReader(const LogitSource& source, const LogitFormat& format);

  bool exists() const {
    return source_.hidden.defined() || source_.logits.defined();
  }
  // The logits of a chunk's rows [rows, columns], in a buffer that the next
  // call overwrites. On CUDA given logits are not copied: all [N, columns].
  at::Tensor Read(const ChunkRows& rows);
  // The same from logits that an earlier walk kept, moved together in place;
  // every one of the rows is among kept.rows.
  at::Tensor Reuse(const ChunkRows& rows, const KeptChunk& kept);

  // Operands of the last chunk read, as GemmOperand.
  const at::Tensor& weight() const { return weight_; }  // [columns, H]
  const at::Tensor& hidden() const { return hidden_; }  // [rows, H]

 private:
  at::Tensor Operand(const at::Tensor& stored) const;
  void Multiply(at::Tensor& logits);

  LogitSource source_;
  LogitFormat format_;
  at::Tensor buffer_;  // [chunk_tokens, columns], once it is needed
  at::Tensor weight_;
  at::Tensor bias_;  // [columns]
  at::Tensor hidden_;
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LOGIT_READER_H_
