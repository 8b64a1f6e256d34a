// The ids a model has to continue for a problem: one place, so that generation
// and evaluation ask in the same way.
#ifndef LIMBECK_TEACHER_PROMPT_H_
#define LIMBECK_TEACHER_PROMPT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/text/chat_format.h"
#include "data/text/tokenizer.h"

namespace limbeck {

struct PromptTokens {
  std::vector<uint32_t> ids;
  std::string turn_prefix;  // Trace.turn_prefix
};

// The problem's messages as the format writes them. Errors are those of
// ChatFormat::Prompt and Encode.
absl::StatusOr<PromptTokens> MakePrompt(const Problem& problem,
                                        const ChatFormat& format,
                                        const Tokenizer& tokenizer);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_PROMPT_H_
