// The model that a stage was given: weights, tokenizer and who it is.
#ifndef LIMBECK_TEACHER_MODEL_INPUT_H_
#define LIMBECK_TEACHER_MODEL_INPUT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/stages/stage.h"
#include "data/text/chat_format.h"
#include "data/text/tokenizer.h"
#include "student/weights.h"

namespace limbeck {

struct ModelInput {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::string tokenizer_directory;  // its folder, chat template included
  Teacher identity;                 // name of the input, digest of its weights
};

// Loads the first input that is a checkpoint folder or a training stage's
// result, as float32. None is an error that names the stage and its inputs.
absl::StatusOr<ModelInput> LoadModelInput(const StageRun& run);

// How that model is asked. A template that cannot write a plain question is an
// error here, not of each problem.
absl::StatusOr<std::shared_ptr<const ChatFormat>> LoadChatFormat(
    const ModelInput& model, const ChatOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_MODEL_INPUT_H_
