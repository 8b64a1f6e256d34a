// The arguments of a dispatched call by the names of its schema, so that one
// boxed kernel can serve every operator.
#ifndef LIMBECK_KERNELS_PYTHON_NAMED_ARGUMENTS_H_
#define LIMBECK_KERNELS_PYTHON_NAMED_ARGUMENTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace c10 {
class OperatorHandle;
struct IValue;
}  // namespace c10

namespace limbeck::kernels {

class NamedArguments {
 public:
  // Takes the last arguments of the stack as those of `op`; keeps references.
  NamedArguments(const c10::OperatorHandle& op,
                 const std::vector<c10::IValue>& stack);

  // "limbeck::cross_entropy", for its twin with gradients too.
  const std::string& op() const { return op_; }
  bool Has(std::string_view name) const;

  // False where a tensor's size is a symbol, as when compilers trace dynamic
  // shapes.
  bool HasKnownShapes() const;

  // The named argument must exist. Tensor: undefined where None was given.
  at::Tensor Tensor(std::string_view name) const;
  double Double(std::string_view name) const;
  int64_t Int(std::string_view name) const;
  bool Bool(std::string_view name) const;
  // None means `missing`.
  bool BoolOr(std::string_view name, bool missing) const;
  std::optional<bool> OptionalBool(std::string_view name) const;
  std::string String(std::string_view name) const;
  std::vector<bool> BoolList(std::string_view name) const;

 private:
  const c10::IValue& Value(std::string_view name) const;

  std::string op_;
  std::vector<std::string> names_;
  const std::vector<c10::IValue>& stack_;
  size_t first_;
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_PYTHON_NAMED_ARGUMENTS_H_
