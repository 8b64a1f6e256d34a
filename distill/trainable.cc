// A model whose weights collect gradients in flat buffers.
#include "distill/trainable.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "data/base/check.h"

namespace limbeck {
namespace {

constexpr int kMaxLanes = 8;
// 128 MiB of gradients a lane.
constexpr int64_t kMaxLaneElements = int64_t{32} << 20;

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

GradientLane MakeLane(const Model& model) {
  GradientLane lane;
  for (const ParameterGroup& group : model.groups) {
    LIMBECK_CHECK(group.flat.scalar_type() == at::kFloat);
    lane.gradients.push_back(at::zeros_like(group.flat));
  }
  const ModelWeights& weights = model.weights;
  const ModelWeights gradients = ViewWeights(model, lane.gradients);
  ModelWeights& leaves = lane.leaves;
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
  return lane;
}

}  // namespace

Trainable MakeTrainable(Model& model, int num_lanes) {
  LIMBECK_CHECK_GE(num_lanes, 1);
  Trainable trainable;
  trainable.model = &model;
  for (int i = 0; i < num_lanes; ++i)
    trainable.lanes.push_back(MakeLane(model));
  return trainable;
}

int SuitableLanes(const Model& model, int micro_batches_per_step) {
  int64_t elements = 0;
  for (const ParameterGroup& group : model.groups) {
    elements += group.flat.numel();
  }
  if (elements > kMaxLaneElements) return 1;
  return std::clamp(micro_batches_per_step, 1, kMaxLanes);
}

void ZeroGradients(GradientLane& lane) {
  for (at::Tensor& gradient : lane.gradients) gradient.zero_();
}

}  // namespace limbeck
