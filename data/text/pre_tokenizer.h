// Cuts a text into the pieces that byte-pair merges work in. The patterns of
// published tokenizers are regular expressions with look-ahead; those of the
// known families are written out here as scanners, any other runs through
// PCRE2 (regex_splitter.h).
#ifndef LIMBECK_DATA_TEXT_PRE_TOKENIZER_H_
#define LIMBECK_DATA_TEXT_PRE_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/regex_splitter.h"

namespace limbeck {

// Numbers are part of tokenizers' fingerprints.
enum class SplitRule {
  kGpt2 = 0,           // 's|'t|...| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+...
  kLlama3 = 1,         // contractions in any case, numbers in groups of 1 to 3
  kQwen2 = 2,          // as Llama 3, each digit alone
  kSingleDigits = 3,   // every number character alone, other text whole
  kRunsOfDigits = 4,   // runs of number characters, other text whole
  kTripleDigits = 5,   // \p{N}{1,3}, other text whole
  kDeepSeekCjk = 6,    // runs of Han, Hiragana and Katakana, other text whole
  kDeepSeekWords = 7,  // DeepSeek-V3's third pattern
  kQwen35 = 8,         // as Qwen2, marks belong to words
  kRegex = 9,          // SplitStep::regex
};

struct SplitStep {
  SplitRule rule = SplitRule::kGpt2;
  // Of kRegex only.
  std::shared_ptr<const RegexSplitter> regex = nullptr;
  // Text between matches is dropped instead of being pieces of its own.
  bool matches_only = false;
};

// The step of a pattern as tokenizer.json writes it: a known one, or PCRE2's.
// Errors: PCRE2 does not take the pattern.
absl::StatusOr<SplitStep> StepOfPattern(absl::string_view pattern);

using PieceVisitor = absl::FunctionRef<void(absl::string_view piece)>;

// Calls visit(piece) for the pieces in order, each step applied to the pieces
// of the one before it. Unless a step keeps matches only, the pieces together
// are the text. A byte that is no UTF-8 counts as a character that is neither
// letter nor number nor blank. Linear but for kRegex. Errors: a regular
// expression that gave up (see RegexSplitter).
absl::Status ForEachPiece(absl::string_view text,
                          const std::vector<SplitStep>& steps,
                          PieceVisitor visit);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_PRE_TOKENIZER_H_
