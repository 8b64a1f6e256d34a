// Shares a loop among the threads that LibTorch computes with.
//
// at::parallel_for is parallel only in files compiled with -fopenmp, and Clang
// would bring a second OpenMP runtime for that, unknown to LibTorch: operators
// called from inside would start threads of their own. This one enters the
// runtime that LibTorch itself has loaded, whatever the compiler.
#ifndef LIMBECK_KERNELS_PARALLEL_PARALLEL_FOR_H_
#define LIMBECK_KERNELS_PARALLEL_PARALLEL_FOR_H_

#include <cstdint>
#include <functional>

namespace limbeck::kernels {

// Calls body(first, last) for pieces of [begin, end) that cover it once, in
// any order. Pieces have at least `grain` elements (but for the last) and there
// are at most at::get_num_threads() of them; a single one runs in place.
// LibTorch's operators inside a piece keep to its thread, and so do nested
// loops. The first exception caught is thrown again at the end.
void ParallelFor(int64_t begin, int64_t end, int64_t grain,
                 const std::function<void(int64_t, int64_t)>& body);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PARALLEL_PARALLEL_FOR_H_
