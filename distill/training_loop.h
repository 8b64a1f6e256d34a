// The loop of a training run: bins, steps, evaluations, saved states.
#ifndef LIMBECK_DISTILL_TRAINING_LOOP_H_
#define LIMBECK_DISTILL_TRAINING_LOOP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/load/loader.h"
#include "data/stages/stage.h"
#include "distill/adamw.h"
#include "distill/metrics.h"
#include "distill/objective.h"
#include "distill/options.pb.h"
#include "distill/schedule.h"
#include "distill/token_rate.h"
#include "distill/train_inputs.h"
#include "distill/trainable.h"
#include "distill/training_state.h"

namespace limbeck {

class TrainingLoop {
 public:
  struct Settings {
    TrainOptions options;     // resolved
    std::string directory;    // of metrics, states and checkpoint
    std::string fingerprint;  // of the stage run
    StageContext context;
  };

  // Takes the inputs over and restores the newest saved state that is whole.
  static absl::StatusOr<std::unique_ptr<TrainingLoop>> Create(
      Settings settings, TrainInputs inputs);

  // Trains to the end, evaluates and exports checkpoint/. Cancelled: after
  // saving the state.
  absl::Status Run();

  const Model& model() const { return inputs_.model; }
  const TrainingProgress& progress() const { return progress_; }

 private:
  TrainingLoop(Settings settings, TrainInputs inputs);

  absl::Status Resume();
  bool finished() const;
  absl::StatusOr<std::vector<LoadedBin>> NextBins();
  absl::Status RunStep();
  absl::Status NoteSkipped(const StepResult& result);
  absl::Status EvaluateIfDue();
  absl::Status EvaluateNow();
  absl::Status SaveIfDue();
  absl::Status SaveState();
  absl::Status StopCancelled();
  void ShowProgress(const StepResult& result, double learning_rate);

  const Settings settings_;
  TrainInputs inputs_;
  RunLength length_;
  Objective objective_;
  Trainable trainable_;
  AdamWState optimizer_;
  TrainingStates states_;
  TrainingProgress progress_;
  TokenRate rate_;  // of this process
  std::unique_ptr<MetricsLog> metrics_;
};

// How a resolved option names the stored number format.
at::ScalarType ExportType(const TrainOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TRAINING_LOOP_H_
