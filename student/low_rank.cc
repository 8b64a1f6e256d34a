// Adds what a low-rank change moves in a product.
#include "student/low_rank.h"

#include <ATen/ATen.h>

#include <utility>

namespace limbeck {
namespace {

// x (changed weight - weight)^T.
at::Tensor ChangeOfProduct(const LowRankChange& change, const at::Tensor& x,
                           const at::Tensor& weight) {
  at::Tensor moved =
      at::linear(at::linear(x, change.a), change.b) * change.scale;
  if (!change.row_factor.defined()) return moved;
  return moved * change.row_factor +
         at::linear(x, weight) * (change.row_factor - 1.0);
}

}  // namespace

at::Tensor WithChanges(const LowRankChanges* changes, const at::Tensor& x,
                       const std::vector<at::Tensor>& weights,
                       at::Tensor product) {
  if (changes == nullptr) return product;
  std::vector<at::Tensor> parts;
  bool any = false;
  for (const at::Tensor& weight : weights) {
    const auto found = changes->find(weight.const_data_ptr());
    any = any || found != changes->end();
    parts.push_back(found == changes->end()
                        ? at::zeros({x.size(0), weight.size(0)}, x.options())
                        : ChangeOfProduct(found->second, x, weight));
  }
  return any ? product + at::cat(parts, 1) : std::move(product);
}

}  // namespace limbeck
