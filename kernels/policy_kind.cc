// The one list of names of policy losses and KL estimators.
#include "kernels/policy_kind.h"

#include <array>
#include <utility>

namespace limbeck::kernels {
namespace {

constexpr std::array<std::pair<PolicyKind, std::string_view>, 6> kKinds = {
    {{PolicyKind::kGrpo, "grpo"},
     {PolicyKind::kDapo, "dapo"},
     {PolicyKind::kDrGrpo, "dr_grpo"},
     {PolicyKind::kGspo, "gspo"},
     {PolicyKind::kCispo, "cispo"},
     {PolicyKind::kOnPolicyDistillation, "on_policy_distillation"}}};

constexpr std::array<std::pair<KlEstimator, std::string_view>, 3> kEstimators =
    {{{KlEstimator::kK1, "k1"},
      {KlEstimator::kK2, "k2"},
      {KlEstimator::kK3, "k3"}}};

template <typename List, typename Value>
std::string_view NameOf(const List& list, Value wanted) {
  for (const auto& [value, text] : list) {
    if (value == wanted) return text;
  }
  return "unknown";
}

}  // namespace

std::optional<PolicyKind> ParsePolicyKind(std::string_view name) {
  for (const auto& [value, text] : kKinds) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::optional<KlEstimator> ParseKlEstimator(std::string_view name) {
  for (const auto& [value, text] : kEstimators) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string_view PolicyKindName(PolicyKind kind) {
  return NameOf(kKinds, kind);
}

std::string_view KlEstimatorName(KlEstimator estimator) {
  return NameOf(kEstimators, estimator);
}

}  // namespace limbeck::kernels
