// A model whose weights collect gradients in flat buffers.
#include "distill/trainable.h"

#include <ATen/ATen.h>

#include <cstddef>

#include "data/base/check.h"

namespace limbeck {
namespace {

constexpr at::Tensor BlockWeights::*kBlockTensors[] = {
    &BlockWeights::input_norm, &BlockWeights::q,      &BlockWeights::k,
    &BlockWeights::v,          &BlockWeights::q_bias, &BlockWeights::k_bias,
    &BlockWeights::v_bias,     &BlockWeights::o,      &BlockWeights::post_norm,
    &BlockWeights::gate,       &BlockWeights::up,     &BlockWeights::down};

// A leaf over the memory of `weight` that accumulates into `gradient`.
at::Tensor MakeLeaf(const at::Tensor& weight, const at::Tensor& gradient) {
  if (!weight.defined()) return at::Tensor();
  at::Tensor leaf = weight.detach();
  leaf.requires_grad_(true);
  leaf.mutable_grad() = gradient;
  return leaf;
}

}  // namespace

Trainable MakeTrainable(Model& model) {
  Trainable trainable;
  trainable.model = &model;
  for (const ParameterGroup& group : model.groups) {
    LIMBECK_CHECK(group.flat.scalar_type() == at::kFloat);
    trainable.gradients.push_back(at::zeros_like(group.flat));
  }
  const ModelWeights& weights = model.weights;
  const ModelWeights gradients = ViewWeights(model, trainable.gradients);
  ModelWeights& leaves = trainable.leaves;
  leaves.embedding = MakeLeaf(weights.embedding, gradients.embedding);
  leaves.blocks.resize(weights.blocks.size());
  for (size_t i = 0; i < weights.blocks.size(); ++i) {
    for (const auto tensor : kBlockTensors) {
      leaves.blocks[i].*tensor =
          MakeLeaf(weights.blocks[i].*tensor, gradients.blocks[i].*tensor);
    }
  }
  leaves.final_norm = MakeLeaf(weights.final_norm, gradients.final_norm);
  leaves.head = model.config.tied_head ? leaves.embedding
                                       : MakeLeaf(weights.head, gradients.head);
  return trainable;
}

void ZeroGradients(Trainable& trainable) {
  for (at::Tensor& gradient : trainable.gradients) gradient.zero_();
}

}  // namespace limbeck
