// Checks the shapes, dtypes and devices of an operator's arguments against
// symbols, so that shape comments cannot lie.
#ifndef LIMBECK_KERNELS_SHAPE_CHECK_H_
#define LIMBECK_KERNELS_SHAPE_CHECK_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace limbeck::kernels {

// Tensors on meta have shapes and types to check, but no values to run on.
enum class Devices { kThatRun, kAlsoMeta };

// Use: ShapeCheck check("linear_cross_entropy");
//      check.Tensor("hidden", hidden, {"N", "H"});
//      check.Tensor("weight", weight, {"V", "H"});
// fails with "linear_cross_entropy: weight has H = 63 (dimension 1), hidden has
// H = 64". Failures are c10::Error.
class ShapeCheck {
 public:
  explicit ShapeCheck(std::string_view op, Devices devices = Devices::kThatRun)
      : op_(op), devices_(devices) {}

  // Binds each symbol at its first use and compares it afterwards. All tensors
  // of one check must be on the first one's device.
  void Tensor(std::string_view name, const at::Tensor& tensor,
              std::initializer_list<std::string_view> shape);

  // dtype is one of `allowed`.
  void Type(std::string_view name, const at::Tensor& tensor,
            std::initializer_list<at::ScalarType> allowed) const;
  // Both tensors have the same dtype.
  void SameType(std::string_view name, const at::Tensor& tensor,
                std::string_view other_name, const at::Tensor& other) const;
  void IntegerType(std::string_view name, const at::Tensor& tensor) const;

  // The bound size; the symbol must have been used.
  int64_t Size(std::string_view symbol) const;
  // Of the first tensor.
  at::Device device() const { return device_; }
  const std::string& op() const { return op_; }
  Devices devices() const { return devices_; }

 private:
  struct Binding {
    std::string symbol;
    std::string name;
    int64_t size;
  };
  const Binding* Find(std::string_view symbol) const;

  std::string op_;
  Devices devices_;
  std::vector<Binding> bindings_;
  std::string first_name_;
  at::Device device_ = at::kCPU;
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_SHAPE_CHECK_H_
