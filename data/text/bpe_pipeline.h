// The parts of a tokenizer.json around its model.
#ifndef LIMBECK_DATA_TEXT_BPE_PIPELINE_H_
#define LIMBECK_DATA_TEXT_BPE_PIPELINE_H_

#include "absl/status/status.h"
#include "data/base/json.h"
#include "data/text/bpe_definition.h"

namespace limbeck {

// The pre-tokenizer: sets byte_level, split_steps and metaspace, which the
// model's part is read by. Unknown kinds are Unimplemented, by name.
absl::Status ReadSplitting(const Json& json, BpeDefinition* definition);

// Normalizer, added tokens, post-processor and decoder, after the model.
absl::Status ReadBpePipeline(const Json& json, BpeDefinition* definition);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BPE_PIPELINE_H_
