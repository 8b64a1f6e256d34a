// What must hold for a packed bin before a trainer may trust its numbers.
#ifndef LIMBECK_DATA_LOAD_BIN_CHECK_H_
#define LIMBECK_DATA_LOAD_BIN_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "data/records.pb.h"

namespace limbeck {

// The bin has this index; its sequences lie one after another and fill it; loss
// runs lie inside their sequence, in order, after its first token. `path`
// names the file in errors.
absl::Status CheckBin(const PackedBin& bin, uint64_t index,
                      const std::string& path);

// The signals are of this bin, name existing sequences in order, and lie
// inside their sequence's output.
absl::Status CheckSignals(const PackedBin& bin, const PackedSignals& signals);

}  // namespace limbeck

#endif  // LIMBECK_DATA_LOAD_BIN_CHECK_H_
