// Rows of every loss whose gradient is a row scalar times the softmax, but for
// a few columns set apart: cross entropy, top-k teachers, sampled tokens.
//
// A row is cut into slices, one for each block of a cluster, and stays in
// shared memory between its sums and its gradient; a slice too long for that
// is walked tile by tile, twice.
#ifndef LIMBECK_KERNELS_CUDA_SOFTMAX_ROWS_H_
#define LIMBECK_KERNELS_CUDA_SOFTMAX_ROWS_H_

#include <cstdint>

#include "kernels/cuda/reductions.h"
#include "kernels/cuda/row_place.h"
#include "kernels/cuda/softmax_math.h"
#include "kernels/cuda/tile_pipe.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels::cuda {

// What a loss is given.
template <class LossArguments>
struct SoftmaxArguments {
  RowLaunch rows;
  PipeShape pipe;
  SoftmaxScales scales;
  LossArguments loss;
};

// Loss is a class template over the machine with
//   static constexpr SoftmaxParts kParts; struct Arguments; struct State;
//   Loss(machine, arguments, state);
//   void Begin(i, parity)          reads what row i sets apart; all threads
//   void SetApart(cells, parity)   blanks a tile's columns, keeps their logits
//   TailGradient Finish(i, parity, stats)  after the exchange; stats valid in
//                                  warp 0; every thread gets the result
//   void WriteApart(out, slice)    gradient of the columns set apart
template <class Machine, template <class> class Loss>
class SoftmaxRows {
 public:
  static constexpr SoftmaxParts kParts = Loss<Machine>::kParts;
  using Arguments = SoftmaxArguments<typename Loss<Machine>::Arguments>;

  struct State {
    ExchangeState<Machine, PartStats<kParts>> stats;
    typename Loss<Machine>::State loss;
  };

  LIMBECK_HOST_DEVICE static constexpr bool CanWork(const PipeShape&) {
    return true;
  }

  LIMBECK_DEVICE_CODE SoftmaxRows(const Machine& machine,
                                  const Arguments& arguments)
      : machine_(machine),
        arguments_(arguments),
        rows_(arguments.rows),
        loss_(machine, arguments, OwnState().loss),
        pipe_(machine, rows_, arguments.pipe, Blank<kParts>()) {}

  LIMBECK_DEVICE_CODE void Run() {
    ForKeptRows(machine_, rows_, arguments_.pipe,
                [&](int i, int parity) { RunRow(i, parity); });
  }

 private:
  LIMBECK_DEVICE_CODE void RunRow(int i, int parity) {
    loss_.Begin(i, parity);
    const int64_t row = Place(rows_, i).matrix_row;
    Publish(machine_, OwnState().stats, SumSlice(row, parity), parity);
    machine_.SyncCluster();  // also: the cluster has read the row
    PartStats<kParts> stats;
    if (machine_.Thread() < kWarpThreads) {
      stats = Collected(machine_, OwnState().stats, parity);
    }
    const TailGradient gradient = loss_.Finish(i, parity, stats);
    if (rows_.gradient.data == nullptr) {
      if (IsResident()) pipe_.Release();
      return;
    }
    WriteSlice(row, parity, gradient);
    loss_.WriteApart(GradientRow(rows_, row), Slice());
    WritePadding(machine_, rows_, arguments_.pipe, row);
  }

  // Whether the slice is one tile, which stays from the sums to the gradient.
  LIMBECK_DEVICE_CODE bool IsResident() const {
    return arguments_.pipe.slices.num_tiles == 1;
  }
  LIMBECK_DEVICE_CODE ColumnRange Slice() const {
    return arguments_.pipe.slices.Slice(machine_.Rank());
  }

  LIMBECK_DEVICE_CODE TileCells Tile(int64_t row, int tile, int parity) {
    const TileCells cells = pipe_.Acquire(row, tile);
    machine_.Sync();
    loss_.SetApart(cells, parity);
    machine_.Sync();
    return cells;
  }

  LIMBECK_DEVICE_CODE PartStats<kParts> SumSlice(int64_t row, int parity) {
    PartStats<kParts> sum;
    for (int tile = 0; tile < arguments_.pipe.slices.num_tiles; ++tile) {
      const TileCells cells = Tile(row, tile, parity);
      SliceStats part;
      WithType(cells.student, rows_.logits.type, [&](const auto* logits) {
        part = SumTile<kParts>(machine_, arguments_.scales, logits,
                               cells.NumVectors());
      });
      if (IsResident()) return {part};
      static_cast<SliceStats&>(sum) = Joined<kParts>(sum, part);
      pipe_.Release();
    }
    return sum;
  }

  // Ends with every column written but those set apart, and a Sync.
  LIMBECK_DEVICE_CODE void WriteSlice(int64_t row, int parity,
                                      const TailGradient& gradient) {
    void* out = GradientRow(rows_, row);
    for (int tile = 0; tile < arguments_.pipe.slices.num_tiles; ++tile) {
      const TileCells cells =
          IsResident() ? pipe_.Current(tile) : Tile(row, tile, parity);
      WithType(cells.student, rows_.logits.type, [&](const auto* logits) {
        WithType(out, rows_.gradient.type, [&](auto* typed_out) {
          WriteTile<kParts>(machine_, arguments_.scales, gradient, logits,
                            cells.range, arguments_.pipe.gradient_is_aligned,
                            typed_out);
        });
      });
      pipe_.Release();
    }
  }

  LIMBECK_DEVICE_CODE State& OwnState() const {
    return *reinterpret_cast<State*>(machine_.SharedMemory() +
                                     arguments_.pipe.StateOffset());
  }

  const Machine& machine_;
  const Arguments& arguments_;
  const RowLaunch& rows_;
  Loss<Machine> loss_;
  TilePipe<Machine> pipe_;
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_SOFTMAX_ROWS_H_
