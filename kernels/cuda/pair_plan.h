// Host: the arguments of a launch of the pair rows.
#ifndef LIMBECK_KERNELS_CUDA_PAIR_PLAN_H_
#define LIMBECK_KERNELS_CUDA_PAIR_PLAN_H_

#include "kernels/cuda/pair_rows.h"
#include "kernels/cuda/pair_sweep_rows.h"
#include "kernels/cuda/row_plan.h"
#include "kernels/distillation_launch.h"

namespace limbeck::kernels::cuda {

inline PairRule PairRuleOf(const DistillationRule& rule) {
  return {rule.kind,
          static_cast<float>(rule.mix),
          static_cast<float>(1.4426950408889634 / rule.temperature),
          static_cast<float>(rule.divergence_scale),
          static_cast<float>(rule.divergence_scale / rule.temperature),
          static_cast<float>(rule.cross_entropy_share),
          rule.cross_entropy_share > 0.0 && rule.temperature != 1.0};
}

// threads: of a block.
template <class Machine>
RowNeeds PairRowNeeds() {
  return {sizeof(PairState<Machine>), Machine::kThreads * kPairColumns, 1, 1};
}

template <class Machine>
RowNeeds PairSweepNeeds(const DistillationLaunch& launch) {
  return {sizeof(PairSweepState<Machine>), Machine::kThreads * kPairColumns, 2,
          PairSweeps(launch.rule.kind, launch.rows.gradient.data != nullptr)};
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_PAIR_PLAN_H_
