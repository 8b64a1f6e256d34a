// Rows of distillation from a dense teacher, each read once: a cluster holds a
// row pair in its registers, while the next pair is on its way to shared
// memory.
#ifndef LIMBECK_KERNELS_CUDA_PAIR_ROWS_H_
#define LIMBECK_KERNELS_CUDA_PAIR_ROWS_H_

#include <cmath>
#include <cstdint>

#include "kernels/cuda/pair_math.h"

namespace limbeck::kernels::cuda {

// Columns that a thread's registers hold, of student and teacher each.
inline constexpr int kPairVectors = 10;
inline constexpr int kPairColumns = kPairVectors * kVectorColumns;

template <class Machine>
struct PairState {
  ExchangeState<Machine, PairStats> stats;
  ExchangeState<Machine, PairTotals> totals;
  float cross_entropy;  // of thread 0
  int pending_row;  // of the launch, whose loss is not written yet; -1: none
};

// Loaded as logits; later q and w.
struct PairValues {
  Float4 student[kPairVectors];
  Float4 teacher[kPairVectors];
};

// Whether any thread has a vector number v. Besides saving work, the branch
// keeps the compiler from mixing the vectors' instructions, for which there are
// no registers.
template <class Machine>
LIMBECK_DEVICE_CODE bool HasVector(int v, int num_vectors) {
  return v * Machine::kThreads < num_vectors;
}

// A thread's vectors of the tile; -inf beyond its end.
template <class Machine, typename Element>
LIMBECK_DEVICE_CODE void LoadValues(const Machine& machine,
                                    const Element* cells, int num_vectors,
                                    Float4 (&values)[kPairVectors]) {
  const int thread = machine.Thread();
  LIMBECK_UNROLL
  for (int v = 0; v < kPairVectors; ++v) {
    const int index = v * Machine::kThreads + thread;
    values[v] = index < num_vectors
                    ? LoadVector(cells, index)
                    : Float4{{-kInfinity, -kInfinity, -kInfinity, -kInfinity}};
  }
}

template <int kVectors>
LIMBECK_DEVICE_CODE float MaxOf(const Float4 (&values)[kVectors]) {
  float max = -kInfinity;
  LIMBECK_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    LIMBECK_UNROLL
    for (int i = 0; i < kVectorColumns; ++i) {
      max = fmaxf(max, values[v].column[i]);
    }
  }
  return max;
}

template <int kVectors>
LIMBECK_DEVICE_CODE ExpSum SumOfExponentials(const Float4 (&values)[kVectors],
                                             float max, float scale) {
  const float exponent = max * scale;
  const float subtrahend = Subtrahend(exponent);
  Float4 sum = {};
  LIMBECK_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    LIMBECK_UNROLL
    for (int i = 0; i < kVectorColumns; ++i) {
      sum.column[i] +=
          Exp2Approx(fmaf(values[v].column[i], scale, -subtrahend));
    }
  }
  return {exponent,
          (sum.column[0] + sum.column[1]) + (sum.column[2] + sum.column[3])};
}

template <bool has_plain>
LIMBECK_DEVICE_CODE PairStats StatsOf(const PairRule& rule,
                                      const PairValues& values) {
  PairStats stats;
  const float student_max = MaxOf(values.student);
  stats.student =
      SumOfExponentials(values.student, student_max, rule.exponent_scale);
  stats.teacher = SumOfExponentials(values.teacher, MaxOf(values.teacher),
                                    rule.exponent_scale);
  if constexpr (has_plain) {
    stats.plain = SumOfExponentials(values.student, student_max, kLog2E);
  }
  return stats;
}

