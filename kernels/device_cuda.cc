// The current device and stream as LibTorch keeps them.
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>
#include <cuda_runtime_api.h>

#include <string>

#include "kernels/device.h"

namespace limbeck::kernels {

bool CudaBuilt() { return true; }

DeviceScope::DeviceScope(const at::Tensor& tensor) {
  if (!tensor.is_cuda()) return;
  const c10::DeviceIndex current = c10::cuda::current_device();
  if (current == tensor.get_device()) return;
  previous_ = current;
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(tensor.get_device()));
}

DeviceScope::~DeviceScope() {
  if (previous_ >= 0) cudaSetDevice(previous_);
}

void* CurrentStream() { return c10::cuda::getCurrentCUDAStream().stream(); }

void CheckLaunch(std::string_view what, LaunchError error) {
  TORCH_CHECK(error == 0, std::string(what), " failed on the GPU: ",
              cudaGetErrorString(static_cast<cudaError_t>(error)));
}

}  // namespace limbeck::kernels
