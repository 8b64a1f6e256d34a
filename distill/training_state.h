// Saved states of a training run: what it takes to go on as if nothing had
// happened.
//
//   training_state/step-000000000200/state.safetensors  weights and moments
//                                    checkpoint/         Hugging Face layout
//                                    state.json          written last
//
// A folder is written under another name, flushed and renamed: under its own
// name it is whole.
#ifndef LIMBECK_DISTILL_TRAINING_STATE_H_
#define LIMBECK_DISTILL_TRAINING_STATE_H_

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/load/loader_state.pb.h"
#include "distill/adamw.h"
#include "student/weights.h"

namespace limbeck {

inline constexpr absl::string_view kTrainingStateFolder = "training_state";

// Where a run stands after `step` finished steps.
struct TrainingProgress {
  int64_t step = 0;
  int64_t trained_tokens = 0;  // of applied and skipped steps
  int64_t trained_loss_tokens = 0;
  int64_t skipped_steps = 0;  // non-finite loss or gradient
  int64_t skipped_in_a_row = 0;
  uint64_t metrics_bytes = 0;  // of metrics.jsonl
  LoaderState loader;
};

class TrainingStates {
 public:
  struct Settings {
    std::string directory;    // the training_state folder
    std::string fingerprint;  // of the stage run: states of others are refused
    int keep = 2;             // newest states that stay
    std::string tokenizer_directory;  // for the exported checkpoints
    at::ScalarType export_dtype = at::ScalarType::Float;
    // Told in one line what Restore passed over; may be empty.
    std::function<void(absl::string_view)> warn;
  };

  explicit TrainingStates(Settings settings) : settings_(std::move(settings)) {}

  // Nothing happens when the state of this step is there already.
  absl::Status Save(const TrainingProgress& progress, const Model& model,
                    const AdamWState& optimizer) const;

  // Reads the newest whole state into model and optimizer; nullopt without
  // one. Removes what a killed Save left, and damaged states once an older one
  // is read: it leads to the same bytes. Another fingerprint, another shape or
  // nothing but damage is an error that names the folder.
  absl::StatusOr<std::optional<TrainingProgress>> Restore(
      Model& model, AdamWState& optimizer) const;

 private:
  absl::Status WriteFolder(const std::string& folder,
                           const TrainingProgress& progress, const Model& model,
                           const AdamWState& optimizer) const;
  absl::StatusOr<TrainingProgress> ReadFolder(const std::string& folder,
                                              Model& model,
                                              AdamWState& optimizer) const;
  absl::Status RemoveOld() const;
  // Folders of the saved states, newest first, without what was half-written.
  absl::StatusOr<std::vector<std::string>> NewestFirst() const;
  absl::Status RemoveDamaged(const std::vector<absl::Status>& damage,
                             const std::vector<std::string>& folders,
                             int64_t step) const;

  Settings settings_;
};

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TRAINING_STATE_H_
