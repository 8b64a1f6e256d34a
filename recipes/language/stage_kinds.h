// The kinds of stages as one visible table: what each takes and leaves.
#ifndef LIMBECK_RECIPES_LANGUAGE_STAGE_KINDS_H_
#define LIMBECK_RECIPES_LANGUAGE_STAGE_KINDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "recipes/recipe.pb.h"

namespace limbeck {

// What an artefact or model holds; a set of bits.
using Content = uint32_t;
inline constexpr Content kNoContent = 0;
inline constexpr Content kProblems = 1u << 0;
inline constexpr Content kTraces = 1u << 1;
inline constexpr Content kSamples = 1u << 2;
inline constexpr Content kBins = 1u << 3;
inline constexpr Content kSignals = 1u << 4;
inline constexpr Content kTokenizer = 1u << 5;
inline constexpr Content kCheckpoint = 1u << 6;
inline constexpr Content kEvaluation = 1u << 7;
inline constexpr Content kComparison = 1u << 8;
inline constexpr Content kModelContent = kCheckpoint | kTokenizer;

// "problems or traces".
std::string ContentNames(Content content);

// One place in a stage's list of inputs.
struct InputSlot {
  absl::string_view role;
  Content accepts = kNoContent;  // any of these
  int at_least = 1;
  int at_most = 1;  // only the last slot may take several
};
inline constexpr int kManyInputs = 1000;

struct StageKind {
  absl::string_view name;  // as the recipe's field: "train"
  Content produces = kNoContent;
  InputSlot slots[2];               // unused ones accept nothing
  bool passes_first_input = false;  // the result is of the first input's kind

  int num_slots() const {
    int count = 0;
    while (count < 2 && slots[count].accepts != kNoContent) ++count;
    return count;
  }
};

// Null for a stage without options.
const StageKind* FindStageKind(StageEntry::OptionsCase options);
// The same, with the inputs that the stage's options leave to be given: an
// evaluation on a benchmark's file takes no problems.
const StageKind* KindOf(const StageEntry& stage);
absl::Span<const StageKind> AllStageKinds();

// What a stage leaves, given the contents of its inputs in order.
Content ProducedContent(const StageEntry& stage,
                        const std::vector<Content>& inputs);

// One line of what the kind expects: "problems, then at most one checkpoint".
std::string DescribeInputs(const StageKind& kind);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_STAGE_KINDS_H_
