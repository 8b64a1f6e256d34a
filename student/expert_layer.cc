// Tokens are sorted by expert, so that every expert is one matrix product.
//
// Suffixes: T tokens, K experts of a token, R = T K rows sorted by expert, D
// width of the hidden states.
#include "student/expert_layer.h"

#include <ATen/ATen.h>

#include <vector>

#include "kernels/layers/linear_bundle.h"
#include "kernels/layers/router.h"
#include "kernels/layers/swiglu.h"

namespace limbeck {
namespace {

// Where the choices of the tokens go when they are sorted by expert, in the
// order of tokens within one expert. A choice is numbered token * K + k.
struct Dispatch {
  std::vector<int64_t> rows_of_expert;
  at::Tensor token_of_row;   // [R]
  at::Tensor choice_of_row;  // [R]
  at::Tensor row_of_choice;  // [R]
};

Dispatch MakeDispatch(const at::Tensor& experts_TK, int64_t num_experts,
                      const at::Device& device) {
  const int64_t choices = experts_TK.numel();
  const int64_t* expert = experts_TK.const_data_ptr<int64_t>();
  Dispatch dispatch;
  dispatch.rows_of_expert.assign(static_cast<size_t>(num_experts), 0);
  for (int64_t i = 0; i < choices; ++i) {
    ++dispatch.rows_of_expert[static_cast<size_t>(expert[i])];
  }
  std::vector<int64_t> next = {0};
  for (const int64_t rows : dispatch.rows_of_expert) {
    next.push_back(next.back() + rows);
  }
  at::Tensor choice_of_row = at::empty({choices}, at::kLong);
  at::Tensor row_of_choice = at::empty({choices}, at::kLong);
  int64_t* choice = choice_of_row.mutable_data_ptr<int64_t>();
  int64_t* row = row_of_choice.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < choices; ++i) {
    row[i] = next[static_cast<size_t>(expert[i])]++;
    choice[row[i]] = i;
  }
  dispatch.choice_of_row = choice_of_row.to(device);
  dispatch.row_of_choice = row_of_choice.to(device);
  dispatch.token_of_row =
      at::floor_divide(dispatch.choice_of_row, experts_TK.size(1));
  return dispatch;
}

at::Tensor RunMlp(const LowRankChanges* changes, const MlpWeights& weights,
                  const at::Tensor& x) {
  const at::Tensor inner = GatedInner(changes, weights, x);
  return WithChanges(changes, inner, {weights.down},
                     at::linear(inner, weights.down));
}

at::Tensor RunExperts(const BlockWeights& block, const Dispatch& dispatch,
                      const at::Tensor& x) {
  const at::Tensor x_RD = x.index_select(0, dispatch.token_of_row);
  std::vector<at::Tensor> outputs;
  int64_t begin = 0;
  for (size_t e = 0; e < block.experts.size(); ++e) {
    const int64_t rows = dispatch.rows_of_expert[e];
    if (rows == 0) continue;
    outputs.push_back(
        RunMlp(block.changes, block.experts[e], x_RD.narrow(0, begin, rows)));
    begin += rows;
  }
  return at::cat(outputs, 0);
}

// The weighted sum of every token's experts, in the type of the weights.
at::Tensor Combine(const Dispatch& dispatch, const at::Tensor& output_RD,
                   const at::Tensor& weights_TK) {
  const at::Tensor weight_R =
      weights_TK.flatten().index_select(0, dispatch.choice_of_row);
  const at::Tensor weighted_TKD =
      (output_RD * weight_R.unsqueeze(1))
          .index_select(0, dispatch.row_of_choice)
          .view({weights_TK.size(0), weights_TK.size(1), output_RD.size(1)});
  const std::vector<at::Tensor> terms = weighted_TKD.unbind(1);
  at::Tensor sum = terms.front();
  for (size_t k = 1; k < terms.size(); ++k) sum = sum + terms[k];
  return sum;
}

}  // namespace

at::Tensor GatedInner(const LowRankChanges* changes, const MlpWeights& weights,
                      const at::Tensor& x) {
  return kernels::SwiGlu(
      WithChanges(changes, x, {weights.gate, weights.up},
                  kernels::LinearBundle(x, {weights.gate, weights.up}, {})));
}

kernels::ExpertChoice ExpertChoiceOf(const ExpertMixture& mixture) {
  return {.num_experts = mixture.num_experts,
          .num_chosen = mixture.num_chosen,
          .num_groups = mixture.num_groups,
          .num_chosen_groups = mixture.num_chosen_groups,
          .normalize = mixture.normalize,
          .scaling = static_cast<float>(mixture.scaling)};
}

at::Tensor ForwardExperts(const ExpertMixture& mixture,
                          const BlockWeights& block, const at::Tensor& x) {
  // A rounded router would choose other experts.
  const at::ScalarType wide =
      x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const kernels::Routing routing =
      kernels::RouteTokens(at::linear(x.to(wide), block.router.to(wide)),
                           block.router_bias, ExpertChoiceOf(mixture));
  const Dispatch dispatch =
      MakeDispatch(routing.experts, mixture.num_experts, x.device());
  const at::Tensor routed =
      Combine(dispatch, RunExperts(block, dispatch, x), routing.weights)
          .to(x.scalar_type());
  if (!block.mlp.down.defined()) return routed;
  return routed + RunMlp(block.changes, block.mlp, x);
}

}  // namespace limbeck
