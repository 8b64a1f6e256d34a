// The ids a model has to continue for a problem: one place, so that generation,
// evaluation and training see the same prompt.
#ifndef LIMBECK_TEACHER_PROMPT_H_
#define LIMBECK_TEACHER_PROMPT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/text/tokenizer.h"

namespace limbeck {

// The problem's messages in the reasoning format, up to and including the open
// think tag, as ids. Errors are those of RenderMessages and Encode.
absl::StatusOr<std::vector<uint32_t>> PromptIds(const Problem& problem,
                                                const Tokenizer& tokenizer);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_PROMPT_H_
