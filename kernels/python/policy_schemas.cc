// What all linear operators take stands once.
#include "kernels/python/policy_schemas.h"

namespace limbeck::kernels {
namespace {

constexpr char kRows[] =
    "Tensor(a!)? weight_grad=None, Tensor? grad_scale=None, "
    "Tensor? kept_rows=None, bool? check_values=None";

}  // namespace

std::string PolicyLossArguments() {
  return std::string(
             "Tensor hidden, Tensor weight, Tensor target, "
             "Tensor sampler_logprob, Tensor advantage, *, str kind, "
             "float clip_low=0.2, float clip_high=0.28, float ratio_cap=0., "
             "Tensor? reference_logprob=None, float kl_coefficient=0., "
             "str kl_estimator=\"k2\", float entropy_bonus=0., "
             "float temperature=1., Tensor? bias=None, "
             "Tensor? sequence_id=None, Tensor? token_weight=None, "
             "int num_valid_columns=-1, int chunk_tokens=0, ") +
         kRows;
}

std::string CachedDistillationArguments() {
  return std::string(
             "Tensor hidden, Tensor weight, Tensor teacher_direction, "
             "Tensor teacher_entropy, *, float temperature=1., "
             "Tensor? token_weight=None, int chunk_tokens=0, ") +
         kRows + ", int num_valid_columns=-1";
}

std::string LogprobArgumentList() {
  return std::string(
             "Tensor hidden, Tensor weight, Tensor target, *, "
             "float temperature=1., Tensor? bias=None, "
             "int num_valid_columns=-1, ") +
         kRows + ", int chunk_tokens=0";
}

}  // namespace limbeck::kernels
