// What an unchecked bad id turns a row into: NaN that the caller's test for
// non-finite losses finds, never a wild read.
#ifndef LIMBECK_KERNELS_POISON_H_
#define LIMBECK_KERNELS_POISON_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/row_kernels.h"

namespace limbeck::kernels {

template <typename Real>
void PoisonRow(const RowBatch<Real>& batch, int64_t chunk_row) {
  batch.token_loss[batch.row_index[chunk_row]] =
      std::numeric_limits<double>::quiet_NaN();
  std::fill_n(batch.logits + chunk_row * batch.num_columns, batch.num_columns,
              std::numeric_limits<Real>::quiet_NaN());
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_POISON_H_
