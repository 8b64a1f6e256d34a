// Packed bins and a model small enough to train in milliseconds.
#ifndef LIMBECK_TESTS_DISTILL_TINY_TRAINING_H_
#define LIMBECK_TESTS_DISTILL_TINY_TRAINING_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "data/load/loader.h"
#include "distill/objective.h"
#include "distill/options.pb.h"
#include "student/weights.h"
#include "tests/support/tiny_models.h"

namespace limbeck {

// A FreshModel of TinyTrainingConfig.
Model TinyModel(uint64_t seed, bool tied_head = true);

// One sequence: random ids, loss from token `loss_start` on.
struct TinySequence {
  int length = 0;
  int loss_start = 1;
  uint64_t seed = 0;
  float weight = 1.0f;
};

// A bin of these sequences; trace ids are "trace-<seed>", padded.
PackedBin TinyBin(uint64_t index, const std::vector<TinySequence>& sequences);
std::vector<LoadedBin> Loaded(const std::vector<PackedBin>& bins);

// Resolved options of an objective, and rules that fit TinyTrainingConfig.
Objective TinyObjective(ObjectiveOptions::Kind kind);

// Logits [tokens, vocab] of a bin.
at::Tensor LogitsOf(const Model& model, const PackedBin& bin);

// Signals of the `k` largest probabilities of `logits` for every output token,
// all in float32; two records per sequence where it is long enough.
PackedSignals SignalsFrom(const at::Tensor& logits, const PackedBin& bin,
                          int k);

// All gradients in one flat tensor.
at::Tensor Joined(const std::vector<at::Tensor>& groups);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DISTILL_TINY_TRAINING_H_
