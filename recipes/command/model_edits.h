// What limbeck convert can change in a model besides its number format: LoRA
// adapters in and out, and rows of the vocabulary.
#ifndef LIMBECK_RECIPES_COMMAND_MODEL_EDITS_H_
#define LIMBECK_RECIPES_COMMAND_MODEL_EDITS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "student/weights.h"

namespace limbeck {

struct ModelEdits {
  std::string lora;          // adapter folder to merge
  int64_t vocab_size = 0;    // 0: as it is
  std::string extract_base;  // write the adapter that leads from here
  int64_t rank = 16;         // of that adapter

  bool ChangesModel() const { return !lora.empty() || vocab_size != 0; }
};

void AddEditOptions(CLI::App& verb, ModelEdits& edits);

// Resizes, then merges. `tokenizer_directory` may be empty: rows cannot be cut
// then. A merged model is float32. Returns lines for the user.
absl::StatusOr<std::string> EditModel(const ModelEdits& edits,
                                      const std::string& tokenizer_directory,
                                      Model& model);

// Writes the adapter from edits.extract_base to the checkpoint in `tuned`, and
// says for each module how much of its change is lost.
absl::StatusOr<std::string> ExtractAdapter(const ModelEdits& edits,
                                           const std::string& tuned,
                                           const std::string& to);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_MODEL_EDITS_H_
