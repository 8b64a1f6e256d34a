// One matrix product for several linear layers, with its gradients.
#include "kernels/layers/linear_bundle.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace limbeck::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// All parts contiguous, each beginning where the one before ends.
bool AreNeighbours(at::TensorList parts) {
  const char* expected = static_cast<const char*>(parts[0].const_data_ptr());
  for (const at::Tensor& part : parts) {
    if (!part.is_contiguous() || part.const_data_ptr() != expected) {
      return false;
    }
    expected += part.nbytes();
  }
  return true;
}

// The parts as one tensor along their first dimension.
at::Tensor Join(at::TensorList parts) {
  if (parts.size() == 1) return parts[0];
  if (!parts[0].is_cpu() || !AreNeighbours(parts)) return at::cat(parts, 0);
  std::vector<int64_t> sizes = parts[0].sizes().vec();
  sizes[0] = 0;
  for (const at::Tensor& part : parts) sizes[0] += part.size(0);
  return at::from_blob(const_cast<void*>(parts[0].const_data_ptr()), sizes,
                       parts[0].options());
}

void AppendParts(const at::Tensor& whole, const variable_list& like,
                 variable_list& to) {
  int64_t begin = 0;
  for (const at::Tensor& part : like) {
    to.push_back(whole.narrow(0, begin, part.size(0)));
    begin += part.size(0);
  }
}

struct BundleFunction : torch::autograd::Function<BundleFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            at::TensorList weights, at::TensorList biases) {
    variable_list saved = {x};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["with_bias"] = !biases.empty();
    const at::Tensor weight = Join(weights);
    return biases.empty() ? at::mm(x, weight.t())
                          : at::addmm(Join(biases), x, weight.t());
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const variable_list weights(saved.begin() + 1, saved.end());
    const at::Tensor& y_grad = gradients[0];
    variable_list result = {at::mm(y_grad, Join(weights))};
    AppendParts(at::mm(y_grad.t(), saved[0]), weights, result);
    if (context->saved_data["with_bias"].toBool()) {
      AppendParts(y_grad.sum(0), weights, result);
    }
    return result;
  }
};

}  // namespace

at::Tensor LinearBundle(const at::Tensor& x,
                        const std::vector<at::Tensor>& weights,
                        const std::vector<at::Tensor>& biases) {
  TORCH_CHECK(!weights.empty(), "LinearBundle: no weights");
  TORCH_CHECK(biases.empty() || biases.size() == weights.size(),
              "LinearBundle: ", biases.size(), " biases for ", weights.size(),
              " weights");
  for (size_t i = 0; i < weights.size(); ++i) {
    TORCH_CHECK(weights[i].dim() == 2 && weights[i].size(1) == x.size(1),
                "LinearBundle: weight ", i, " has shape ", weights[i].sizes(),
                ", x ", x.sizes());
    TORCH_CHECK(
        biases.empty() ||
            (biases[i].dim() == 1 && biases[i].size(0) == weights[i].size(0)),
        "LinearBundle: bias ", i, " does not fit weight ", weights[i].sizes());
  }
  // As TensorList: autograd does not look into other containers.
  return BundleFunction::apply(x, at::TensorList(weights),
                               at::TensorList(biases));
}

}  // namespace limbeck::kernels
