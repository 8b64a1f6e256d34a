// Shares a loop among the threads that LibTorch computes with.
#include "kernels/parallel/parallel_for.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>

namespace limbeck::kernels {
namespace {

// GNU OpenMP's entry point: what GCC emits for `#pragma omp parallel`. With 0
// threads the size of the team is the runtime's choice.
using ParallelRegion = void (*)(void (*)(void*), void*, unsigned, unsigned);

// Null where LibTorch came with another runtime: loops then run in place.
ParallelRegion FindParallelRegion() {
  return reinterpret_cast<ParallelRegion>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
}

// One loop, worked on by every thread of the region.
struct SharedLoop {
  int64_t begin;
  int64_t end;
  int64_t piece;
  const std::function<void(int64_t, int64_t)>& body;
  std::atomic<int64_t> next_piece{0};
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr error{};

  void Work() {
    while (true) {
      const int64_t first = begin + piece * next_piece.fetch_add(1);
      if (first >= end) return;
      try {
        body(first, std::min(end, first + piece));
      } catch (...) {
        if (!failed.test_and_set()) error = std::current_exception();
      }
    }
  }
};

}  // namespace

void ParallelFor(int64_t begin, int64_t end, int64_t grain,
                 const std::function<void(int64_t, int64_t)>& body) {
  static const ParallelRegion region = FindParallelRegion();
  if (begin >= end) return;
  const int64_t size = end - begin;
  const int64_t threads =
      region == nullptr || at::in_parallel_region() ? 1 : at::get_num_threads();
  const int64_t pieces = std::min(threads, size / std::max<int64_t>(grain, 1));
  if (pieces <= 1) {
    body(begin, end);
    return;
  }
  SharedLoop loop{begin, end, (size + pieces - 1) / pieces, body};
  region([](void* shared) { static_cast<SharedLoop*>(shared)->Work(); }, &loop,
         0, 0);
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace limbeck::kernels
