// The stage that trains a SentencePiece vocabulary.
#ifndef LIMBECK_DATA_STAGES_TRAIN_TOKENIZER_H_
#define LIMBECK_DATA_STAGES_TRAIN_TOKENIZER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

inline constexpr uint32_t kTrainTokenizerStageVersion = 1;

// The texts a vocabulary is made from, as a model will see them.
struct TokenizerTexts {
  std::vector<std::string> documents;
  std::vector<Rejection> rejected;  // what could not be rendered or read
};

// A problem with its worked solution and boxed answer, or without solution the
// prompt alone, in the reasoning format.
absl::StatusOr<std::string> RenderProblem(const Problem& problem);
// A trace with its prompt; without a problem the plain text.
absl::StatusOr<std::string> RenderTrace(const Trace& trace);
// Each line of a .txt file, and all strings of each object of a .jsonl file,
// are a document. Other endings are refused.
absl::Status ReadTextFile(const std::string& path, TokenizerTexts& texts);

// Writes tokenizer/ in its only partition.
absl::Status RunTrainTokenizerStage(const TrainTokenizerOptions& resolved,
                                    const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_TRAIN_TOKENIZER_H_
