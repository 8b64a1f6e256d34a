// A model whose weights collect gradients in flat buffers.
#ifndef LIMBECK_DISTILL_TRAINABLE_H_
#define LIMBECK_DISTILL_TRAINABLE_H_

#include <ATen/core/Tensor.h>

#include <vector>

#include "student/weights.h"

namespace limbeck {

// Autograd leaves over the memory of a model's groups. Backward adds into
// `gradients` in place: every leaf's gradient is a view of its group's buffer.
struct Trainable {
  Model* model = nullptr;             // not owned; float32
  ModelWeights leaves;                // tied: head is the embedding's leaf
  std::vector<at::Tensor> gradients;  // [elements] float32 per group
};

// The model must outlive the result and keep its groups' tensors.
Trainable MakeTrainable(Model& model);

void ZeroGradients(Trainable& trainable);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TRAINABLE_H_
