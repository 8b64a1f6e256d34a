// Chooses the instruction set of the CPU operators.
#include "kernels/cpu/cpu_kernels.h"

namespace limbeck::kernels {
namespace {

const CpuKernels& Choose() {
  if (MachineHasAvx512()) return *Avx512Kernels();
  if (MachineHasAvx2()) return *Avx2Kernels();
  return *PortableKernels();
}

}  // namespace

const CpuKernels& BestCpuKernels() {
  static const CpuKernels& best = Choose();
  return best;
}

}  // namespace limbeck::kernels
