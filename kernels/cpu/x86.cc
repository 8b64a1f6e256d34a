// What an x86 processor offers.
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernels/cpu/amx_products.h"
#include "kernels/cpu/cpu_kernels.h"

namespace limbeck::kernels {
namespace {

// Tiles are large, so Linux lets a process use them only after it asked.
bool MayUseTiles() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool MachineHasAmx() {
  constexpr unsigned kAmxBfloat16 = 1u << 22;    // leaf 7.0, edx
  constexpr unsigned kAmxTile = 1u << 24;        // leaf 7.0, edx
  constexpr unsigned kAvx512Bfloat16 = 1u << 5;  // leaf 7.1, eax
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  const bool tiles = (d & kAmxBfloat16) != 0 && (d & kAmxTile) != 0;
  if (!tiles || __get_cpuid_count(7, 1, &a, &b, &c, &d) == 0) return false;
  return (a & kAvx512Bfloat16) != 0 && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && MayUseTiles();
}

}  // namespace

bool MachineHasAvx512() { return __builtin_cpu_supports("avx512f") != 0; }

bool MachineHasAvx2() {
  return __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("fma") != 0;
}

const AmxProducts* UsableAmxProducts() {
  static const bool usable = MachineHasAmx();
  return usable ? AmxProductsOfThisBuild() : nullptr;
}

}  // namespace limbeck::kernels