// Replaces logits by q and by w; with a plain softmax q1 by divergence w +
// label q1. Returns the thread's sums.
template <class Machine, Divergence kind, bool has_plain>
LIMBECK_DEVICE_CODE PairTotals FormPairs(const PairRule& rule, int num_vectors,
                                         const PairScales& scales,
                                         const PairGradient& gradient,
                                         PairValues& values) {
  PairTotals totals;
  const FastFloat mix(rule.mix);
  const float plain_scale = gradient.label * scales.plain.inverse_sum;
  LIMBECK_UNROLL
  for (int v = 0; v < kPairVectors; ++v) {
    if (!HasVector<Machine>(v, num_vectors)) break;
    LIMBECK_UNROLL
    for (int i = 0; i < kVectorColumns; ++i) {
      // Never so: a further branch to keep instructions apart.
      if (has_plain && i == 2 && !rule.plain_softmax) break;
      float& student = values.student[v].column[i];
      float& teacher = values.teacher[v].column[i];
      const ColumnPair pair =
          PairOf(scales, rule.exponent_scale, student, teacher);
      const PairTerm<FastFloat> term = Pair<kind>(
          FastFloat(pair.p), FastFloat(pair.q), FastFloat(pair.d), mix);
      totals.loss += term.loss.value;
      if constexpr (kind != Divergence::kForwardKl) {
        totals.weight += term.weight.value;
      }
      teacher = term.weight.value;
      if constexpr (has_plain) {
        teacher = fmaf(gradient.divergence, teacher,
                       ScaledExponential(scales.plain, plain_scale, student));
      }
      student = pair.q;
    }
  }
  return totals;
}

// The slice's gradient; label: column of the row.
template <class Machine, bool has_plain, typename Element>
LIMBECK_DEVICE_CODE void WriteGradient(const Machine& machine,
                                       const PairGradient& gradient,
                                       float weight_sum, int label,
                                       ColumnRange slice, Element* out,
                                       bool aligned, const PairValues& values) {
  const int thread = machine.Thread();
  const float subtrahend =
      has_plain ? gradient.divergence * weight_sum : weight_sum;
  LIMBECK_UNROLL
  for (int v = 0; v < kPairVectors; ++v) {
    const int column =
        slice.begin + kVectorColumns * (v * Machine::kThreads + thread);
    Float4 result;
    LIMBECK_UNROLL
    for (int k = 0; k < kVectorColumns; ++k) {
      const float q = values.student[v].column[k];
      const float w = values.teacher[v].column[k];
      const float difference = fmaf(-q, subtrahend, w);
      result.column[k] =
          has_plain ? difference
                    : fmaf(gradient.label, q, gradient.divergence * difference);
    }
    if (static_cast<uint32_t>(label - column) < kVectorColumns) {
      LIMBECK_UNROLL
      for (int k = 0; k < kVectorColumns; ++k) {
        if (column + k == label) result.column[k] -= gradient.label;
      }
    }
    if (column < slice.end) {
      StoreVector(out, aligned, column, slice.end, result);
    }
  }
}

// has_plain: arguments.rule.plain_softmax.
template <class Machine, Divergence kind, bool has_plain>
class PairRows {
 public:
  using Arguments = PairArguments;
  using State = PairState<Machine>;

  // Rows must stay in registers.
  LIMBECK_HOST_DEVICE static constexpr bool CanWork(const PipeShape& shape) {
    return shape.slices.num_tiles == 1;
  }

  LIMBECK_DEVICE_CODE PairRows(const Machine& machine,
                               const PairArguments& arguments)
      : machine_(machine),
        arguments_(arguments),
        rows_(arguments.rows),
        pipe_(machine, rows_, arguments.pipe) {}

  LIMBECK_DEVICE_CODE void Run() {
    if (machine_.Thread() == 0) OwnState().pending_row = -1;
    ForKeptRows(machine_, rows_, arguments_.pipe, [&](int i, int parity) {
      parity_ = parity;
      RunRow(i);
    });
    WritePendingLoss(parity_);
  }

 private:
  // Forward KL knows W, and need not wait for its loss.
  static constexpr bool kKnowsWeightSum = kind == Divergence::kForwardKl;

