// Types were checked by the dispatcher against the schema.
#include "kernels/python/named_arguments.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <algorithm>
#include <cstddef>

namespace limbeck::kernels {
namespace {

// "limbeck::_cross_entropy_gradients" is the user's limbeck::cross_entropy.
std::string PublicName(const std::string& name) {
  constexpr std::string_view kStart = "limbeck::_";
  constexpr std::string_view kEnd = "_gradients";
  if (!name.starts_with(kStart) || !name.ends_with(kEnd)) return name;
  return "limbeck::" +
         name.substr(kStart.size(), name.size() - kStart.size() - kEnd.size());
}

}  // namespace

NamedArguments::NamedArguments(const c10::OperatorHandle& op,
                               const std::vector<c10::IValue>& stack)
    : op_(PublicName(op.schema().name())), stack_(stack) {
  for (const c10::Argument& argument : op.schema().arguments()) {
    names_.push_back(argument.name());
  }
  first_ = stack.size() - names_.size();
}

bool NamedArguments::Has(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

bool NamedArguments::HasKnownShapes() const {
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(first_);
  return std::none_of(begin, stack_.end(), [](const c10::IValue& value) {
    return value.isTensor() &&
           value.toTensor().unsafeGetTensorImpl()->has_symbolic_sizes_strides();
  });
}

const c10::IValue& NamedArguments::Value(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  TORCH_CHECK(found != names_.end(), op_, " has no argument ",
              std::string(name));
  return stack_[first_ + static_cast<size_t>(found - names_.begin())];
}

at::Tensor NamedArguments::Tensor(std::string_view name) const {
  const c10::IValue& value = Value(name);
  return value.isNone() ? at::Tensor() : value.toTensor();
}

double NamedArguments::Double(std::string_view name) const {
  return Value(name).toDouble();
}

int64_t NamedArguments::Int(std::string_view name) const {
  return Value(name).toInt();
}

bool NamedArguments::Bool(std::string_view name) const {
  return Value(name).toBool();
}

bool NamedArguments::BoolOr(std::string_view name, bool missing) const {
  const c10::IValue& value = Value(name);
  return value.isNone() ? missing : value.toBool();
}

std::optional<bool> NamedArguments::OptionalBool(std::string_view name) const {
  const c10::IValue& value = Value(name);
  return value.isNone() ? std::nullopt : std::optional(value.toBool());
}

std::string NamedArguments::String(std::string_view name) const {
  return Value(name).toStringRef();
}

std::vector<bool> NamedArguments::BoolList(std::string_view name) const {
  const auto list = Value(name).toBoolList();
  return {list.begin(), list.end()};
}

}  // namespace limbeck::kernels
