// What a person means by the path of an artefact.
#ifndef LIMBECK_RECIPES_RUN_ARTEFACT_PATH_H_
#define LIMBECK_RECIPES_RUN_ARTEFACT_PATH_H_

#include <string>

#include "absl/status/statusor.h"

namespace limbeck {

// `path` itself where it exists; otherwise "WORKSPACE/STAGE" stands for the
// one artefact of the stage there, so that nobody has to type a fingerprint.
// NotFound where there is none; several are an error that lists them.
absl::StatusOr<std::string> FindArtefactPath(const std::string& path);

// The folder of a checkpoint: `path` itself or, where it is the artefact of a
// training stage ("WORKSPACE/STAGE" as above), the model that this left.
absl::StatusOr<std::string> FindModelPath(const std::string& path);
// The same for a tokenizer, which a train_tokenizer stage leaves as well.
absl::StatusOr<std::string> FindTokenizerPath(const std::string& path);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_ARTEFACT_PATH_H_
