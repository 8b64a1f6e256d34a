// The little that the driver must ask of the GPU; without CUDA in the build
// every call but CudaBuilt fails.
#ifndef LIMBECK_KERNELS_DEVICE_H_
#define LIMBECK_KERNELS_DEVICE_H_

#include <ATen/core/Tensor.h>

#include <string_view>

#include "kernels/row_launch.h"

namespace limbeck::kernels {

// Whether this build has device code.
bool CudaBuilt();

// Makes the device of a tensor the current one for a scope; nothing for a
// tensor on the CPU.
class DeviceScope {
 public:
  explicit DeviceScope(const at::Tensor& tensor);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  [[maybe_unused]] int previous_ = -1;  // -1: nothing to restore
};

// The stream that LibTorch works on: a cudaStream_t.
void* CurrentStream();

// Throws c10::Error "WHAT failed on the GPU: ..." unless error is 0.
void CheckLaunch(std::string_view what, LaunchError error);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DEVICE_H_
