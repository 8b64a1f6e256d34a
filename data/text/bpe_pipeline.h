// The parts of a tokenizer.json around its model: normalizer, pre-tokenizer,
// added tokens, post-processor and decoder.
#ifndef LIMBECK_DATA_TEXT_BPE_PIPELINE_H_
#define LIMBECK_DATA_TEXT_BPE_PIPELINE_H_

#include "absl/status/status.h"
#include "data/base/json.h"
#include "data/text/bpe_definition.h"

namespace limbeck {

// Fills what the model's part has left open. Unknown kinds are Unimplemented,
// by name.
absl::Status ReadBpePipeline(const Json& json, BpeDefinition* definition);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BPE_PIPELINE_H_
