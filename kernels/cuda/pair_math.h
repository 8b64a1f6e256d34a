// One row pair's softmaxes and the numbers that its columns are worked with.
#ifndef LIMBECK_KERNELS_CUDA_PAIR_MATH_H_
#define LIMBECK_KERNELS_CUDA_PAIR_MATH_H_

#include <cmath>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/fast_float.h"
#include "kernels/cuda/reductions.h"
#include "kernels/cuda/tile_pipe.h"
#include "kernels/divergence.h"
#include "kernels/row_launch.h"
#include "kernels/row_math.h"

namespace limbeck::kernels::cuda {

// DistillationRule for the device.
struct PairRule {
  Divergence kind;
  float mix;
  float exponent_scale;  // log2(e) / temperature
  float divergence_scale;
  float gradient_scale;  // divergence_scale / temperature
  float cross_entropy_share;
  bool plain_softmax;  // cross entropy needs a softmax of its own
};

struct PairArguments {
  RowLaunch rows;
  PipeShape pipe;
  PairRule rule;
};

// A part of a row: both softmaxes at the temperature, the student's without.
struct PairStats {
  ExpSum student;
  ExpSum teacher;
  ExpSum plain;
};

template <class Machine>
LIMBECK_DEVICE_CODE PairStats WarpMerge(const Machine& machine,
                                        const PairStats& part, int width) {
  return {WarpMerge(machine, part.student, width),
          WarpMerge(machine, part.teacher, width),
          WarpMerge(machine, part.plain, width)};
}

struct PairTotals {
  float loss = 0.0f;
  float weight = 0.0f;
  float cross_entropy = 0.0f;
};

template <class Machine>
LIMBECK_DEVICE_CODE PairTotals WarpMerge(const Machine& machine,
                                         const PairTotals& part, int width) {
  return {WarpSum(machine, part.loss, width),
          WarpSum(machine, part.weight, width),
          WarpSum(machine, part.cross_entropy, width)};
}

// A row's softmax: q = exp2(scale x - subtrahend) inverse_sum.
struct ColumnSoftmax {
  float subtrahend;
  float inverse_sum;
};

LIMBECK_DEVICE_CODE ColumnSoftmax SoftmaxOf(const ExpSum& row) {
  return {Subtrahend(row.max), 1.0f / row.sum};
}

// What every column of a row pair needs.
struct PairScales {
  ColumnSoftmax student;
  ColumnSoftmax teacher;
  ColumnSoftmax plain;
  float log_sum_gap;
};

LIMBECK_DEVICE_CODE PairScales ScalesOf(const PairStats& row) {
  return {SoftmaxOf(row.student), SoftmaxOf(row.teacher), SoftmaxOf(row.plain),
          logf(row.student.sum / row.teacher.sum)};
}

struct ColumnPair {
  float p;
  float q;
  float d;  // log(p / q)
};

LIMBECK_DEVICE_CODE ColumnPair PairOf(const PairScales& scales,
                                      float exponent_scale, float student,
                                      float teacher) {
  const float log_q = fmaf(student, exponent_scale, -scales.student.subtrahend);
  const float log_p = fmaf(teacher, exponent_scale, -scales.teacher.subtrahend);
  // NaN turns into the floor here, and stays NaN in p and q.
  const float gap = FloorLog2(log_p) - FloorLog2(log_q);
  return {Exp2Approx(log_p) * scales.teacher.inverse_sum,
          Exp2Approx(log_q) * scales.student.inverse_sum,
          fmaf(gap, kLn2, scales.log_sum_gap)};
}

LIMBECK_DEVICE_CODE float ScaledExponential(const ColumnSoftmax& plain,
                                            float scale, float x) {
  return scale * Exp2Approx(fmaf(x, kLog2E, -plain.subtrahend));
}

// G = divergence (w - q W) + label (q1 - [i = y]), q1 the plain softmax.
struct PairGradient {
  float divergence;
  float label;
};

LIMBECK_DEVICE_CODE PairGradient GradientOf(const PairRule& rule,
                                            float row_weight) {
  return {row_weight * rule.gradient_scale,
          row_weight * rule.cross_entropy_share};
}

// -log q(y) at temperature 1. The plain softmax is the student's own when the
// temperature is 1.
LIMBECK_DEVICE_CODE float LabelLoss(const PairRule& rule, const PairStats& row,
                                    float label_logit) {
  const ExpSum& all = rule.plain_softmax ? row.plain : row.student;
  const float log2_q = fmaf(label_logit, kLog2E, -Subtrahend(all.max));
  return logf(all.sum) - FloorLog2(log2_q) * kLn2;
}

// The label of row i of the launch; -1: none is needed, or it is bad.
LIMBECK_DEVICE_CODE int LabelOf(const PairArguments& arguments, int i) {
  if (arguments.rule.cross_entropy_share == 0.0f) return -1;
  const RowLaunch& rows = arguments.rows;
  const int64_t label = TargetOf(rows, Place(rows, i).caller_row);
  return label >= 0 && label < rows.num_columns ? static_cast<int>(label) : -1;
}

LIMBECK_DEVICE_CODE bool HasBadLabel(const PairArguments& arguments, int i) {
  return arguments.rule.cross_entropy_share != 0.0f &&
         LabelOf(arguments, i) < 0;
}

// NaN for a bad label, so that the row's gradient is NaN.
LIMBECK_DEVICE_CODE float RowWeight(const PairArguments& arguments, int i) {
  if (HasBadLabel(arguments, i)) return NAN;
  return WeightOf(arguments.rows, Place(arguments.rows, i).caller_row);
}

LIMBECK_DEVICE_CODE void WriteLoss(const PairArguments& arguments, int i,
                                   const PairTotals& row) {
  const PairRule& rule = arguments.rule;
  // Rounding may leave the sum of a divergence of equal rows below 0.
  const double divergence = row.loss < 0.0f ? 0.0 : row.loss;
  const double loss =
      static_cast<double>(rule.divergence_scale) * divergence +
      static_cast<double>(rule.cross_entropy_share) * row.cross_entropy;
  arguments.rows.token_loss[Place(arguments.rows, i).caller_row] =
      HasBadLabel(arguments, i) ? static_cast<double>(NAN) : loss;
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_PAIR_MATH_H_
