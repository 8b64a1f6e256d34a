// The loops over the columns of one row, compiled for several instruction sets
// and chosen at load time. Sums run over 16 fixed lanes and 512-column blocks,
// so that results do not depend on the instruction set.
#ifndef LIMBECK_KERNELS_ROW_SWEEPS_H_
#define LIMBECK_KERNELS_ROW_SWEEPS_H_

#include <cstdint>

#include "kernels/divergence.h"
#include "kernels/row_math.h"

namespace limbeck::kernels {

// Largest of x[0, n); -inf for n = 0. NaN is passed over.
float RowMax(const float* x, int64_t n);
double RowMax(const double* x, int64_t n);

// exponential[i] = exp((x[i] - max) * inverse_temperature); returns their sum.
// exponential may be x.
double RowExp(const float* x, int64_t n, float max, float inverse_temperature,
              float* exponential);
double RowExp(const double* x, int64_t n, double max,
              double inverse_temperature, double* exponential);

// x[i] = cap * tanh(x[i] / cap).
void RowSoftcap(float* x, int64_t n, float cap);
void RowSoftcap(double* x, int64_t n, double cap);

// y[i] = factor * x[i]. y may be x.
void RowScale(const float* x, int64_t n, float factor, float* y);
void RowScale(const double* x, int64_t n, double factor, double* y);

// y[i] += factor * x[i].
void RowAdd(const float* x, int64_t n, float factor, float* y);
void RowAdd(const double* x, int64_t n, double factor, double* y);

// Student and teacher of one part of a row, with the merged row's scales.
template <typename Real>
struct PairPart {
  int64_t num_columns;
  const Real* student;  // logits
  const Real* teacher;  // logits
  Real student_max;     // of the merged row, as below
  Real teacher_max;
  Real inverse_temperature;
  Real student_scale;  // 1 / sum: q = student_exponential * scale
  Real teacher_scale;
  Real log_sum_gap;  // log(student sum) - log(teacher sum)
  const Real* teacher_exponential;
  Real* student_exponential;  // in: exponentials, out: q
  Real* weight;               // out: w
};

struct PairSums {
  double loss = 0.0;
  double weight = 0.0;
};

// Fills q and w; returns the part's sums of loss and w. mix is that of the row.
PairSums RowPair(Divergence kind, float mix, const PairPart<float>& part);
PairSums RowPair(Divergence kind, double mix, const PairPart<double>& part);

// y[i] = factor * (w[i] - q[i] * weight_sum). y may be w or q.
void RowPairGradient(const float* w, const float* q, int64_t n,
                     float weight_sum, float factor, float* y);
void RowPairGradient(const double* w, const double* q, int64_t n,
                     double weight_sum, double factor, double* y);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_SWEEPS_H_
