// Launches a row kernel: one cluster per row, as many as the device holds.
#ifndef LIMBECK_KERNELS_CUDA_LAUNCH_ROWS_CUH_
#define LIMBECK_KERNELS_CUDA_LAUNCH_ROWS_CUH_

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/device_machine.cuh"
#include "kernels/cuda/reductions.h"
#include "kernels/cuda/row_plan.h"
#include "kernels/row_launch.h"

namespace limbeck::kernels::cuda {

// Largest cluster that every device with clusters can run.
inline constexpr int32_t kPortableCluster = 8;

template <class Rows>
__global__ void __launch_bounds__(kBlockThreads, 1)
    RunRows(const __grid_constant__ typename Rows::Arguments arguments) {
  const DeviceMachine machine;
  Rows(machine, arguments).Run();
}

template <class Kernel>
cudaError_t LimitsOf(Kernel* kernel, DeviceLimits& limits) {
  int device = 0;
  int shared_bytes = 0;
  cudaFuncAttributes attributes;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(
        &shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  }
  if (error == cudaSuccess) error = cudaFuncGetAttributes(&attributes, kernel);
  if (error != cudaSuccess) return error;
  // The code that runs decides, which may be that of an older architecture.
  const bool has_clusters = attributes.ptxVersion >= 90;
  limits = {shared_bytes, has_clusters ? kLargestCluster : 1};
  return cudaSuccess;
}

// What LaunchRows says when Rows cannot work on rows cut like this.
inline constexpr cudaError_t kCannotWork = cudaErrorInvalidConfiguration;

struct RowGrid {
  cudaLaunchConfig_t config = {};
  cudaLaunchAttribute attribute = {};
  int num_clusters = 0;  // that the device holds at once
};

// Fails with kCannotWork if no cluster fits.
template <class Kernel>
cudaError_t PlanGrid(Kernel* kernel, const PipeShape& shape,
                     int64_t state_bytes, void* stream, RowGrid& grid) {
  const int32_t cluster_size = shape.slices.cluster_size;
  const size_t bytes = static_cast<size_t>(shape.StateOffset() + state_bytes);
  grid.config.blockDim = dim3(kBlockThreads);
  grid.config.gridDim = dim3(static_cast<unsigned>(cluster_size));
  grid.config.dynamicSmemBytes = bytes;
  grid.config.stream = static_cast<cudaStream_t>(stream);
  cudaError_t error =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                           static_cast<int>(bytes));
  if (error != cudaSuccess) return error;
  if (cluster_size == 1) {
    int device = 0;
    int processors = 0;
    int blocks = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
    error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel,
                                                          kBlockThreads, bytes);
    grid.num_clusters = blocks * processors;
  } else {
    if (cluster_size > kPortableCluster) {
      error = cudaFuncSetAttribute(
          kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
      if (error != cudaSuccess) return error;
    }
    grid.attribute.id = cudaLaunchAttributeClusterDimension;
    grid.attribute.val.clusterDim.x = static_cast<unsigned>(cluster_size);
    grid.attribute.val.clusterDim.y = 1;
    grid.attribute.val.clusterDim.z = 1;
    grid.config.attrs = &grid.attribute;
    grid.config.numAttrs = 1;
    error = cudaOccupancyMaxActiveClusters(&grid.num_clusters, kernel,
                                           &grid.config);
  }
  if (error == cudaSuccess && grid.num_clusters == 0) {
    error = kCannotWork;
  }
  return error;
}

// plan(limits) returns the arguments of Rows. Where the device cannot hold the
// largest clusters, it is asked again for portable ones.
template <class Rows, class Plan>
LaunchError LaunchRows(const RowLaunch& rows, int64_t more_state_bytes,
                       const Plan& plan) {
  if (rows.num_rows == 0) return cudaSuccess;
  const auto kernel = &RunRows<Rows>;
  DeviceLimits limits;
  cudaError_t error = LimitsOf(kernel, limits);
  if (error != cudaSuccess) return error;
  const int64_t state_bytes =
      static_cast<int64_t>(sizeof(typename Rows::State)) + more_state_bytes;
  typename Rows::Arguments arguments = plan(limits);
  if (!Rows::CanWork(arguments.pipe)) return kCannotWork;
  RowGrid grid;
  error = PlanGrid(kernel, arguments.pipe, state_bytes, rows.stream, grid);
  if (error != cudaSuccess &&
      arguments.pipe.slices.cluster_size > kPortableCluster) {
    cudaGetLastError();  // forgets it
    limits.largest_cluster = kPortableCluster;
    arguments = plan(limits);
    if (!Rows::CanWork(arguments.pipe)) return kCannotWork;
    grid = {};
    error = PlanGrid(kernel, arguments.pipe, state_bytes, rows.stream, grid);
  }
  if (error != cudaSuccess) return error;
  const int64_t num_clusters =
      std::min<int64_t>(rows.num_rows, grid.num_clusters);
  grid.config.gridDim = dim3(
      static_cast<unsigned>(num_clusters * arguments.pipe.slices.cluster_size));
  return cudaLaunchKernelEx(&grid.config, kernel, arguments);
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_LAUNCH_ROWS_CUH_
