// The loops over the columns of one row, in the fastest instruction set of the
// machine for float32. All instruction sets give the same bits.
#ifndef LIMBECK_KERNELS_ROW_SWEEPS_H_
#define LIMBECK_KERNELS_ROW_SWEEPS_H_

#include <cstdint>

#include "kernels/divergence.h"

namespace limbeck::kernels {

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

// Columns that are not -inf.
struct FiniteSums {
  double sum = 0.0;
  int64_t count = 0;
};

// How much lies in the columns from a threshold on.
struct ColumnMass {
  double mass = 0.0;
  int64_t columns = 0;
};
inline constexpr int64_t kMassThresholds = 4;

// sum |p - q| of all columns and of a head, and the head's sum of p.
struct GapSums {
  double all_gap = 0.0;
  double head_gap = 0.0;
  double head_mass = 0.0;
};

// Sums of exp(u) and of exp(u) u, u = (x - max) / temperature.
struct ExpMoment {
  double sum = 0.0;
  double moment = 0.0;
};

// What turns exponentials into a gradient: exponential (constant + slope u).
template <typename Real>
struct EntropyGradient {
  Real max;
  Real inverse_temperature;
  Real constant;
  Real slope;
};

// One instruction set's float32 loops; what they do stands with the functions
// below, which call the best set's.
struct RowSweeps {
  float (*max)(const float* x, int64_t n);
  double (*exp_sum)(const float* x, int64_t n, float max,
                    float inverse_temperature, float* exponential);
  void (*softcap)(float* x, int64_t n, float cap);
  void (*softcap_slope)(const float* capped, int64_t n, float cap, float* y);
  FiniteSums (*sum_finite)(const float* x, int64_t n);
  void (*subtract_finite)(const float* x, int64_t n, float amount, float* y);
  void (*scale)(const float* x, int64_t n, float factor, float* y);
  void (*add)(const float* x, int64_t n, float factor, float* y);
  PairSums (*pair)(Divergence kind, float mix, const PairPart<float>& part);
  void (*pair_gradient)(const float* w, const float* q, int64_t n,
                        float weight_sum, float factor, float* y);
  void (*mass_above)(const float* x, int64_t n,
                     const float (&from)[kMassThresholds],
                     ColumnMass (&above)[kMassThresholds]);
  GapSums (*sum_gap)(const PairPart<float>& part, float from);
  ExpMoment (*exp_moment)(const float* x, int64_t n, float max,
                          float inverse_temperature, float* exponential);
  void (*entropy_gradient)(const float* x, const float* exponential, int64_t n,
                           const EntropyGradient<float>& gradient, float* y);
};

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

// y[i] *= 1 - (capped[i] / cap)^2, the derivative of the above.
void RowSoftcapSlope(const float* capped, int64_t n, float cap, float* y);
void RowSoftcapSlope(const double* capped, int64_t n, double cap, double* y);

FiniteSums RowSumFinite(const float* x, int64_t n);
FiniteSums RowSumFinite(const double* x, int64_t n);

// y[i] -= amount where x[i] is not -inf.
void RowSubtractFinite(const float* x, int64_t n, float amount, float* y);
void RowSubtractFinite(const double* x, int64_t n, double amount, double* y);

// y[i] = factor * x[i]. y may be x.
void RowScale(const float* x, int64_t n, float factor, float* y);
void RowScale(const double* x, int64_t n, double factor, double* y);

// y[i] += factor * x[i].
void RowAdd(const float* x, int64_t n, float factor, float* y);
void RowAdd(const double* x, int64_t n, double factor, double* y);

// Fills q and w; returns the part's sums of loss and w. mix is that of the row.
PairSums RowPair(Divergence kind, float mix, const PairPart<float>& part);
PairSums RowPair(Divergence kind, double mix, const PairPart<double>& part);

// y[i] = factor * (w[i] - q[i] * weight_sum). y may be w or q.
void RowPairGradient(const float* w, const float* q, int64_t n,
                     float weight_sum, float factor, float* y);
void RowPairGradient(const double* w, const double* q, int64_t n,
                     double weight_sum, double factor, double* y);

// above[k] = sum and number of the x[i] >= from[k].
void RowMassAbove(const float* x, int64_t n,
                  const float (&from)[kMassThresholds],
                  ColumnMass (&above)[kMassThresholds]);
void RowMassAbove(const double* x, int64_t n,
                  const float (&from)[kMassThresholds],
                  ColumnMass (&above)[kMassThresholds]);

// Reads the exponentials and their scales only. The head: columns whose
// teacher_exponential is at least `from`.
GapSums RowSumGap(const PairPart<float>& part, float from);
GapSums RowSumGap(const PairPart<double>& part, double from);

// As RowExp, with the moment as well; u is floored at kLogFloor. exponential
// may not be x.
ExpMoment RowExpMoment(const float* x, int64_t n, float max,
                       float inverse_temperature, float* exponential);
ExpMoment RowExpMoment(const double* x, int64_t n, double max,
                       double inverse_temperature, double* exponential);

// y may be x or exponential.
void RowEntropyGradient(const float* x, const float* exponential, int64_t n,
                        const EntropyGradient<float>& gradient, float* y);
void RowEntropyGradient(const double* x, const double* exponential, int64_t n,
                        const EntropyGradient<double>& gradient, double* y);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_SWEEPS_H_
