// Dispatch and autograd of RMSNorm.
#include "kernels/layers/rms_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose share of the weight's gradient is summed together. A constant, so
// that the sum does not depend on the number of threads.
constexpr int64_t kRowsPerPart = 64;

struct FusedRmsNorm : torch::autograd::Function<FusedRmsNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, double epsilon) {
    const at::Tensor input = x.contiguous();
    const at::Tensor y = at::empty_like(input);
    const at::Tensor inverse = at::empty({input.size(0)}, input.options());
    const RmsNormForward args = {.x = input.const_data_ptr<float>(),
                                 .weight = weight.const_data_ptr<float>(),
                                 .y = y.data_ptr<float>(),
                                 .inverse = inverse.data_ptr<float>(),
                                 .width = input.size(1),
                                 .epsilon = static_cast<float>(epsilon)};
    ParallelFor(0, input.size(0), kRowsPerPart,
                [&](int64_t begin, int64_t end) {
                  BestCpuKernels().rms_norm_forward(args, begin, end);
                });
    context->save_for_backward({input, weight, inverse});
    return y;
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor y_grad = gradients[0].contiguous();
    const at::Tensor x_grad = at::empty_like(saved[0]);
    const int64_t rows = saved[0].size(0);
    const int64_t width = saved[0].size(1);
    const RmsNormBackward args = {.x = saved[0].const_data_ptr<float>(),
                                  .weight = saved[1].const_data_ptr<float>(),
                                  .inverse = saved[2].const_data_ptr<float>(),
                                  .y_grad = y_grad.const_data_ptr<float>(),
                                  .x_grad = x_grad.data_ptr<float>(),
                                  .width = width};
    const int64_t num_parts = (rows + kRowsPerPart - 1) / kRowsPerPart;
    const at::Tensor parts = at::zeros({num_parts, width}, y_grad.options());
    float* part_data = parts.data_ptr<float>();
    ParallelFor(0, num_parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        BestCpuKernels().rms_norm_backward(
            args, p * kRowsPerPart, std::min(rows, (p + 1) * kRowsPerPart),
            part_data + p * width);
      }
    });
    return {x_grad, SumParts(part_data, num_parts, saved[1]), {}};
  }

  static at::Tensor SumParts(const float* parts, int64_t num_parts,
                             const at::Tensor& weight) {
    const int64_t width = weight.size(0);
    at::Tensor sum = at::zeros_like(weight);
    float* to = sum.data_ptr<float>();
    for (int64_t p = 0; p < num_parts; ++p) {
      for (int64_t i = 0; i < width; ++i) to[i] += parts[p * width + i];
    }
    return sum;
  }
};

}  // namespace

at::Tensor RmsNormComposite(const at::Tensor& x, const at::Tensor& weight,
                            double epsilon) {
  const at::ScalarType inner =
      x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor wide = x.to(inner);
  const at::Tensor mean = wide.pow(2).mean({-1}, /*keepdim=*/true);
  return weight * (wide * at::rsqrt(mean + epsilon)).to(x.scalar_type());
}

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight,
                   double epsilon) {
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 1 && x.size(1) == weight.size(0),
              "RmsNorm: x has shape ", x.sizes(), ", weight ", weight.sizes(),
              ", expected [N, H] and [H]");
  const bool fused = x.is_cpu() && x.scalar_type() == at::kFloat &&
                     weight.scalar_type() == at::kFloat &&
                     weight.is_contiguous();
  if (!fused) return RmsNormComposite(x, weight, epsilon);
  return FusedRmsNorm::apply(x, weight, epsilon);
}

}  // namespace limbeck::kernels
