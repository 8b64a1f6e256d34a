// Edits of models for limbeck convert, with what they did in words.
#include "recipes/command/model_edits.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer.h"
#include "recipes/run/artefact_path.h"
#include "student/adapters/lora.h"
#include "student/adapters/lora_extract.h"
#include "student/adapters/lora_file.h"
#include "student/checkpoint/checkpoint.h"
#include "student/vocabulary.h"

namespace limbeck {
namespace {

absl::StatusOr<std::string> Resize(int64_t rows, const std::string& directory,
                                   Model& model) {
  std::shared_ptr<const Tokenizer> tokenizer;
  if (!directory.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(tokenizer, LoadTokenizer(directory));
  }
  const int64_t before = model.config.vocab_size;
  LIMBECK_ASSIGN_OR_RETURN(model,
                           ResizeVocabulary(model, rows, tokenizer.get()));
  return absl::StrCat("vocabulary: ", before, " rows -> ", rows,
                      rows > before ? ", new ones are the mean of the old" : "",
                      "\n");
}

std::string MergeText(const LoraAdapter& adapter, const LoraMerge& merge) {
  const LoraCheck& check = merge.check;
  std::string text = absl::StrFormat(
      "adapter of %s: %d modules merged, %d full copies; largest change %.3g "
      "of the weight's norm (%s)\n"
      "checked on %d tokens: log-probabilities are within %.2g nats of the "
      "base with the adapter beside it (median %.2g, allowed %.2g)\n",
      adapter.base_model.empty() ? "a base without a name" : adapter.base_model,
      merge.merged, merge.replaced, merge.largest_change, merge.most_changed,
      check.tokens, check.largest, check.median, kLoraTolerance);
  if (merge.untied) {
    absl::StrAppend(&text,
                    "embedding and head were one tensor and are two now: the "
                    "adapter changes them in different ways\n");
  }
  return text;
}

absl::StatusOr<std::string> Merge(const std::string& directory, Model& model) {
  LIMBECK_ASSIGN_OR_RETURN(const LoraAdapter adapter,
                           ReadLoraAdapter(directory));
  LIMBECK_ASSIGN_OR_RETURN(LoraMerge merge, MergeLora(model, adapter));
  model = std::move(merge.model);
  return MergeText(adapter, merge);
}

std::string ExtractionText(const LoraExtraction& extraction) {
  std::string text;
  for (const ExtractedModule& module : extraction.modules) {
    absl::StrAppendFormat(
        &text, "%-40s rank %d, change %.4g, lost %.4g (%.1f%%)\n", module.name,
        module.rank, module.change, module.lost,
        module.change > 0.0 ? 100.0 * module.lost / module.change : 0.0);
  }
  absl::StrAppendFormat(
      &text, "%d modules, %d full copies; %.2f%% of the change is lost\n",
      extraction.modules.size(), extraction.full_copies,
      100.0 * extraction.lost_share);
  return text;
}

}  // namespace

void AddEditOptions(CLI::App& verb, ModelEdits& edits) {
  verb.add_option("--vocab_size", edits.vocab_size,
                  "Rows of embedding and head: cut where no token uses them, "
                  "or added")
      ->check(CLI::PositiveNumber);
  verb.add_option("--lora", edits.lora,
                  "Merge the adapter in this folder (PEFT's layout), after "
                  "--vocab_size");
  auto* extract = verb.add_option(
      "--extract_lora", edits.extract_base,
      "Write not a checkpoint but the adapter that leads from this base to it");
  verb.add_option("--rank", edits.rank, "Of the extracted adapter")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->needs(extract);
  extract->excludes("--lora")->excludes("--vocab_size");
}

absl::StatusOr<std::string> EditModel(const ModelEdits& edits,
                                      const std::string& tokenizer_directory,
                                      Model& model) {
  std::string text;
  if (edits.vocab_size != 0) {
    LIMBECK_ASSIGN_OR_RETURN(
        text, Resize(edits.vocab_size, tokenizer_directory, model));
  }
  if (edits.lora.empty()) return text;
  LIMBECK_ASSIGN_OR_RETURN(const std::string merged, Merge(edits.lora, model));
  return absl::StrCat(text, merged);
}

absl::StatusOr<std::string> ExtractAdapter(const ModelEdits& edits,
                                           const std::string& tuned,
                                           const std::string& to) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string base,
                           FindModelPath(edits.extract_base));
  LIMBECK_ASSIGN_OR_RETURN(const Model after, LoadCheckpoint(tuned));
  LIMBECK_ASSIGN_OR_RETURN(const Model before, LoadCheckpoint(base));
  LIMBECK_ASSIGN_OR_RETURN(LoraExtraction extraction,
                           ExtractLora(after, before, edits.rank));
  extraction.adapter.base_model = edits.extract_base;
  LIMBECK_RETURN_IF_ERROR(WriteLoraAdapter(extraction.adapter, to));
  return ExtractionText(extraction);
}

}  // namespace limbeck
