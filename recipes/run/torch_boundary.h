// Where LibTorch begins: its exceptions end here, its threads are set here.
#ifndef LIMBECK_RECIPES_RUN_TORCH_BOUNDARY_H_
#define LIMBECK_RECIPES_RUN_TORCH_BOUNDARY_H_

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace limbeck {

// Runs `work`; an exception of LibTorch becomes Internal, one of memory
// ResourceExhausted.
absl::Status CatchLibTorch(const std::function<absl::Status()>& work);

// Number of threads for all of LibTorch (0: all cores), and deterministic
// algorithms. Returns the number.
int ConfigureLibTorch(int threads);

struct LibTorchFacts {
  std::string version;          // "2.11.0"
  std::string instruction_set;  // "AVX512": decides float results
  int threads = 0;
  bool has_mkl = false;
  bool has_cuda = false;  // compiled in and a device present
};
LibTorchFacts DescribeLibTorch();

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_TORCH_BOUNDARY_H_
