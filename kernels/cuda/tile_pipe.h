// Brings tiles of rows into shared memory, the next ones while one is worked
// on: bulk copies where the hardware has them and rows are aligned, plain
// loads by all threads otherwise.
#ifndef LIMBECK_KERNELS_CUDA_TILE_PIPE_H_
#define LIMBECK_KERNELS_CUDA_TILE_PIPE_H_

#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/row_place.h"
#include "kernels/cuda/row_slices.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels::cuda {

inline constexpr int kLargestStages = 2;
// Room for the pipe's own state in shared memory.
inline constexpr int32_t kPipeBytes = 256;

// What a kernel's shared memory holds: `stages` times a tile of student and
// teacher, barriers, and then the kernel's own state.
struct PipeShape {
  RowSlices slices;
  int32_t stages = 1;               // up to kLargestStages
  int32_t loads_per_row = 1;        // tiles times passes over them
  bool student_is_aligned = false;  // to 16 bytes, every row
  bool teacher_is_aligned = false;
  bool gradient_is_aligned = false;  // to four elements, every row
  int32_t student_bytes = 0;         // of a tile
  int32_t teacher_bytes = 0;

  LIMBECK_HOST_DEVICE constexpr int32_t StageBytes() const {
    return student_bytes + teacher_bytes;
  }
  LIMBECK_HOST_DEVICE constexpr int32_t BarrierOffset() const {
    return stages * StageBytes();
  }
  LIMBECK_HOST_DEVICE constexpr int32_t StateOffset() const {
    return BarrierOffset() + kPipeBytes;
  }
};

// A tile in shared memory.
struct TileCells {
  char* student;
  char* teacher;
  ColumnRange range;

  LIMBECK_DEVICE_CODE int32_t NumVectors() const {
    return CeilDivide(range.size(), kVectorColumns);
  }
};

// stages: shape.stages if known beforehand, or 0.
template <class Machine, int stages = 0>
class TilePipe {
 public:
  // Starts the first copies. `rows` and `shape` outlive this. filler: bits of
  // the cells from a range's end up to a whole vector.
  LIMBECK_DEVICE_CODE TilePipe(const Machine& machine, const RowLaunch& rows,
                               const PipeShape& shape,
                               uint32_t filler = kMinusInfinityBits)
      : machine_(machine), rows_(rows), shape_(shape), filler_(filler) {
    if constexpr (!Machine::kHasBulkCopy) return;
    if (machine_.Thread() == 0) {
      for (int stage = 0; stage < NumStages(); ++stage) {
        machine_.InitBarrier(BarrierOf(stage));
      }
      Next() = {NextKept(rows_, machine_.Cluster(), machine_.NumClusters()), 0,
                0};
    }
    machine_.Sync();
    for (int stage = 0; stage < NumStages(); ++stage) CopyNext(stage);
  }

  // Waits for the next tile, which is `tile` of `row`. All threads; a Sync
  // must follow before cells of other threads are read.
  LIMBECK_DEVICE_CODE TileCells Acquire(int64_t row, int tile) {
    const TileCells cells = Cells(stage_, tile);
    if constexpr (Machine::kHasBulkCopy) {
      machine_.Wait(BarrierOf(stage_), parity_);
    }
    Complete(rows_.logits, row, cells.range, cells.student);
    if (rows_.teacher.data != nullptr) {
      Complete(rows_.teacher, row, cells.range, cells.teacher);
    }
    return cells;
  }

  // The tile acquired last.
  LIMBECK_DEVICE_CODE TileCells Current(int tile) const {
    return Cells(stage_, tile);
  }

  // The tile's cells are needed no more. All threads; contains a Sync.
  LIMBECK_DEVICE_CODE void Release() {
    machine_.FenceBeforeBulk();
    machine_.Sync();
    CopyNext(stage_);
    if (++stage_ == NumStages()) {
      stage_ = 0;
      parity_ ^= 1u;
    }
  }

 private:
  LIMBECK_DEVICE_CODE int NumStages() const {
    return stages > 0 ? stages : shape_.stages;
  }

  LIMBECK_DEVICE_CODE typename Machine::Barrier* BarrierOf(int stage) const {
    return reinterpret_cast<typename Machine::Barrier*>(
               machine_.SharedMemory() + shape_.BarrierOffset()) +
           stage;
  }

  // In shared memory, for thread 0 alone: registers are scarce.
  struct NextCopy {
    int row;
    int load;  // of the row
    int tile;
  };
  static_assert(kLargestStages * sizeof(typename Machine::Barrier) +
                    sizeof(NextCopy) <=
                kPipeBytes);
  LIMBECK_DEVICE_CODE NextCopy& Next() const {
    return *reinterpret_cast<NextCopy*>(BarrierOf(kLargestStages));
  }

  LIMBECK_DEVICE_CODE TileCells Cells(int stage, int tile) const {
    char* student = machine_.SharedMemory() + stage * shape_.StageBytes();
    return {student, student + shape_.student_bytes,
            shape_.slices.Tile(machine_.Rank(), tile)};
  }

  // By thread 0: the copy that comes after those already started.
  LIMBECK_DEVICE_CODE void CopyNext(int stage) {
    if constexpr (!Machine::kHasBulkCopy) return;
    if (machine_.Thread() != 0 || Next().row >= rows_.num_rows) return;
    NextCopy next = Next();
    const TileCells cells = Cells(stage, next.tile);
    const int64_t row = Place(rows_, next.row).matrix_row;
    const uint32_t student = BulkBytes(rows_.logits, cells.range);
    const uint32_t teacher = BulkBytes(rows_.teacher, cells.range);
    machine_.ExpectBytes(BarrierOf(stage), student + teacher);
    Copy(rows_.logits, row, cells.range, cells.student, student, stage);
    Copy(rows_.teacher, row, cells.range, cells.teacher, teacher, stage);
    if (++next.tile == shape_.slices.num_tiles) next.tile = 0;
    if (++next.load == shape_.loads_per_row) {
      next.load = 0;
      next.row = NextKept(rows_, next.row + machine_.NumClusters(),
                          machine_.NumClusters());
    }
    Next() = next;
  }

