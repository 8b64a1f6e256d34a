// A model whose weights collect gradients in flat buffers.
#ifndef LIMBECK_DISTILL_TRAINABLE_H_
#define LIMBECK_DISTILL_TRAINABLE_H_

#include <ATen/core/Tensor.h>

#include <vector>

#include "student/weights.h"

namespace limbeck {

// Autograd leaves over the memory of a model's groups. Backward adds into
// `gradients` in place: every leaf's gradient is a view of its group's buffer.
struct GradientLane {
  ModelWeights leaves;                // tied: head is the embedding's leaf
  std::vector<at::Tensor> gradients;  // [elements] float32 per group
};

// A model and the lanes in which its micro-batches run at the same time, one
// thread per lane. The number of lanes decides the order of sums, so it must
// not depend on the machine.
struct Trainable {
  Model* model = nullptr;           // not owned; float32
  std::vector<GradientLane> lanes;  // at least one
};

// The model must outlive the result and keep its groups' tensors.
Trainable MakeTrainable(Model& model, int num_lanes = 1);

// How many lanes suit a model: small ones run whole micro-batches side by side,
// since their single operations are too small to share among threads; large
// ones get one lane and share each operation.
int SuitableLanes(const Model& model, int micro_batches_per_step);

void ZeroGradients(GradientLane& lane);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TRAINABLE_H_
