// The rows of one chunk: how they are read from the caller's tensors and how
// their gradients get back.
#ifndef LIMBECK_KERNELS_CHUNK_ROWS_H_
#define LIMBECK_KERNELS_CHUNK_ROWS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "kernels/loss_inputs.h"

namespace limbeck::kernels {

// Entries [first, first + count) of a selection. `selection` must outlive it.
class ChunkRows {
 public:
  ChunkRows(const RowSelection& selection, int64_t first, int64_t count);

  const RowSelection& selection() const { return selection_; }
  int64_t first() const { return first_; }
  int64_t count() const { return count_; }
  const at::Tensor& index() const { return index_; }  // [count]

  // The chunk's rows of all [N, columns]: a view if they are consecutive, else
  // a copy; on CUDA 0 in the place of skipped rows.
  at::Tensor Read(const at::Tensor& all) const;

  // The place of the chunk's rows in all [N, columns]; undefined if they are
  // not consecutive.
  at::Tensor Place(const at::Tensor& all) const;

  // Rounds values [count, columns] to the dtype of `all` and stores them. On
  // CUDA skipped rows become 0.
  void Write(const at::Tensor& values, at::Tensor& all) const;

 private:
  const RowSelection& selection_;
  int64_t first_;
  int64_t count_;
  at::Tensor index_;
  bool consecutive_;
  int64_t first_row_ = 0;  // if consecutive
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_CHUNK_ROWS_H_
