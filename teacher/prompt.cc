// See prompt.h.
#include "teacher/prompt.h"

#include <string>

#include "data/base/status_macros.h"
#include "data/text/reasoning_format.h"

namespace limbeck {

absl::StatusOr<std::vector<uint32_t>> PromptIds(const Problem& problem,
                                                const Tokenizer& tokenizer) {
  const std::vector<Message> messages(problem.messages().begin(),
                                      problem.messages().end());
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string text,
      RenderMessages(messages, /*add_generation_prompt=*/true));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                           tokenizer.Encode(text));
  return std::vector<uint32_t>(ids.begin(), ids.end());
}

}  // namespace limbeck
