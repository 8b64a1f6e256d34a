// Runs a test on the CPU and on the GPU, if there is one.
#ifndef LIMBECK_TESTS_KERNELS_DEVICES_H_
#define LIMBECK_TESTS_KERNELS_DEVICES_H_

#include <ATen/core/Tensor.h>

#include "tests/kernels/loss_case.h"

namespace limbeck::kernels {

// Whether tests on `device` can run: a build with device code, and a GPU.
bool HasDevice(at::Device device);

// Says why a test on CUDA is skipped.
inline constexpr char kNoDevice[] = "no CUDA device, or a build without CUDA";

// The data with every tensor on `device`.
LossData OnDevice(const LossData& data, at::Device device);

// "cpu", "cuda"
const char* DeviceName(at::DeviceType device);

}  // namespace limbeck::kernels

#endif  // LIMBECK_TESTS_KERNELS_DEVICES_H_