  LIMBECK_DEVICE_CODE uint32_t BulkBytes(const LogitRows& matrix,
                                         ColumnRange range) const {
    const bool is_aligned = &matrix == &rows_.logits
                                ? shape_.student_is_aligned
                                : shape_.teacher_is_aligned;
    if (!is_aligned) return 0;
    const int32_t bytes = ElementBytes(matrix.type);
    return static_cast<uint32_t>(BulkColumns(range.size(), bytes) * bytes);
  }

  LIMBECK_DEVICE_CODE void Copy(const LogitRows& matrix, int64_t row,
                                ColumnRange range, char* cells, uint32_t bytes,
                                int stage) const {
    if (bytes == 0) return;
    const char* from = static_cast<const char*>(LogitRow(matrix, row)) +
                       range.begin * ElementBytes(matrix.type);
    machine_.CopyBulk(cells, from, bytes, BarrierOf(stage));
  }

  // What the bulk copy leaves: all of an unaligned row, the ragged end, and
  // the rest of the last vector.
  LIMBECK_DEVICE_CODE void Complete(const LogitRows& matrix, int64_t row,
                                    ColumnRange range, char* cells) const {
    const char* from = static_cast<const char*>(LogitRow(matrix, row));
    const int32_t bytes = ElementBytes(matrix.type);
    const int32_t bulk_bytes = BulkBytes(matrix, range);
    if constexpr (!Machine::kHasBulkCopy) {
      const Float4* units =
          reinterpret_cast<const Float4*>(from + range.begin * bytes);
      for (int32_t unit = machine_.Thread(); unit < bulk_bytes / 16;
           unit += Machine::kThreads) {
        reinterpret_cast<Float4*>(cells)[unit] = units[unit];
      }
    }
    const int32_t end = RoundUp(range.size(), kVectorColumns);
    LIMBECK_NO_UNROLL
    for (int32_t cell = bulk_bytes / bytes + machine_.Thread(); cell < end;
         cell += Machine::kThreads) {
      if (cell < range.size()) {
        StoreColumn(cells, matrix.type, cell,
                    LoadColumn(from, matrix.type, range.begin + cell));
      } else {
        StoreBits(cells, matrix.type, cell, filler_);
      }
    }
  }

  const Machine& machine_;
  const RowLaunch& rows_;
  const PipeShape& shape_;
  uint32_t filler_;
  int stage_ = 0;
  uint32_t parity_ = 0;
};

// Gradient 0 in a range of columns.
template <class Machine>
LIMBECK_DEVICE_CODE void WriteZeros(const Machine& machine,
                                    const RowLaunch& rows, bool is_aligned,
                                    int64_t matrix_row, ColumnRange range) {
  if (rows.gradient.data == nullptr || matrix_row < 0) return;
  void* row = GradientRow(rows, matrix_row);
  WithType(row, rows.gradient.type, [&](auto* out) {
    const int32_t first =
        Smaller(RoundUp(range.begin, kVectorColumns), range.end);
    const int32_t thread = machine.Thread();
    const int32_t column = range.begin + thread;
    if (column < first) StoreColumn(out, column, 0.0f);
    LIMBECK_NO_UNROLL
    for (int32_t vector = first + kVectorColumns * thread; vector < range.end;
         vector += kVectorColumns * Machine::kThreads) {
      StoreVector(out, is_aligned, vector, range.end, Float4{});
    }
  });
}

// The columns of a kept row that the caller padded.
template <class Machine>
LIMBECK_DEVICE_CODE void WritePadding(const Machine& machine,
                                      const RowLaunch& rows,
                                      const PipeShape& shape,
                                      int64_t matrix_row) {
  if (rows.gradient_columns > rows.num_columns && machine.Rank() == 0) {
    WriteZeros(machine, rows, shape.gradient_is_aligned, matrix_row,
               {static_cast<int32_t>(rows.num_columns),
                static_cast<int32_t>(rows.gradient_columns)});
  }
}

template <class Machine>
LIMBECK_DEVICE_CODE void WriteSkippedRow(const Machine& machine,
                                         const RowLaunch& rows,
                                         const PipeShape& shape,
                                         int64_t matrix_row) {
  WriteZeros(machine, rows, shape.gradient_is_aligned, matrix_row,
             Share(static_cast<int32_t>(rows.gradient_columns), machine.Rank(),
                   machine.ClusterSize()));
}

// Calls function(i, parity) for each kept row i of this cluster, with parity 0
// and 1 in turns, and clears the gradient of skipped ones.
template <class Machine, typename Function>
LIMBECK_DEVICE_CODE void ForKeptRows(const Machine& machine,
                                     const RowLaunch& rows,
                                     const PipeShape& pipe, Function function) {
  int parity = 0;
  for (int i = machine.Cluster(); i < rows.num_rows;
       i += machine.NumClusters()) {
    const RowPlace place = Place(rows, i);
    if (place.kept) {
      function(i, parity);
      parity ^= 1;
    } else {
      WriteSkippedRow(machine, rows, pipe, place.matrix_row);
    }
  }
  // Other blocks read this one's memory until here.
  machine.SyncCluster();
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_TILE_PIPE_H_
