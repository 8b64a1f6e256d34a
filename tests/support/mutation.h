// Deterministic damage for tests of readers of outside bytes.
#ifndef LIMBECK_TESTS_SUPPORT_MUTATION_H_
#define LIMBECK_TESTS_SUPPORT_MUTATION_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// Calls visit(first `size` bytes, size) for each size below bytes.size().
void ForEachCut(
    absl::string_view bytes,
    const std::function<void(const std::string& cut, size_t size)>& visit);

// Calls visit(mutated, bit) with each single bit flipped, bit 0 being the
// lowest of the first byte.
void ForEachBitFlip(
    absl::string_view bytes,
    const std::function<void(const std::string& mutated, size_t bit)>& visit);

// Calls visit `count` times with up to four random edits (bytes changed,
// inserted, removed, repeated); the same edits for the same key.
void ForEachMutation(absl::string_view bytes, int count, uint64_t key,
                     const std::function<void(const std::string&)>& visit);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_MUTATION_H_
