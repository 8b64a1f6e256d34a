// What a path of the toolkit holds, as text for people.
#ifndef LIMBECK_RECIPES_INSPECTION_H_
#define LIMBECK_RECIPES_INSPECTION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace limbeck {

// Describes an artefact or partition, a shard, a checkpoint or a tokenizer
// folder: header, counts, sizes, and the first `num_records` records of
// shards. Nothing in it can move a terminal's cursor.
absl::StatusOr<std::string> Inspect(const std::string& path,
                                    uint64_t num_records);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_INSPECTION_H_
