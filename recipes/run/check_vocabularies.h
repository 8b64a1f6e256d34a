// Whether the logits of a recipe's teachers can teach its students, asked
// before anything runs: a training stage would find it out hours later.
#ifndef LIMBECK_RECIPES_RUN_CHECK_VOCABULARIES_H_
#define LIMBECK_RECIPES_RUN_CHECK_VOCABULARIES_H_

#include "absl/status/status.h"
#include "recipes/run/recipe_resolve.h"

namespace limbeck {

// CheckVocabularyPair for every training stage and each teacher whose
// distributions it learns from: resident, or by the signals packed beside the
// bins. A model that a stage trains has the tokenizer it began with; one whose
// tokenizer a stage trains is left to that stage's users. All complaints at
// once, each with file, line and field.
absl::Status CheckVocabularies(const ResolvedRecipe& resolved);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_CHECK_VOCABULARIES_H_