  LIMBECK_DEVICE_CODE void RunRow(int i) {
    PairValues values;
    const float label_logit = Load(i, values);
    Publish(machine_, OwnState().stats,
            StatsOf<has_plain>(arguments_.rule, values), parity_);
    machine_.SyncCluster();  // also: the cluster has read the row
    if constexpr (kKnowsWeightSum) WritePendingLoss(parity_ ^ 1);
    const PairGradient gradient =
        GradientOf(arguments_.rule, RowWeight(arguments_, i));
    Publish(machine_, OwnState().totals, Form(i, gradient, label_logit, values),
            parity_);
    if (machine_.Thread() == 0) OwnState().pending_row = i;
    float weight_sum = -1.0f;
    if constexpr (!kKnowsWeightSum) {
      machine_.SyncCluster();
      weight_sum = Collected(machine_, OwnState().totals, parity_).weight;
      WritePendingLoss(parity_);
    }
    if (rows_.gradient.data == nullptr) return;
    const int64_t row = Place(rows_, i).matrix_row;
    WithType(GradientRow(rows_, row), rows_.gradient.type, [&](auto* out) {
      WriteGradient<Machine, has_plain>(
          machine_, gradient, weight_sum, LabelOf(arguments_, i),
          arguments_.pipe.slices.Slice(machine_.Rank()), out,
          arguments_.pipe.gradient_is_aligned, values);
    });
    WritePadding(machine_, rows_, arguments_.pipe, row);
  }

  // Moves row i to the registers and lets the next one come. The label's logit
  // is for its owner.
  LIMBECK_DEVICE_CODE float Load(int i, PairValues& values) {
    const TileCells cells = pipe_.Acquire(Place(rows_, i).matrix_row, 0);
    machine_.Sync();
    const int num_vectors = NumVectors();
    WithType(cells.student, rows_.logits.type, [&](const auto* student) {
      LoadValues(machine_, student, num_vectors, values.student);
    });
    WithType(cells.teacher, rows_.teacher.type, [&](const auto* teacher) {
      LoadValues(machine_, teacher, num_vectors, values.teacher);
    });
    float label_logit = 0.0f;
    if (OwnsLabel(i)) {
      label_logit = LoadColumn(cells.student, rows_.logits.type,
                               LabelOf(arguments_, i) - cells.range.begin);
    }
    pipe_.Release();
    return label_logit;
  }

  LIMBECK_DEVICE_CODE PairTotals Form(int i, const PairGradient& gradient,
                                      float label_logit, PairValues& values) {
    const PairStats row = Collected(machine_, OwnState().stats, parity_);
    const PairScales scales = ScalesOf(row);
    if (machine_.Thread() == 0) {
      OwnState().cross_entropy =
          OwnsLabel(i) ? LabelLoss(arguments_.rule, row, label_logit) : 0.0f;
    }
    PairTotals totals = FormPairs<Machine, kind, has_plain>(
        arguments_.rule, NumVectors(), scales, gradient, values);
    if (machine_.Thread() == 0) totals.cross_entropy = OwnState().cross_entropy;
    return totals;
  }

  LIMBECK_DEVICE_CODE int NumVectors() const {
    const ColumnRange slice = arguments_.pipe.slices.Slice(machine_.Rank());
    return CeilDivide(slice.size(), kVectorColumns);
  }

  // One thread of the block whose slice holds the label.
  LIMBECK_DEVICE_CODE bool OwnsLabel(int i) const {
    if (machine_.Thread() != 0) return false;
    const int label = LabelOf(arguments_, i);
    const ColumnRange slice = arguments_.pipe.slices.Slice(machine_.Rank());
    return label >= slice.begin && label < slice.end;
  }

  // After a SyncCluster that follows the row's Publish.
  LIMBECK_DEVICE_CODE void WritePendingLoss(int parity) {
    if (machine_.Rank() != 0 || machine_.Thread() >= kWarpThreads) return;
    const PairTotals row = Collected(machine_, OwnState().totals, parity);
    if (machine_.Thread() != 0 || OwnState().pending_row < 0) return;
    WriteLoss(arguments_, OwnState().pending_row, row);
    OwnState().pending_row = -1;
  }

  LIMBECK_DEVICE_CODE State& OwnState() const {
    return *reinterpret_cast<State*>(machine_.SharedMemory() +
                                     arguments_.pipe.StateOffset());
  }

  const Machine& machine_;
  const PairArguments& arguments_;
  const RowLaunch& rows_;
  TilePipe<Machine, 1> pipe_;
  int parity_ = 0;
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_PAIR_ROWS_H_
