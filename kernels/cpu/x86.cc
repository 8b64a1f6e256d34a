// What an x86 processor offers.
#include "kernels/cpu/cpu_kernels.h"

namespace limbeck::kernels {

bool MachineHasAvx512() { return __builtin_cpu_supports("avx512f") != 0; }

bool MachineHasAvx2() {
  return __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("fma") != 0;
}

}  // namespace limbeck::kernels
