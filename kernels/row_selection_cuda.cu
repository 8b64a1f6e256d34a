// One block each for the selection and the sum: they touch a few bytes per
// token, and one block needs no second launch and gives one fixed order.
#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/cuda/row_selection.h"
#include "kernels/row_selection_launch.h"

namespace limbeck::kernels {
namespace {

constexpr int kThreads = cuda::kSelectionThreads;
constexpr int kCopyThreads = 128;

// Sum of value over the threads before this one; shared [kThreads] ends with
// the inclusive sums.
__device__ int64_t SumBefore(int64_t value, int64_t* shared) {
  const int thread = static_cast<int>(threadIdx.x);
  shared[thread] = value;
  for (int distance = 1; distance < kThreads; distance *= 2) {
    __syncthreads();
    const int64_t other = thread >= distance ? shared[thread - distance] : 0;
    __syncthreads();
    shared[thread] += other;
  }
  __syncthreads();
  return shared[thread] - value;
}

__global__ void __launch_bounds__(kThreads, 1)
    SelectRowsKernel(SelectRowsLaunch launch) {
  __shared__ int64_t shared[kThreads];
  const int thread = static_cast<int>(threadIdx.x);
  const cuda::CandidatePiece piece =
      cuda::PieceOf(launch.num_candidates, thread);
  const cuda::CandidateCounts counts = cuda::CountPiece(launch, piece);
  for (int64_t row = thread; row < launch.num_rows; row += kThreads) {
    launch.weight[row] = 0.0f;
  }
  SumBefore(counts.invalid, shared);
  const int64_t all_invalid = shared[kThreads - 1];
  __syncthreads();
  const int64_t kept_before = SumBefore(counts.kept, shared);
  const int64_t all_kept = shared[kThreads - 1];
  if (thread == 0) {
    launch.kept_count[0] = all_kept;
    launch.kept_count[1] = all_invalid;
  }
  cuda::WritePiece(launch, piece, kept_before, all_kept);
}

// One block per entry. Unit: what divides lengths, strides and addresses.
template <typename Unit, bool kGather>
__global__ void __launch_bounds__(kCopyThreads)
    CopyRowsKernel(CopyRowsLaunch launch) {
  const int64_t chunk_row = blockIdx.x;
  const int64_t entry = launch.first_entry + chunk_row;
  const int64_t row = launch.row_index[entry];
  const bool kept =
      row >= 0 && (launch.kept_count == nullptr || entry < *launch.kept_count);
  if (row < 0 && !kGather) return;
  const int64_t from_row = kGather ? row : chunk_row;
  const int64_t to_row = kGather ? chunk_row : row;
  const char* from =
      static_cast<const char*>(launch.from) + from_row * launch.from_stride;
  char* to = static_cast<char*>(launch.to) + to_row * launch.to_stride;
  const int64_t units = launch.row_bytes / static_cast<int64_t>(sizeof(Unit));
  for (int64_t i = threadIdx.x; i < units; i += kCopyThreads) {
    reinterpret_cast<Unit*>(to)[i] =
        kept ? reinterpret_cast<const Unit*>(from)[i] : Unit{};
  }
}

bool Divides(const CopyRowsLaunch& launch, int64_t unit) {
  const auto address = [](const void* pointer) {
    return static_cast<int64_t>(reinterpret_cast<intptr_t>(pointer));
  };
  return (address(launch.from) | address(launch.to) | launch.row_bytes |
          launch.from_stride | launch.to_stride) %
             unit ==
         0;
}

template <bool kGather>
LaunchError LaunchCopy(const CopyRowsLaunch& launch) {
  if (launch.num_rows == 0) return cudaSuccess;
  const auto start = [&](auto kernel) {
    const auto stream = static_cast<cudaStream_t>(launch.stream);
    kernel<<<static_cast<unsigned>(launch.num_rows), kCopyThreads, 0, stream>>>(
        launch);
  };
  if (Divides(launch, sizeof(uint4))) {
    start(CopyRowsKernel<uint4, kGather>);
  } else if (Divides(launch, sizeof(uint32_t))) {
    start(CopyRowsKernel<uint32_t, kGather>);
  } else {
    start(CopyRowsKernel<uint16_t, kGather>);
  }
  return cudaGetLastError();
}

__global__ void __launch_bounds__(kThreads, 1)
    SumLossKernel(SumLossLaunch launch) {
  __shared__ double shared[kThreads];
  const int thread = static_cast<int>(threadIdx.x);
  double sum = 0.0;
  for (int64_t row = thread; row < launch.num_rows; row += kThreads) {
    const double loss = launch.token_loss[row];
    launch.rounded_token_loss[row] = static_cast<float>(loss);
    sum += static_cast<double>(launch.weight[row]) * loss;
  }
  shared[thread] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread < half) shared[thread] += shared[thread + half];
  }
  if (thread > 0) return;
  const bool poisoned =
      launch.kept_count != nullptr && launch.kept_count[1] > 0;
  *launch.loss =
      poisoned ? __int_as_float(0x7fc00000) : static_cast<float>(shared[0]);
}

}  // namespace

LaunchError LaunchSelectRows(const SelectRowsLaunch& launch) {
  SelectRowsKernel<<<1, kThreads, 0,
                     static_cast<cudaStream_t>(launch.stream)>>>(launch);
  return cudaGetLastError();
}

LaunchError LaunchGatherRows(const CopyRowsLaunch& launch) {
  return LaunchCopy<true>(launch);
}

LaunchError LaunchScatterRows(const CopyRowsLaunch& launch) {
  return LaunchCopy<false>(launch);
}

LaunchError LaunchSumLoss(const SumLossLaunch& launch) {
  SumLossKernel<<<1, kThreads, 0, static_cast<cudaStream_t>(launch.stream)>>>(
      launch);
  return cudaGetLastError();
}

}  // namespace limbeck::kernels
