// What a checkpoint folder says about its model: no weights are read.
#ifndef LIMBECK_RECIPES_REPORT_MODEL_FACTS_H_
#define LIMBECK_RECIPES_REPORT_MODEL_FACTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recipes/recipe.pb.h"

namespace limbeck::report {

// Values of ModelFacts::origin.
inline constexpr char kGivenOrigin[] = "given";
std::string TrainedFrom(const std::string& model);

struct ModelFacts {
  std::string name;  // stage or model entry of the recipe
  std::string label;
  int colour = 0;
  std::string origin;        // "given", "trained from base"
  std::string licences;      // of all models it comes from
  std::string architecture;  // "llama, 4 layers, width 128, ..."
  uint64_t parameters = 0;   // 0: unknown
  std::string tokenizer_fingerprint;
  std::string source;  // folder, relative to the workspace
};

// Fills in architecture and parameters. What is absent stays unknown; damaged
// files are errors.
absl::Status ReadCheckpointFacts(const std::string& directory,
                                 ModelFacts* facts);

// Elements of all tensors in model.safetensors, or in the files of
// model.safetensors.index.json; 0 when there is neither.
absl::StatusOr<uint64_t> CountParameters(const std::string& directory);

// "teacher: MIT, base: MIT": every model entry that `name` comes from through
// the recipe's inputs.
std::string LicencesOf(const Recipe& recipe, absl::string_view name);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_MODEL_FACTS_H_
