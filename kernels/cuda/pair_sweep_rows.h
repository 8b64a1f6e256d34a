// Rows of distillation from a dense teacher, swept tile by tile from shared
// memory once for every step: for rows that registers cannot hold, and for
// adaptive KL, which must find its head first.
#ifndef LIMBECK_KERNELS_CUDA_PAIR_SWEEP_ROWS_H_
#define LIMBECK_KERNELS_CUDA_PAIR_SWEEP_ROWS_H_

#include <cmath>
#include <cstdint>

#include "kernels/cuda/head_selection.h"
#include "kernels/cuda/pair_math.h"

namespace limbeck::kernels::cuda {

template <class Machine>
struct PairSweepState {
  ExchangeState<Machine, PairStats> stats;
  ExchangeState<Machine, PairTotals> totals;
  ExchangeState<Machine, PairTotals> gaps;  // head, all
  SelectionState selection;
  LabelState label;
};

// Sweeps over a row: softmax sums, head (adaptive KL only: three of keys, three
// of columns, one of gaps), loss, gradient.
constexpr int32_t PairSweeps(Divergence kind, bool with_gradient) {
  return 2 + (kind == Divergence::kAdaptiveKl ? 2 * kKeyLevels + 1 : 0) +
         (with_gradient ? 1 : 0);
}

LIMBECK_DEVICE_CODE ExpSum Joined(const ExpSum& a, const ExpSum& b) {
  const float max = fmaxf(a.max, b.max);
  const float base = Subtrahend(max);
  return {max,
          a.sum * Exp2Approx(a.max - base) + b.sum * Exp2Approx(b.max - base)};
}

template <class Machine>
class PairSweepRows {
 public:
  using Arguments = PairArguments;
  using State = PairSweepState<Machine>;

  LIMBECK_HOST_DEVICE static constexpr bool CanWork(const PipeShape&) {
    return true;
  }

  LIMBECK_DEVICE_CODE PairSweepRows(const Machine& machine,
                                    const PairArguments& arguments)
      : machine_(machine),
        arguments_(arguments),
        rows_(arguments.rows),
        rule_(arguments.rule),
        pipe_(machine, rows_, arguments.pipe) {}

  LIMBECK_DEVICE_CODE void Run() {
    ForKeptRows(machine_, rows_, arguments_.pipe,
                [&](int i, int parity) { RunRow(i, parity); });
  }

 private:
  LIMBECK_DEVICE_CODE void RunRow(int i, int parity) {
    row_ = Place(rows_, i).matrix_row;
    is_loaded_ = false;
    const int32_t label = LabelOf(arguments_, i);
    Publish(machine_, OwnState().stats, SumRow(label, parity), parity);
    machine_.SyncCluster();  // also: the cluster has read the row
    const PairStats row = Collected(machine_, OwnState().stats, parity);
    scales_ = ScalesOf(row);
    mix_ =
        rule_.kind == Divergence::kAdaptiveKl ? AdaptiveMix(parity) : rule_.mix;
    PairTotals own = SumPairs();
    if (machine_.Thread() == 0 && machine_.Rank() == 0 && label >= 0) {
      const int owner = arguments_.pipe.slices.Owner(label);
      own.cross_entropy = LabelLoss(
          rule_, row, *machine_.Remote(&OwnState().label.logit[parity], owner));
    }
    Publish(machine_, OwnState().totals, own, parity);
    machine_.SyncCluster();
    const PairTotals totals = Collected(machine_, OwnState().totals, parity);
    if (machine_.Thread() == 0 && machine_.Rank() == 0) {
      WriteLoss(arguments_, i, totals);
    }
    if (rows_.gradient.data != nullptr) {
      // Forward KL has W = -sum p = -1; the rounded sum would only add noise.
      const bool is_forward = rule_.kind == Divergence::kForwardKl;
      WriteRow(i, label, is_forward ? -1.0f : totals.weight);
    }
    if (IsResident()) pipe_.Release();
  }

  LIMBECK_DEVICE_CODE bool IsResident() const {
    return arguments_.pipe.slices.num_tiles == 1;
  }

  // Calls function(cells) for every tile of the slice.
  template <typename Function>
  LIMBECK_DEVICE_CODE void ForTiles(Function function) {
    for (int tile = 0; tile < arguments_.pipe.slices.num_tiles; ++tile) {
      const bool must_load = !IsResident() || !is_loaded_;
      const TileCells cells =
          must_load ? pipe_.Acquire(row_, tile) : pipe_.Current(tile);
      if (must_load) machine_.Sync();
      function(cells);
      if (!IsResident()) pipe_.Release();
    }
    is_loaded_ = true;
  }

