// Naive double-precision losses of one row, to judge the row kernels by.
//
// Written from the published definitions and their textbook gradients, on
// purpose without the header that the kernels share, so that a mistake in one
// is seen by the other. Slow: fresh vectors everywhere, O(V log V) sorts.
#ifndef LIMBECK_KERNELS_REFERENCE_LOSS_REFERENCE_H_
#define LIMBECK_KERNELS_REFERENCE_LOSS_REFERENCE_H_

#include <cstdint>
#include <vector>

#include "kernels/divergence.h"

namespace limbeck::kernels::reference {

struct RowLoss {
  double loss = 0.0;             // nats
  std::vector<double> gradient;  // in the row's logits
};

struct CrossEntropySettings {
  double label_smoothing = 0.0;
  double z_loss = 0.0;
  double softcap = 0.0;
};

RowLoss CrossEntropy(const std::vector<double>& logits, int64_t label,
                     const CrossEntropySettings& settings);

struct DistillationSettings {
  Divergence divergence = Divergence::kForwardKl;
  Tail tail = Tail::kLumped;
  double mix = 0.5;
  double temperature = 1.0;
  bool temperature_squared = false;
  double cross_entropy_share = 0.0;
  // Not negative: the share of forward KL in adaptive KL, held fixed as its
  // gradient does; negative: computed.
  double frozen_forward_share = -1.0;
};

// label is read when cross_entropy_share > 0.
RowLoss Distillation(const std::vector<double>& student,
                     const std::vector<double>& teacher, int64_t label,
                     const DistillationSettings& settings);

struct TopKRow {
  std::vector<int64_t> ids;  // -1: padding
  std::vector<double> logprobs;
  double tail_logprob = 0.0;  // read when has_tail_logprob
  bool has_tail_logprob = false;
};

RowLoss TopKDistillation(const std::vector<double>& student,
                         const TopKRow& teacher, int64_t label,
                         const DistillationSettings& settings);

// The share of forward KL that adaptive KL takes for these probabilities.
double AdaptiveForwardShare(const std::vector<double>& teacher_probability,
                            const std::vector<double>& student_probability,
                            double head_mass);

std::vector<double> LogSoftmax(const std::vector<double>& logits,
                               double temperature);

}  // namespace limbeck::kernels::reference

#endif  // LIMBECK_KERNELS_REFERENCE_LOSS_REFERENCE_H_
