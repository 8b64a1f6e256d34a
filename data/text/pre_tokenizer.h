// Cuts a text into the pieces that byte-pair merges work in. The patterns of
// published tokenizers are regular expressions with look-ahead; the few that
// are met in byte-level models are written out here as scanners.
#ifndef LIMBECK_DATA_TEXT_PRE_TOKENIZER_H_
#define LIMBECK_DATA_TEXT_PRE_TOKENIZER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

enum class SplitRule {
  kGpt2,          // 's|'t|...| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+...
  kLlama3,        // contractions in any case, numbers in groups of 1 to 3
  kQwen2,         // as Llama 3, each digit alone
  kSingleDigits,  // every number character alone, other text whole
  kRunsOfDigits,  // runs of number characters, other text whole
};

// The rule of a pattern as tokenizer.json writes it. Unknown patterns are
// Unimplemented, with the pattern.
absl::StatusOr<SplitRule> RuleOfPattern(absl::string_view pattern);

// Pieces of the text in order; together they are the text. A byte that is no
// UTF-8 counts as a character that is neither letter nor number nor blank.
std::vector<absl::string_view> SplitByRule(absl::string_view text,
                                           SplitRule rule);

// Each rule applied to the pieces of the one before it.
std::vector<absl::string_view> SplitByRules(
    absl::string_view text, const std::vector<SplitRule>& rules);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_PRE_TOKENIZER_H_
