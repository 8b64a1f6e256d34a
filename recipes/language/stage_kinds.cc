#include "recipes/language/stage_kinds.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "recipes/language/recipe_text.h"

namespace limbeck {
namespace {

constexpr InputSlot kProblemsSlot = {"problems", kProblems};
constexpr InputSlot kTracesSlot = {"traces", kTraces};
constexpr InputSlot kEitherSlot = {"problems or traces", kProblems | kTraces};
constexpr InputSlot kModelSlot = {"model", kCheckpoint};

constexpr StageKind kStageKinds[] = {
    {"arithmetic_problems", kProblems, {}},
    {"arithmetic_corpus", kTraces, {}},
    {"ingest", kProblems, {}},
    {"split", kNoContent, {kEitherSlot}, true},
    {"verify", kTraces, {kTracesSlot}},
    {"filter", kTraces, {kTracesSlot}},
    {"dedup", kTraces, {kTracesSlot}},
    {"decontaminate",
     kNoContent,
     {kEitherSlot, {"references", kProblems | kTraces, 1, kManyInputs}},
     true},
    {"train_tokenizer",
     kTokenizer,
     {{"texts", kProblems | kTraces, 0, kManyInputs}}},
    {"tokenize", kSamples, {kTracesSlot, {"tokenizer", kTokenizer}}},
    {"pack",
     kBins,
     {{"samples", kSamples}, {"teacher signals", kSignals, 0, 1}}},
    {"generate", kTraces, {kProblemsSlot, {"model", kCheckpoint, 0, 1}}},
    {"score", kSignals, {{"samples", kSamples}, kModelSlot}},
    {"train",
     kModelContent,
     {{"bins", kBins}, {"others", kCheckpoint | kTokenizer | kBins, 0, 4}}},
    {"evaluate", kEvaluation | kTraces, {kProblemsSlot, kModelSlot}},
    {"compare",
     kComparison,
     {{"evaluation", kEvaluation},
      {"evaluations", kEvaluation, 1, kManyInputs}}},
};

// With the problems in a benchmark's file.
constexpr StageKind kEvaluateOnFile = {
    "evaluate", kEvaluation | kTraces, {kModelSlot}};

}  // namespace

std::string ContentNames(Content content) {
  struct Name {
    Content content;
    absl::string_view name;
  };
  constexpr Name kNames[] = {
      {kProblems, "problems"},      {kTraces, "traces"},
      {kSamples, "samples"},        {kBins, "bins"},
      {kSignals, "signals"},        {kTokenizer, "a tokenizer"},
      {kCheckpoint, "a model"},     {kEvaluation, "an evaluation"},
      {kComparison, "a comparison"}};
  std::vector<absl::string_view> names;
  for (const Name& entry : kNames) {
    if ((content & entry.content) != 0) names.push_back(entry.name);
  }
  return names.empty() ? "nothing" : absl::StrJoin(names, " or ");
}

absl::Span<const StageKind> AllStageKinds() { return kStageKinds; }

const StageKind* FindStageKind(StageEntry::OptionsCase options) {
  if (options == StageEntry::OPTIONS_NOT_SET) return nullptr;
  const std::string& name =
      StageEntry::descriptor()->FindFieldByNumber(options)->name();
  for (const StageKind& kind : kStageKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

const StageKind* KindOf(const StageEntry& stage) {
  if (stage.has_evaluate() && stage.evaluate().has_benchmark_file()) {
    return &kEvaluateOnFile;
  }
  return FindStageKind(stage.options_case());
}

Content ProducedContent(const StageEntry& stage,
                        const std::vector<Content>& inputs) {
  const StageKind* kind = KindOf(stage);
  if (kind == nullptr) return kNoContent;
  if (kind->passes_first_input) {
    return inputs.empty() ? kNoContent : inputs[0] & (kProblems | kTraces);
  }
  if (stage.has_generate() && stage.generate().capture_top_k() > 0) {
    return kTraces | kSignals;
  }
  return kind->produces;
}

std::string DescribeInputs(const StageKind& kind) {
  const int num_slots = kind.num_slots();
  if (num_slots == 0) return "no inputs";
  std::vector<std::string> parts;
  for (int i = 0; i < num_slots; ++i) {
    const InputSlot& slot = kind.slots[i];
    std::string part = ContentNames(slot.accepts);
    if (slot.at_most > 1) {
      absl::StrAppend(&part, " (",
                      slot.at_least == 0 ? "any number" : "one or more", ")");
    } else if (slot.at_least == 0) {
      absl::StrAppend(&part, " (optional)");
    }
    parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, ", then ");
}

}  // namespace limbeck
