// Stands in for the x86 instruction sets on other processors.
#include "kernels/cpu/amx_products.h"
#include "kernels/cpu/cpu_kernels.h"

namespace limbeck::kernels {

const CpuKernels* Avx512Kernels() { return nullptr; }
const CpuKernels* Avx2Kernels() { return nullptr; }
bool MachineHasAvx512() { return false; }
bool MachineHasAvx2() { return false; }
const AmxProducts* UsableAmxProducts() { return nullptr; }

}  // namespace limbeck::kernels
