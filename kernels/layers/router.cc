// The choice in plain loops, the weights in ATen's operators.
#include "kernels/layers/router.h"

#include <ATen/ATen.h>

#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kTokensPerThread = 64;

at::Tensor Float32OnCpu(const at::Tensor& x) {
  return x.detach().to(at::kCPU, at::kFloat).contiguous();
}

at::Tensor ChooseForTokens(const at::Tensor& scores, const at::Tensor& bias,
                           const ExpertChoice& choice) {
  const at::Tensor rows = Float32OnCpu(scores);
  const at::Tensor row = Float32OnCpu(bias);
  const float* score = rows.const_data_ptr<float>();
  const float* added = row.const_data_ptr<float>();
  at::Tensor experts =
      at::empty({scores.size(0), choice.num_chosen}, at::kLong);
  int64_t* to = experts.mutable_data_ptr<int64_t>();
  ParallelFor(0, scores.size(0), kTokensPerThread,
              [&](int64_t begin, int64_t end) {
                for (int64_t t = begin; t < end; ++t) {
                  ChooseExperts(choice, score + t * choice.num_experts, added,
                                to + t * choice.num_chosen);
                }
              });
  return experts;
}

void CheckArguments(const at::Tensor& logits, const at::Tensor& bias,
                    const ExpertChoice& choice) {
  TORCH_CHECK(logits.dim() == 2 && logits.size(1) == choice.num_experts,
              "RouteTokens: logits have shape ", logits.sizes(),
              ", expected [tokens, ", choice.num_experts, "]");
  TORCH_CHECK(bias.dim() == 1 && bias.size(0) == choice.num_experts,
              "RouteTokens: bias has shape ", bias.sizes(), ", expected [",
              choice.num_experts, "]");
  TORCH_CHECK(
      choice.num_groups > 0 && choice.num_experts % choice.num_groups == 0,
      "RouteTokens: ", choice.num_experts, " experts are no multiple of ",
      choice.num_groups, " groups");
  TORCH_CHECK(choice.num_chosen_groups > 0 &&
                  choice.num_chosen_groups <= choice.num_groups,
              "RouteTokens: ", choice.num_chosen_groups, " groups chosen of ",
              choice.num_groups);
  const int64_t reachable =
      choice.num_experts / choice.num_groups * choice.num_chosen_groups;
  TORCH_CHECK(choice.num_chosen > 0 && choice.num_chosen <= reachable,
              "RouteTokens: ", choice.num_chosen,
              " experts chosen, the chosen groups hold ", reachable);
}

}  // namespace

Routing RouteTokens(const at::Tensor& logits, const at::Tensor& bias,
                    const ExpertChoice& choice) {
  CheckArguments(logits, bias, choice);
  const at::Tensor scores = logits.sigmoid();
  Routing routing;
  routing.experts = ChooseForTokens(scores, bias, choice);
  routing.weights = scores.gather(1, routing.experts.to(scores.device()));
  if (choice.normalize) {
    routing.weights =
        routing.weights / (routing.weights.sum(1, /*keepdim=*/true) + 1e-20);
  }
  routing.weights = routing.weights * static_cast<double>(choice.scaling);
  return routing;
}

}  // namespace limbeck::kernels
