// Looking up an option in the one list of its names.
#ifndef LIMBECK_KERNELS_NAME_LIST_H_
#define LIMBECK_KERNELS_NAME_LIST_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace limbeck::kernels {

template <typename Value, size_t kSize>
using NameList = std::array<std::pair<Value, std::string_view>, kSize>;

// "unknown" for a value outside the list.
template <typename Value, size_t kSize>
std::string_view NameIn(const NameList<Value, kSize>& list, Value wanted) {
  for (const auto& [value, text] : list) {
    if (value == wanted) return text;
  }
  return "unknown";
}

// nullopt for a name outside the list.
template <typename Value, size_t kSize>
std::optional<Value> ParseIn(const NameList<Value, kSize>& list,
                             std::string_view name) {
  for (const auto& [value, text] : list) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_NAME_LIST_H_
