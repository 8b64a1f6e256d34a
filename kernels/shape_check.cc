// Messages name the operator, the argument and both values.
#include "kernels/shape_check.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace limbeck::kernels {

void ShapeCheck::Tensor(std::string_view name, const at::Tensor& tensor,
                        std::initializer_list<std::string_view> shape) {
  TORCH_CHECK(tensor.defined(), op_, ": ", name, " is undefined");
  TORCH_CHECK(tensor.dim() == static_cast<int64_t>(shape.size()), op_, ": ",
              name, " has ", tensor.dim(), " dimensions, must have ",
              shape.size());
  if (first_name_.empty()) {
    first_name_ = name;
    device_ = tensor.device();
  }
  TORCH_CHECK(tensor.device() == device_, op_, ": ", name, " is on ",
              tensor.device(), ", ", first_name_, " on ", device_);
  int64_t dimension = 0;
  for (const std::string_view symbol : shape) {
    const int64_t size = tensor.size(dimension);
    if (const Binding* bound = Find(symbol)) {
      TORCH_CHECK(size == bound->size, op_, ": ", name, " has ", symbol, " = ",
                  size, " (dimension ", dimension, "), ", bound->name, " has ",
                  symbol, " = ", bound->size);
    } else {
      bindings_.push_back({std::string(symbol), std::string(name), size});
    }
    ++dimension;
  }
}

void ShapeCheck::Type(std::string_view name, const at::Tensor& tensor,
                      std::initializer_list<at::ScalarType> allowed) const {
  const at::ScalarType type = tensor.scalar_type();
  if (std::find(allowed.begin(), allowed.end(), type) != allowed.end()) return;
  std::string list;
  for (const at::ScalarType candidate : allowed) {
    if (!list.empty()) list += " or ";
    list += c10::toString(candidate);
  }
  TORCH_CHECK_TYPE(false, op_, ": ", name, " is ", type, ", must be ", list);
}

void ShapeCheck::SameType(std::string_view name, const at::Tensor& tensor,
                          std::string_view other_name,
                          const at::Tensor& other) const {
  TORCH_CHECK_TYPE(tensor.scalar_type() == other.scalar_type(), op_, ": ", name,
                   " is ", tensor.scalar_type(), ", ", other_name, " is ",
                   other.scalar_type());
}

void ShapeCheck::IntegerType(std::string_view name,
                             const at::Tensor& tensor) const {
  Type(name, tensor, {at::kLong, at::kInt});
}

int64_t ShapeCheck::Size(std::string_view symbol) const {
  const Binding* bound = Find(symbol);
  TORCH_CHECK(bound != nullptr, op_, ": shape symbol ", symbol, " is unbound");
  return bound->size;
}

const ShapeCheck::Binding* ShapeCheck::Find(std::string_view symbol) const {
  for (const Binding& binding : bindings_) {
    if (binding.symbol == symbol) return &binding;
  }
  return nullptr;
}

}  // namespace limbeck::kernels
