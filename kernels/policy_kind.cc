// The one list of names of policy losses and KL estimators.
#include "kernels/policy_kind.h"

#include "kernels/name_list.h"

namespace limbeck::kernels {
namespace {

constexpr NameList<PolicyKind, 6> kKinds = {
    {{PolicyKind::kGrpo, "grpo"},
     {PolicyKind::kDapo, "dapo"},
     {PolicyKind::kDrGrpo, "dr_grpo"},
     {PolicyKind::kGspo, "gspo"},
     {PolicyKind::kCispo, "cispo"},
     {PolicyKind::kOnPolicyDistillation, "on_policy_distillation"}}};

constexpr NameList<KlEstimator, 3> kEstimators = {{{KlEstimator::kK1, "k1"},
                                                   {KlEstimator::kK2, "k2"},
                                                   {KlEstimator::kK3, "k3"}}};

}  // namespace

std::optional<PolicyKind> ParsePolicyKind(std::string_view name) {
  return ParseIn(kKinds, name);
}

std::optional<KlEstimator> ParseKlEstimator(std::string_view name) {
  return ParseIn(kEstimators, name);
}

std::string_view PolicyKindName(PolicyKind kind) {
  return NameIn(kKinds, kind);
}

std::string_view KlEstimatorName(KlEstimator estimator) {
  return NameIn(kEstimators, estimator);
}

}  // namespace limbeck::kernels
