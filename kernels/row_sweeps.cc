// float32 goes to the machine's best instruction set; float64 serves checks and
// is compiled once, for any machine.
#include "kernels/row_sweeps.h"

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/row_sweep_loops.h"

namespace limbeck::kernels {
namespace {

struct AnyMachine {};
using Loops64 = SweepLoops<AnyMachine, double>;

const RowSweeps& Best() { return BestCpuKernels().row_sweeps; }

}  // namespace

float RowMax(const float* x, int64_t n) { return Best().max(x, n); }
double RowMax(const double* x, int64_t n) { return Loops64::Max(x, n); }

double RowExp(const float* x, int64_t n, float max, float inverse_temperature,
              float* exponential) {
  return Best().exp_sum(x, n, max, inverse_temperature, exponential);
}
double RowExp(const double* x, int64_t n, double max,
              double inverse_temperature, double* exponential) {
  return Loops64::ExpSum(x, n, max, inverse_temperature, exponential);
}

void RowSoftcap(float* x, int64_t n, float cap) { Best().softcap(x, n, cap); }
void RowSoftcap(double* x, int64_t n, double cap) {
  Loops64::Softcap(x, n, cap);
}

void RowSoftcapSlope(const float* capped, int64_t n, float cap, float* y) {
  Best().softcap_slope(capped, n, cap, y);
}
void RowSoftcapSlope(const double* capped, int64_t n, double cap, double* y) {
  Loops64::SoftcapSlope(capped, n, cap, y);
}

FiniteSums RowSumFinite(const float* x, int64_t n) {
  return Best().sum_finite(x, n);
}
FiniteSums RowSumFinite(const double* x, int64_t n) {
  return Loops64::SumFinite(x, n);
}

void RowSubtractFinite(const float* x, int64_t n, float amount, float* y) {
  Best().subtract_finite(x, n, amount, y);
}
void RowSubtractFinite(const double* x, int64_t n, double amount, double* y) {
  Loops64::SubtractFinite(x, n, amount, y);
}

void RowScale(const float* x, int64_t n, float factor, float* y) {
  Best().scale(x, n, factor, y);
}
void RowScale(const double* x, int64_t n, double factor, double* y) {
  Loops64::Scale(x, n, factor, y);
}

void RowAdd(const float* x, int64_t n, float factor, float* y) {
  Best().add(x, n, factor, y);
}
void RowAdd(const double* x, int64_t n, double factor, double* y) {
  Loops64::Add(x, n, factor, y);
}

PairSums RowPair(Divergence kind, float mix, const PairPart<float>& part) {
  return Best().pair(kind, mix, part);
}
PairSums RowPair(Divergence kind, double mix, const PairPart<double>& part) {
  return Loops64::PairRow(kind, mix, part);
}

void RowPairGradient(const float* w, const float* q, int64_t n,
                     float weight_sum, float factor, float* y) {
  Best().pair_gradient(w, q, n, weight_sum, factor, y);
}
void RowPairGradient(const double* w, const double* q, int64_t n,
                     double weight_sum, double factor, double* y) {
  Loops64::PairGradient(w, q, n, weight_sum, factor, y);
}

void RowMassAbove(const float* x, int64_t n,
                  const float (&from)[kMassThresholds],
                  ColumnMass (&above)[kMassThresholds]) {
  Best().mass_above(x, n, from, above);
}
void RowMassAbove(const double* x, int64_t n,
                  const float (&from)[kMassThresholds],
                  ColumnMass (&above)[kMassThresholds]) {
  Loops64::MassAbove(x, n, from, above);
}

ExpMoment RowExpMoment(const float* x, int64_t n, float max,
                       float inverse_temperature, float* exponential) {
  return Best().exp_moment(x, n, max, inverse_temperature, exponential);
}
ExpMoment RowExpMoment(const double* x, int64_t n, double max,
                       double inverse_temperature, double* exponential) {
  return Loops64::ExpMomentSum(x, n, max, inverse_temperature, exponential);
}

void RowEntropyGradient(const float* x, const float* exponential, int64_t n,
                        const EntropyGradient<float>& gradient, float* y) {
  Best().entropy_gradient(x, exponential, n, gradient, y);
}
void RowEntropyGradient(const double* x, const double* exponential, int64_t n,
                        const EntropyGradient<double>& gradient, double* y) {
  Loops64::EntropySlope(x, exponential, n, gradient, y);
}

GapSums RowSumGap(const PairPart<float>& part, float from) {
  return Best().sum_gap(part, from);
}
GapSums RowSumGap(const PairPart<double>& part, double from) {
  return Loops64::SumGap(part, from);
}

}  // namespace limbeck::kernels
