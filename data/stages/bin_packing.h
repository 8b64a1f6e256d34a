// Best-fit-decreasing bin packing over lengths.
#ifndef LIMBECK_DATA_STAGES_BIN_PACKING_H_
#define LIMBECK_DATA_STAGES_BIN_PACKING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace limbeck {

// Indices of the lengths in each bin. Longest first, each into the fullest bin
// that still takes it; ties go to the earlier item and the earlier bin. No
// length may exceed the capacity. O(n log n).
std::vector<std::vector<size_t>> PackBestFitDecreasing(
    absl::Span<const uint32_t> lengths, uint32_t capacity);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_BIN_PACKING_H_
