// A loss of SoftmaxRows that sets one column apart: the row's label.
#ifndef LIMBECK_KERNELS_CUDA_LABEL_APART_H_
#define LIMBECK_KERNELS_CUDA_LABEL_APART_H_

#include <cstdint>

#include "kernels/cuda/softmax_rows.h"

namespace limbeck::kernels::cuda {

// Row i's label, for thread 0: -1 when it is out of range.
LIMBECK_DEVICE_CODE int LabelOf(const RowLaunch& rows, int i) {
  const int64_t label = TargetOf(rows, Place(rows, i).caller_row);
  return label >= 0 && label < rows.num_columns ? static_cast<int>(label) : -1;
}

// By thread 0.
LIMBECK_DEVICE_CODE void SetLabelApart(const TileCells& cells, LogitType type,
                                       uint32_t blank, float& logit,
                                       int32_t column) {
  if (column < cells.range.begin || column >= cells.range.end) return;
  logit = LoadColumn(cells.student, type, column - cells.range.begin);
  StoreBits(cells.student, type, column - cells.range.begin, blank);
}

struct LabelApartState {
  LabelState label;
  float label_gradient;
  TailGradient gradient;
};

// Everything but Finish, which sets the state's gradients.
template <class Machine, class LossArguments, SoftmaxParts parts>
class LabelApart {
 public:
  static constexpr SoftmaxParts kParts = parts;
  using Arguments = LossArguments;
  using State = LabelApartState;

  LIMBECK_DEVICE_CODE LabelApart(const Machine& machine,
                                 const SoftmaxArguments<Arguments>& arguments,
                                 State& state)
      : machine_(machine), arguments_(arguments), state_(state) {}

  LIMBECK_DEVICE_CODE void Begin(int i, int /*parity*/) {
    if (machine_.Thread() == 0) {
      state_.label.column = LabelOf(arguments_.rows, i);
    }
  }

  LIMBECK_DEVICE_CODE void SetApart(const TileCells& cells, int parity) {
    if (machine_.Thread() != 0) return;
    SetLabelApart(cells, arguments_.rows.logits.type, Blank<kParts>(),
                  state_.label.logit[parity], state_.label.column);
  }

  LIMBECK_DEVICE_CODE void WriteApart(void* out, ColumnRange slice) {
    const int32_t label = state_.label.column;
    if (machine_.Thread() != 0 || label < slice.begin || label >= slice.end) {
      return;
    }
    StoreColumn(out, arguments_.rows.gradient.type, label,
                state_.label_gradient);
  }

 protected:
  LIMBECK_DEVICE_CODE bool HasLabel() const { return state_.label.column >= 0; }

  // As it stands in the row, wherever in the cluster.
  LIMBECK_DEVICE_CODE float LabelLogit(int parity) const {
    const int owner = arguments_.pipe.slices.Owner(state_.label.column);
    return *machine_.Remote(&state_.label.logit[parity], owner);
  }

  const Machine& machine_;
  const SoftmaxArguments<Arguments>& arguments_;
  State& state_;
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_LABEL_APART_H_
