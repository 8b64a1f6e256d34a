// Dispatch and autograd of SwiGLU.
#include "kernels/layers/swiglu.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kRowsPerThread = 32;

struct FusedSwiGlu : torch::autograd::Function<FusedSwiGlu> {
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& gate_up) {
    const at::Tensor input = gate_up.contiguous();
    const int64_t inner = input.size(1) / 2;
    const at::Tensor y = at::empty({input.size(0), inner}, input.options());
    const SwiGluForward args = {.gate_up = input.const_data_ptr<float>(),
                                .y = y.data_ptr<float>(),
                                .inner = inner};
    ParallelFor(0, input.size(0), kRowsPerThread,
                [&](int64_t begin, int64_t end) {
                  BestCpuKernels().swiglu_forward(args, begin, end);
                });
    context->save_for_backward({input});
    return y;
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& gradients) {
    const at::Tensor input = context->get_saved_variables()[0];
    const at::Tensor y_grad = gradients[0].contiguous();
    const at::Tensor gradient = at::empty_like(input);
    const SwiGluBackward args = {.gate_up = input.const_data_ptr<float>(),
                                 .y_grad = y_grad.const_data_ptr<float>(),
                                 .gate_up_grad = gradient.data_ptr<float>(),
                                 .inner = input.size(1) / 2};
    ParallelFor(0, input.size(0), kRowsPerThread,
                [&](int64_t begin, int64_t end) {
                  BestCpuKernels().swiglu_backward(args, begin, end);
                });
    return {gradient};
  }
};

}  // namespace

at::Tensor SwiGluComposite(const at::Tensor& gate_up) {
  const std::vector<at::Tensor> halves = gate_up.chunk(2, -1);
  return at::silu(halves[0]) * halves[1];
}

at::Tensor SwiGlu(const at::Tensor& gate_up) {
  TORCH_CHECK(gate_up.dim() == 2 && gate_up.size(1) % 2 == 0,
              "SwiGlu: gate_up has shape ", gate_up.sizes(),
              ", expected [N, an even number]");
  const bool fused = gate_up.is_cpu() && gate_up.scalar_type() == at::kFloat;
  return fused ? FusedSwiGlu::apply(gate_up) : SwiGluComposite(gate_up);
}

}  // namespace limbeck::kernels