  // Calls function(student, teacher, column) for the thread's columns.
  template <typename Function>
  LIMBECK_DEVICE_CODE void ForColumns(const TileCells& cells,
                                      Function function) {
    for (int32_t v = machine_.Thread(); v < cells.NumVectors();
         v += Machine::kThreads) {
      const Float4 student = LoadTyped(cells.student, rows_.logits.type, v);
      const Float4 teacher = LoadTyped(cells.teacher, rows_.teacher.type, v);
      LIMBECK_UNROLL
      for (int k = 0; k < kVectorColumns; ++k) {
        function(student.column[k], teacher.column[k],
                 cells.range.begin + v * kVectorColumns + k);
      }
    }
  }

  LIMBECK_DEVICE_CODE static Float4 LoadTyped(const void* cells, LogitType type,
                                              int32_t v) {
    return type == LogitType::kFloat32
               ? LoadVector(static_cast<const float*>(cells), v)
               : LoadVector(static_cast<const Bfloat16*>(cells), v);
  }

  LIMBECK_DEVICE_CODE PairStats SumRow(int32_t label, int parity) {
    PairStats sum;
    ForTiles([&](const TileCells& cells) {
      float student_max = -kInfinity;
      float teacher_max = -kInfinity;
      ForColumns(cells, [&](float student, float teacher, int32_t) {
        student_max = fmaxf(student_max, student);
        teacher_max = fmaxf(teacher_max, teacher);
      });
      PairStats part;
      part.student.max = student_max * rule_.exponent_scale;
      part.teacher.max = teacher_max * rule_.exponent_scale;
      part.plain.max = student_max * kLog2E;
      ForColumns(cells, [&](float student, float teacher, int32_t column) {
        AddExponential(rule_.exponent_scale, student, part.student);
        AddExponential(rule_.exponent_scale, teacher, part.teacher);
        AddExponential(kLog2E, student, part.plain);
        if (column == label) OwnState().label.logit[parity] = student;
      });
      sum = {Joined(sum.student, part.student),
             Joined(sum.teacher, part.teacher), Joined(sum.plain, part.plain)};
    });
    return sum;
  }

  LIMBECK_DEVICE_CODE static void AddExponential(float scale, float x,
                                                 ExpSum& sum) {
    sum.sum += Exp2Approx(fmaf(x, scale, -Subtrahend(sum.max)));
  }

  LIMBECK_DEVICE_CODE PairTerm<FastFloat> TermOf(const ColumnPair& pair) const {
    return Pair(rule_.kind, FastFloat(pair.p), FastFloat(pair.q),
                FastFloat(pair.d), FastFloat(mix_));
  }

  LIMBECK_DEVICE_CODE PairTotals SumPairs() {
    PairTotals totals;
    ForTiles([&](const TileCells& cells) {
      PairTotals part;  // blocks of columns, for the sake of rounding
      ForColumns(cells, [&](float student, float teacher, int32_t) {
        const PairTerm<FastFloat> term =
            TermOf(PairOf(scales_, rule_.exponent_scale, student, teacher));
        part.loss += term.loss.value;
        part.weight += term.weight.value;
      });
      totals.loss += part.loss;
      totals.weight += part.weight;
    });
    return totals;
  }

  // The share of reverse KL.
  LIMBECK_DEVICE_CODE float AdaptiveMix(int parity) {
    const HeadRule head = FindHead();
    PairTotals own;  // loss: the head's gap, weight: all
    ForTiles([&](const TileCells& cells) {
      ForColumns(cells, [&](float student, float teacher, int32_t column) {
        const ColumnPair pair =
            PairOf(scales_, rule_.exponent_scale, student, teacher);
        const float gap = fabsf(pair.p - pair.q);
        own.weight += gap;
        if (head.Holds(KeyOf(teacher), column)) own.loss += gap;
      });
    });
    Publish(machine_, OwnState().gaps, own, parity);
    machine_.SyncCluster();
    const PairTotals gaps = Collected(machine_, OwnState().gaps, parity);
    if (!(gaps.weight > 0.0f)) return gaps.weight == 0.0f ? 0.5f : NAN;
    return 1.0f - fminf(1.0f, gaps.loss / gaps.weight);
  }

