// What a path of the toolkit holds, as text for people.
#ifndef LIMBECK_RECIPES_COMMAND_INSPECTION_H_
#define LIMBECK_RECIPES_COMMAND_INSPECTION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "recipes/console/record_text.h"

namespace limbeck {

struct InspectionOptions {
  uint64_t num_records = 0;  // of each shard, from its front
  RecordDetail detail = RecordDetail::kShort;
};

// Describes an artefact or partition, a shard, a checkpoint, a LoRA adapter or
// a tokenizer (folder or file): header, counts, sizes and records. Nothing in
// it can move a terminal's cursor.
absl::StatusOr<std::string> Inspect(const std::string& path,
                                    const InspectionOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_INSPECTION_H_
