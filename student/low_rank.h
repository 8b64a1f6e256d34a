// Low-rank changes of weights that the forward adds beside the weights: what a
// LoRA adapter does before it is merged.
#ifndef LIMBECK_STUDENT_LOW_RANK_H_
#define LIMBECK_STUDENT_LOW_RANK_H_

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

namespace limbeck {

// weight + scale b a, its rows then multiplied by row_factor.
struct LowRankChange {
  at::Tensor a;  // [rank, in]
  at::Tensor b;  // [out, rank]
  double scale = 1.0;
  at::Tensor row_factor;  // [out]; undefined: 1
};

// By the data pointer of the weight that a change belongs to.
using LowRankChanges = std::map<const void*, LowRankChange>;

// `product` [N, sum of outs] holds x weights[i]^T side by side, plus anything;
// returned as if the weights were the changed ones. x [N, in], weights[i]
// [outs[i], in]. Null, or no change of these weights: the product itself.
at::Tensor WithChanges(const LowRankChanges* changes, const at::Tensor& x,
                       const std::vector<at::Tensor>& weights,
                       at::Tensor product);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_LOW_RANK_H_