  LIMBECK_DEVICE_CODE uint64_t TeacherMass(float teacher) const {
    const float exponent =
        fmaf(teacher, rule_.exponent_scale, -scales_.teacher.subtrahend);
    return MassOf(Exp2Approx(exponent) * scales_.teacher.inverse_sum);
  }

  LIMBECK_DEVICE_CODE HeadRule FindHead() {
    const uint64_t limit = MassOf(rule_.mix);
    const KeyThreshold keys =
        SelectKeys(machine_, limit, OwnState().selection, [&](auto add) {
          ForTiles([&](const TileCells& cells) {
            ForColumns(cells, [&](float, float teacher, int32_t column) {
              if (column >= cells.range.end) return;
              add(KeyOf(teacher), TeacherMass(teacher));
            });
          });
        });
    // All columns of one key have one mass.
    const uint64_t each = keys.holds_all ? 0 : TeacherMass(ValueOf(keys.key));
    uint64_t ties = each == 0 ? 0 : (limit - keys.above) / each;
    if (keys.above == 0 && ties == 0) ties = 1;
    const KeyThreshold columns =
        SelectKeys(machine_, ties, OwnState().selection, [&](auto add) {
          ForTiles([&](const TileCells& cells) {
            ForColumns(cells, [&](float, float teacher, int32_t column) {
              if (column >= cells.range.end) return;
              const bool is_tie = KeyOf(teacher) == keys.key;
              add(~static_cast<uint32_t>(column), is_tie ? 1 : 0);
            });
          });
        });
    const int32_t first_out = columns.holds_all
                                  ? static_cast<int32_t>(rows_.num_columns)
                                  : static_cast<int32_t>(~columns.key);
    return {keys.key, first_out, keys.holds_all};
  }

  // Inverse of KeyOf.
  LIMBECK_DEVICE_CODE static float ValueOf(uint32_t key) {
    return FloatOf(key >> 31 ? key & 0x7FFFFFFFu : ~key);
  }

  // A tile's logits are in shared memory by then, and its gradient lies over
  // nothing that a later tile holds.
  LIMBECK_DEVICE_CODE void WriteRow(int i, int32_t label, float weight_sum) {
    const PairGradient gradient = GradientOf(rule_, RowWeight(arguments_, i));
    WithType(GradientRow(rows_, row_), rows_.gradient.type, [&](auto* out) {
      ForTiles([&](const TileCells& cells) {
        for (int32_t v = machine_.Thread(); v < cells.NumVectors();
             v += Machine::kThreads) {
          const int32_t column = cells.range.begin + v * kVectorColumns;
          StoreVector(
              out, arguments_.pipe.gradient_is_aligned, column, cells.range.end,
              VectorGradient(gradient, weight_sum, cells, v, label - column));
        }
      });
    });
    WritePadding(machine_, rows_, arguments_.pipe, row_);
  }

  // label: counted from the vector's first column.
  LIMBECK_DEVICE_CODE Float4 VectorGradient(const PairGradient& gradient,
                                            float weight_sum,
                                            const TileCells& cells, int32_t v,
                                            int32_t label) const {
    const Float4 student = LoadTyped(cells.student, rows_.logits.type, v);
    const Float4 teacher = LoadTyped(cells.teacher, rows_.teacher.type, v);
    const float plain_scale = gradient.label * scales_.plain.inverse_sum;
    Float4 result;
    LIMBECK_UNROLL
    for (int k = 0; k < kVectorColumns; ++k) {
      const ColumnPair pair = PairOf(scales_, rule_.exponent_scale,
                                     student.column[k], teacher.column[k]);
      const float w = TermOf(pair).weight.value;
      float value = gradient.divergence * fmaf(-pair.q, weight_sum, w);
      if (rule_.cross_entropy_share > 0.0f) {
        value +=
            ScaledExponential(scales_.plain, plain_scale, student.column[k]);
        if (k == label) value -= gradient.label;
      }
      result.column[k] = value;
    }
    return result;
  }

  LIMBECK_DEVICE_CODE State& OwnState() const {
    return *reinterpret_cast<State*>(machine_.SharedMemory() +
                                     arguments_.pipe.StateOffset());
  }

  const Machine& machine_;
  const PairArguments& arguments_;
  const RowLaunch& rows_;
  const PairRule& rule_;
  TilePipe<Machine> pipe_;
  PairScales scales_;
  float mix_ = 0.0f;
  int64_t row_ = 0;
  bool is_loaded_ = false;
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_PAIR_SWEEP_ROWS_H_
