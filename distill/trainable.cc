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

// A leaf over the memory of `weight` that accumulates into `gradient`.
at::Tensor MakeLeaf(const at::Tensor& weight, const at::Tensor& gradient) {
  at::Tensor leaf = weight.detach();
  leaf.requires_grad_(true);
  leaf.mutable_grad() = gradient;
  return leaf;
}

GradientLane MakeLane(const Model& model) {
  GradientLane lane;
  std::vector<std::vector<at::Tensor>> leaves;
  for (const ParameterGroup& group : model.groups) {
    LIMBECK_CHECK(group.flat.scalar_type() == at::kFloat);
    const at::Tensor gradient = at::zeros_like(group.flat);
    std::vector<at::Tensor>& pieces = leaves.emplace_back();
    for (const WeightSlot& slot : group.slots) {
      pieces.push_back(
          MakeLeaf(ViewSlot(group.flat, slot), ViewSlot(gradient, slot)));
    }
    lane.gradients.push_back(gradient);
  }
  lane.leaves = PlaceWeights(model, leaves);
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
