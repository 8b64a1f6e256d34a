// See model_input.h.
#include "teacher/model_input.h"

#include <ATen/ATen.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "student/checkpoint/checkpoint.h"

namespace limbeck {
namespace {

absl::StatusOr<const StageInput*> FindModel(const StageRun& run) {
  std::vector<std::string> names;
  for (const StageInput& input : run.inputs) {
    if (input.is_model || CheckpointDirectory(input).ok()) return &input;
    names.push_back(input.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("stage '", run.identity.name, "' (", run.identity.kind,
                   ") needs a model or a training stage as input; it has [",
                   absl::StrJoin(names, ", "), "]"));
}

}  // namespace

absl::StatusOr<ModelInput> LoadModelInput(const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const StageInput* input, FindModel(run));
  LIMBECK_ASSIGN_OR_RETURN(const std::string checkpoint,
                           CheckpointDirectory(*input));
  LIMBECK_ASSIGN_OR_RETURN(const std::string tokenizer,
                           TokenizerDirectory(*input));
  ModelInput loaded;
  LIMBECK_ASSIGN_OR_RETURN(Model model, LoadCheckpoint(checkpoint, at::kFloat));
  loaded.model = std::make_shared<const Model>(std::move(model));
  LIMBECK_ASSIGN_OR_RETURN(loaded.tokenizer, LoadTokenizer(tokenizer));
  loaded.tokenizer_directory = tokenizer;
  loaded.identity.set_name(input->name);
  LIMBECK_ASSIGN_OR_RETURN(*loaded.identity.mutable_revision(),
                           CheckpointDigest(checkpoint));
  loaded.identity.set_tokenizer_fingerprint(loaded.tokenizer->fingerprint());
  return loaded;
}

absl::StatusOr<std::shared_ptr<const ChatFormat>> LoadChatFormat(
    const ModelInput& model, const ChatOptions& options) {
  LIMBECK_ASSIGN_OR_RETURN(
      ChatFormat format, ChatFormat::Load(model.tokenizer_directory, options));
  LIMBECK_RETURN_IF_ERROR(format.Check(model.tokenizer_directory));
  return std::make_shared<const ChatFormat>(std::move(format));
}

}  // namespace limbeck
