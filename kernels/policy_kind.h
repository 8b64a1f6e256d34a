// The names of the policy losses and of the estimators of a KL penalty.
#ifndef LIMBECK_KERNELS_POLICY_KIND_H_
#define LIMBECK_KERNELS_POLICY_KIND_H_

#include <optional>
#include <string_view>

namespace limbeck::kernels {

// Formulas: docs/operators.md. The first three are one formula and differ only
// in the token weights that the caller gives.
enum class PolicyKind {
  kGrpo,
  kDapo,
  kDrGrpo,
  kGspo,
  kCispo,
  kOnPolicyDistillation,
};

// Of KL(student, reference) from one sampled token, d = log(reference/student):
// k1 = -d, k2 = d^2 / 2, k3 = exp(d) - d - 1 (Schulman 2020).
enum class KlEstimator { kK1, kK2, kK3 };

// "dr_grpo", "k2": the names of the Python operators; nullopt: unknown.
std::optional<PolicyKind> ParsePolicyKind(std::string_view name);
std::optional<KlEstimator> ParseKlEstimator(std::string_view name);
std::string_view PolicyKindName(PolicyKind kind);
std::string_view KlEstimatorName(KlEstimator estimator);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_POLICY_KIND_H_
