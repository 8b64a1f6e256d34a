// Every instruction set that this machine can run, as a test parameter.
#ifndef LIMBECK_TESTS_KERNELS_ATTENTION_INSTRUCTION_SETS_H_
#define LIMBECK_TESTS_KERNELS_ATTENTION_INSTRUCTION_SETS_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/cpu/cpu_kernels.h"

namespace limbeck::kernels {

inline std::vector<const CpuKernels*> RunnableKernels() {
  std::vector<const CpuKernels*> sets = {PortableKernels()};
  if (MachineHasAvx2()) sets.push_back(Avx2Kernels());
  if (MachineHasAvx512()) sets.push_back(Avx512Kernels());
  return sets;
}

inline std::string KernelsName(
    const ::testing::TestParamInfo<const CpuKernels*>& tested) {
  return tested.param->name;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_TESTS_KERNELS_ATTENTION_INSTRUCTION_SETS_H_
