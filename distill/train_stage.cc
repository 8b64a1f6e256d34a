// The training stage: from packed bins to a checkpoint.
#include "distill/train_stage.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "distill/metrics.h"
#include "distill/options_defaults.h"
#include "distill/train_inputs.h"
#include "distill/training_loop.h"
#include "distill/training_state.h"

namespace limbeck {
namespace {

absl::Status RemoveStates(const std::string& partition) {
  const std::string states = JoinPath(partition, kTrainingStateFolder);
  return IsDirectory(states) ? RemoveTree(states) : absl::OkStatus();
}

absl::Status Train(const TrainOptions& options, const StageRun& run) {
  const std::string partition = PartitionPath(run.directory, 0);
  const std::string fingerprint = run.identity.Fingerprint();
  LIMBECK_ASSIGN_OR_RETURN(const bool done, IsComplete(partition, fingerprint));
  if (done) return RemoveStates(partition);
  LIMBECK_ASSIGN_OR_RETURN(TrainInputs inputs, OpenTrainInputs(options, run));
  const uint64_t num_bins = inputs.bins->num_bins();
  LIMBECK_ASSIGN_OR_RETURN(
      const std::unique_ptr<PartitionWriter> writer,
      PartitionWriter::Create(
          run, 0, 1,
          {std::string(kTrainingStateFolder), std::string(kMetricsFile),
           std::string(kTimingFile), std::string(kEventsFolder)}));
  writer->set_unit("bins");
  writer->set_tokenizer_fingerprint(inputs.tokenizer_fingerprint);
  LIMBECK_ASSIGN_OR_RETURN(
      const std::unique_ptr<TrainingLoop> loop,
      TrainingLoop::Create({options, partition, fingerprint, run.context},
                           std::move(inputs)));
  LIMBECK_RETURN_IF_ERROR(loop->Run());
  // Those trained on: a run may end before its first epoch does.
  const uint64_t trained_bins =
      std::min<uint64_t>(num_bins, loop->progress().loader.consumed_bins());
  writer->CountIn(trained_bins);
  writer->CountOut(trained_bins);
  LIMBECK_RETURN_IF_ERROR(writer->AddFolder(std::string(kCheckpointFolder)));
  LIMBECK_RETURN_IF_ERROR(
      writer->AddFile(std::string(kMetricsFile),
                      static_cast<uint64_t>(loop->progress().trained_tokens)));
  LIMBECK_RETURN_IF_ERROR(writer->Commit());
  return RemoveStates(partition);
}

}  // namespace

absl::Status RunTrainStage(const TrainOptions& resolved, const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const TrainOptions options,
                           ResolveOptions(resolved));
  // The one place where LibTorch's exceptions become a Status.
  try {
    return Train(options, run);
  } catch (const c10::Error& error) {
    return absl::InternalError(absl::StrCat(
        "stage '", run.identity.name, "': ", error.what_without_backtrace()));
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("stage '", run.identity.name, "': ", error.what()));
  }
}

}  // namespace limbeck
