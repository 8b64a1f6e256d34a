// Which experts of a mixture a token goes to, and with what weights.
#ifndef LIMBECK_KERNELS_LAYERS_EXPERT_CHOICE_H_
#define LIMBECK_KERNELS_LAYERS_EXPERT_CHOICE_H_

#include <cstdint>

namespace limbeck::kernels {

// The rule of DeepSeek-V3 (arXiv:2412.19437, section 2.1.2).
struct ExpertChoice {
  int64_t num_experts = 0;
  int64_t num_chosen = 0;
  int64_t num_groups = 1;         // neighbouring experts, groups of equal size
  int64_t num_chosen_groups = 1;  // they hold at least num_chosen experts
  bool normalize = true;          // weights of the chosen sum to one
  float scaling = 1.0f;           // of the weights after that
};

// scores [num_experts]: the router's sigmoids; bias [num_experts] is added for
// choosing only. The groups with the largest sums of their two best experts
// stay, of these the best experts; equal ones go to the lower index. chosen
// [num_chosen] gets the experts in rising order.
void ChooseExperts(const ExpertChoice& choice, const float* scores,
                   const float* bias, int64_t* chosen);

// weights [num_chosen] of chosen experts, from the scores without bias.
void WeighExperts(const ExpertChoice& choice, const float* scores,
                  const int64_t* chosen, float* weights);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_LAYERS_EXPERT_CHOICE_H_
