// The GPU is asked for through LibTorch only: this file needs no toolkit.
#include "tests/kernels/devices.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include "kernels/device.h"

namespace limbeck::kernels {

bool HasDevice(at::Device device) {
  if (!device.is_cuda()) return true;
  return CudaBuilt() && at::globalContext().hasCUDA();
}

LossData OnDevice(const LossData& data, at::Device device) {
  LossData moved = data;
  for (at::Tensor* tensor :
       {&moved.hidden, &moved.weight, &moved.bias, &moved.teacher_hidden,
        &moved.teacher_weight, &moved.teacher_bias, &moved.target,
        &moved.token_weight, &moved.topk.ids, &moved.topk.logprobs,
        &moved.topk.tail_logprob}) {
    if (tensor->defined()) *tensor = tensor->detach().to(device);
  }
  return moved;
}

const char* DeviceName(at::DeviceType device) {
  return device == at::kCUDA ? "cuda" : "cpu";
}

}  // namespace limbeck::kernels
