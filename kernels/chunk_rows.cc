// Consecutive rows, the usual case of packed training data, are never copied.
#include "kernels/chunk_rows.h"

#include <ATen/ATen.h>

#include "kernels/device.h"
#include "kernels/row_selection_launch.h"

namespace limbeck::kernels {
namespace {

CopyRowsLaunch CopyOf(const ChunkRows& rows, const at::Tensor& from,
                      const at::Tensor& to) {
  const RowSelection& selection = rows.selection();
  CopyRowsLaunch launch;
  launch.from = from.const_data_ptr();
  launch.to = to.data_ptr();
  launch.row_bytes = from.size(1) * from.element_size();
  launch.from_stride = from.stride(0) * from.element_size();
  launch.to_stride = to.stride(0) * to.element_size();
  launch.num_rows = rows.count();
  launch.first_entry = rows.first();
  launch.row_index = selection.rows.const_data_ptr<int64_t>();
  launch.kept_count = KeptCount(selection);
  launch.stream = CurrentStream();
  return launch;
}

}  // namespace

ChunkRows::ChunkRows(const RowSelection& selection, int64_t first,
                     int64_t count)
    : selection_(selection),
      first_(first),
      count_(count),
      index_(selection.rows.narrow(0, first, count)) {
  if (index_.is_cuda()) {
    // Only a selection of all rows is known to be consecutive on the host.
    consecutive_ = !selection.count.defined();
    first_row_ = first;
    return;
  }
  const int64_t* rows = index_.const_data_ptr<int64_t>();
  consecutive_ = rows[count - 1] - rows[0] + 1 == count;
  first_row_ = rows[0];
}

at::Tensor ChunkRows::Place(const at::Tensor& all) const {
  return consecutive_ ? all.narrow(0, first_row_, count_) : at::Tensor();
}

at::Tensor ChunkRows::Read(const at::Tensor& all) const {
  if (consecutive_) return Place(all);
  if (!all.is_cuda()) return all.index_select(0, index_);
  const at::Tensor from = all.stride(1) == 1 ? all : all.contiguous();
  at::Tensor rows = at::empty({count_, all.size(1)}, all.options());
  CheckLaunch("gather of rows", LaunchGatherRows(CopyOf(*this, from, rows)));
  return rows;
}

void ChunkRows::Write(const at::Tensor& values, at::Tensor& all) const {
  if (consecutive_) {
    Place(all).copy_(values);
  } else if (!all.is_cuda()) {
    all.index_copy_(0, index_, values.to(all.scalar_type()));
  } else {
    const at::Tensor rounded = values.to(all.scalar_type());
    CheckLaunch("scatter of rows",
                LaunchScatterRows(CopyOf(*this, rounded, all)));
  }
}

}  // namespace limbeck::kernels
