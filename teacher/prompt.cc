// See prompt.h.
#include "teacher/prompt.h"

#include <utility>

#include "data/base/status_macros.h"

namespace limbeck {

absl::StatusOr<PromptTokens> MakePrompt(const Problem& problem,
                                        const ChatFormat& format,
                                        const Tokenizer& tokenizer) {
  LIMBECK_ASSIGN_OR_RETURN(
      ChatPrompt prompt,
      format.Prompt({problem.messages().begin(), problem.messages().end()}));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                           tokenizer.Encode(prompt.text));
  PromptTokens tokens;
  tokens.ids.assign(ids.begin(), ids.end());
  tokens.turn_prefix = std::move(prompt.turn_prefix);
  return tokens;
}

}  // namespace limbeck
