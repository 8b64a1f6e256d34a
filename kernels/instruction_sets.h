// Which instruction sets a loop over columns is compiled for; the processor's
// best is chosen when the program is loaded.
#ifndef LIMBECK_KERNELS_INSTRUCTION_SETS_H_
#define LIMBECK_KERNELS_INSTRUCTION_SETS_H_

#if defined(__x86_64__)
#define LIMBECK_KERNELS_CLONES \
  [[gnu::target_clones("avx512f", "avx2", "default")]]
#else
#define LIMBECK_KERNELS_CLONES
#endif

#endif  // LIMBECK_KERNELS_INSTRUCTION_SETS_H_
