// Assembled from the groups of arguments that the operators share.
#include "kernels/python/loss_schemas.h"

namespace limbeck::kernels {

std::vector<LossSchema> LossSchemas() {
  const std::string linear = "Tensor hidden, Tensor weight, ";
  const std::string given = "Tensor student_logits, ";
  const std::string list =
      "Tensor top_ids, Tensor top_logprobs, Tensor? tail_logprob=None, ";
  const std::string label_options =
      "float label_smoothing=0., float z_loss=0., float softcap=0., ";
  const std::string mixture =
      "float mix=0.5, float temperature=1., bool temperature_squared=False, "
      "Tensor? target=None, float cross_entropy_share=0., ";
  const std::string rows =
      "Tensor? token_weight=None, int ignore_index=-100, "
      "int num_valid_columns=-1, Tensor? kept_rows=None, "
      "bool? check_values=None";
  const std::string head =
      ", Tensor? bias=None, int chunk_tokens=0, Tensor(a!)? weight_grad=None, "
      "Tensor? grad_scale=None, bool bf16_logits=False";
  const std::string dense = "*, str divergence, " + mixture;
  const std::string topk = "*, str divergence, str tail=\"lumped\", " + mixture;
  return {
      {"cross_entropy", given + "Tensor target, *, " + label_options + rows},
      {"linear_cross_entropy",
       linear + "Tensor target, *, " + label_options + rows + head},
      {"distillation", given + "Tensor teacher_logits, " + dense + rows},
      {"linear_distillation", linear +
                                  "Tensor teacher_hidden, Tensor "
                                  "teacher_weight, " +
                                  dense + rows + head +
                                  ", Tensor? teacher_bias=None"},
      {"topk_distillation", given + list + topk + rows},
      {"linear_topk_distillation", linear + list + topk + rows + head}};
}

}  // namespace limbeck::kernels
