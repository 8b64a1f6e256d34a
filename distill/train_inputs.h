// Opens what a training stage works on and checks that it belongs together.
#ifndef LIMBECK_DISTILL_TRAIN_INPUTS_H_
#define LIMBECK_DISTILL_TRAIN_INPUTS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "data/load/loader.h"
#include "data/stages/stage.h"
#include "data/text/tokenizer.h"
#include "distill/options.pb.h"
#include "student/weights.h"
#include "teacher/scorer.h"

namespace limbeck {

struct TrainInputs {
  Model model;  // float32, initial or random
  std::string tokenizer_directory;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::string tokenizer_fingerprint;
  int64_t tokenizer_size = 0;  // ids are below it; the head may be wider
  std::unique_ptr<BinLoader> bins;
  std::unique_ptr<BinLoader> held_out;  // null without evaluation input
  bool held_out_has_signals = false;
  std::unique_ptr<Scorer> teacher;  // dense distillation only
};

// The decoder that an architecture describes, for a vocabulary of this size;
// end ids are left to the caller.
ModelConfig ConfigOfArchitecture(const ArchitectureOptions& shape,
                                 int64_t vocab_size);

// `options` resolved. Inputs that options do not name are the packed bins:
// there must be exactly one. Bins must be of the student's tokenizer, a
// resident teacher's vocabulary must be the student's (CheckVocabularyPair).
absl::StatusOr<TrainInputs> OpenTrainInputs(const TrainOptions& options,
                                            const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TRAIN_INPUTS_H_
