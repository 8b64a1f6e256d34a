// Cases, data and expected values that the tests of the loss operators share.
#ifndef LIMBECK_TESTS_KERNELS_LOSS_CASE_H_
#define LIMBECK_TESTS_KERNELS_LOSS_CASE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/loss_options.h"

namespace limbeck::kernels {

enum class Family { kCrossEntropy, kDense, kTopK };

struct LossCase {
  Family family = Family::kDense;
  DistillationOptions distillation;
  CrossEntropyOptions cross_entropy;
};

std::string CaseName(const LossCase& loss_case);

// Every divergence x tail x temperature x mixture, and the cross entropies.
std::vector<LossCase> AllCases();

struct DataShape {
  int64_t tokens = 6;
  int64_t hidden = 5;
  int64_t teacher_hidden = 4;
  int64_t columns = 67;
  int64_t teacher_columns = 67;
  int64_t entries = 9;
  // Teacher = student + noise of this size in hidden and head; 0: unrelated.
  double closeness = 0.0;
  double temperature = 1.0;  // of the top-k list
};

// One tensor per argument, already rounded to the dtype asked for.
struct LossData {
  at::Tensor hidden;          // [N, H]
  at::Tensor weight;          // [V, H]
  at::Tensor bias;            // [V]
  at::Tensor teacher_hidden;  // [N, Ht]
  at::Tensor teacher_weight;  // [Vt, Ht]
  at::Tensor teacher_bias;    // [Vt]
  at::Tensor target;          // [N]
  at::Tensor token_weight;    // [N]
  TopKTeacher topk;
};

LossData MakeData(uint64_t seed, const DataShape& shape, at::ScalarType type);

// Student logits of the data in float64. [N, V]
at::Tensor StudentLogits(const LossData& data);
at::Tensor TeacherLogits(const LossData& data);

// From the double reference, all float64.
struct Expected {
  double loss = 0.0;
  at::Tensor token_loss;
  at::Tensor logits;  // gradients, from here on
  at::Tensor hidden;
  at::Tensor weight;
  at::Tensor bias;
};
Expected ExpectedOf(const LossCase& loss_case, const LossData& data);

// The linear operator on the data; bias, token_weight of the data go in.
LossResult RunLinear(const LossCase& loss_case, const LossData& data,
                     LinearOptions linear = {});
// Its twin on given logits.
LossResult RunGiven(const LossCase& loss_case, const LossData& data,
                    const at::Tensor& student_logits,
                    const at::Tensor& teacher_logits, LogitOptions rows = {});

// Marks hidden, weight and bias as parameters.
void RequireGradients(LossData& data);

// |a - b| / |b| in the L2 norm, in float64.
double RelativeError(const at::Tensor& ours, const at::Tensor& reference);

// Standard normal numbers, a pure function of seed. float64
at::Tensor Normal(uint64_t seed, at::IntArrayRef shape);

}  // namespace limbeck::kernels

#endif  // LIMBECK_TESTS_KERNELS_LOSS_CASE_H_
