// Saved states of a training run.
#include "distill/training_state.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/check.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/safetensors.h"

namespace limbeck {
namespace {

constexpr int64_t kStateVersion = 1;
constexpr absl::string_view kStatePrefix = "step-";
constexpr absl::string_view kPartialFolder = "partial";
constexpr absl::string_view kTensorsFile = "state.safetensors";
constexpr absl::string_view kStateFile = "state.json";
constexpr absl::string_view kOwnDigest = "state_sha256";
constexpr uint64_t kMaxStateBytes = uint64_t{1} << 20;

// Zero-padded, so that the order of names is the order of steps.
std::string FolderName(int64_t step) {
  return absl::StrFormat("%s%012d", kStatePrefix, step);
}

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

NamedTensors StateTensors(const Model& model, const AdamWState& optimizer) {
  NamedTensors tensors;
  for (size_t i = 0; i < model.groups.size(); ++i) {
    const ParameterGroup& group = model.groups[i];
    tensors.emplace_back(group.name + ".weights", group.flat);
    tensors.emplace_back(group.name + ".first_moment",
                         optimizer.first_moment[i]);
    tensors.emplace_back(group.name + ".second_moment",
                         optimizer.second_moment[i]);
  }
  return tensors;
}

Json StateToJson(const TrainingProgress& progress,
                 const AdamWState& optimizer) {
  Json state = Json::Object();
  state.Set("version", kStateVersion);
  state.Set("step", progress.step);
  state.Set("applied_steps", optimizer.applied_steps);
  state.Set("trained_tokens", progress.trained_tokens);
  state.Set("trained_loss_tokens", progress.trained_loss_tokens);
  state.Set("skipped_steps", progress.skipped_steps);
  state.Set("skipped_in_a_row", progress.skipped_in_a_row);
  state.Set("metrics_bytes", progress.metrics_bytes);
  Json loader = Json::Object();
  loader.Set("data_digest", progress.loader.data_digest());
  // As text: 64 bits without a sign do not fit every JSON reader.
  loader.Set("seed", absl::StrCat(progress.loader.seed()));
  loader.Set("consumed_bins", progress.loader.consumed_bins());
  state.Set("loader", std::move(loader));
  return state;
}

absl::Status ReadLoader(const Json& state, LoaderState& loader) {
  const Json* found = state.Find("loader");
  if (found == nullptr) return absl::DataLossError("'loader' is missing");
  LIMBECK_ASSIGN_OR_RETURN(const std::string digest,
                           found->GetString("data_digest"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string seed, found->GetString("seed"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t consumed,
                           found->GetInt("consumed_bins"));
  uint64_t seed_value = 0;
  if (!absl::SimpleAtoi(seed, &seed_value)) {
    return absl::DataLossError(
        absl::StrCat("'loader.seed' is '", seed, "', expected an integer"));
  }
  loader.set_data_digest(digest);
  loader.set_seed(seed_value);
  loader.set_consumed_bins(static_cast<uint64_t>(consumed));
  return absl::OkStatus();
}

absl::StatusOr<TrainingProgress> ProgressFromJson(const Json& state,
                                                  AdamWState& optimizer) {
  TrainingProgress progress;
  LIMBECK_ASSIGN_OR_RETURN(progress.step, state.GetInt("step"));
  LIMBECK_ASSIGN_OR_RETURN(optimizer.applied_steps,
                           state.GetInt("applied_steps"));
  LIMBECK_ASSIGN_OR_RETURN(progress.trained_tokens,
                           state.GetInt("trained_tokens"));
  LIMBECK_ASSIGN_OR_RETURN(progress.trained_loss_tokens,
                           state.GetInt("trained_loss_tokens"));
  LIMBECK_ASSIGN_OR_RETURN(progress.skipped_steps,
                           state.GetInt("skipped_steps"));
  LIMBECK_ASSIGN_OR_RETURN(progress.skipped_in_a_row,
                           state.GetInt("skipped_in_a_row"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t bytes, state.GetInt("metrics_bytes"));
  progress.metrics_bytes = static_cast<uint64_t>(bytes);
  LIMBECK_RETURN_IF_ERROR(ReadLoader(state, progress.loader));
  return progress;
}

absl::Status WithFolder(const std::string& folder, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("training state ", folder,
                                                  ": ", status.message()));
}

// The state without its last member, the SHA-256 of all others. Whatever keeps
// the text from being checked is damage.
absl::StatusOr<Json> ParseState(absl::string_view text) {
  absl::StatusOr<Json> state = ParseJson(text);
  const absl::StatusOr<std::string> expected =
      state.ok() ? state->GetString(kOwnDigest) : state.status();
  if (!expected.ok()) {
    return absl::DataLossError(
        absl::StrCat(kStateFile, ": ", expected.status().message()));
  }
  state->object().pop_back();
  const std::string found = Sha256Hex(WriteJson(*state));
  if (found == *expected) return state;
  return absl::DataLossError(absl::StrCat(kStateFile, " has SHA-256 ", found,
                                          ", it says ", *expected));
}

absl::Status CheckIdentity(const Json& state, const std::string& fingerprint) {
  LIMBECK_ASSIGN_OR_RETURN(const int64_t version, state.GetInt("version"));
  if (version != kStateVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "has version ", version, ", this program reads ", kStateVersion));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string found,
                           state.GetString("fingerprint"));
  if (found == fingerprint) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "is of the run ", found, ", this run is ", fingerprint,
      ": options, seed or data changed; remove the folder to train anew, or "
      "take the changes back to go on"));
}

absl::Status CheckDigest(const std::string& path, const Json& state) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string expected,
                           state.GetString("tensors_sha256"));
  if (!FileExists(path)) {
    return absl::DataLossError(absl::StrCat(kTensorsFile, " is missing"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string found, Sha256HexOfFile(path));
  if (found == expected) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(kTensorsFile, " has SHA-256 ", found,
                                          ", ", kStateFile, " says ",
                                          expected));
}

// Copies every tensor of the file into the run's own memory.
absl::Status ReadTensors(const std::string& path, const NamedTensors& tensors) {
  LIMBECK_ASSIGN_OR_RETURN(const SafetensorsFile file,
                           SafetensorsFile::Open(path));
  for (const auto& [name, tensor] : tensors) {
    LIMBECK_ASSIGN_OR_RETURN(const at::Tensor stored, file.Get(name));
    if (stored.numel() != tensor.numel() ||
        stored.scalar_type() != tensor.scalar_type()) {
      return absl::FailedPreconditionError(
          absl::StrCat(name, " has ", stored.numel(), " elements, the model ",
                       tensor.numel()));
    }
    at::Tensor target = tensor;
    target.copy_(stored);
  }
  return absl::OkStatus();
}

// First what proves it whole: a half-removed state must not look usable.
absl::Status RemoveState(const std::string& folder) {
  const std::string proof = JoinPath(folder, kStateFile);
  if (FileExists(proof)) LIMBECK_RETURN_IF_ERROR(RemoveTree(proof));
  return RemoveTree(folder);
}

}  // namespace

absl::Status TrainingStates::WriteFolder(const std::string& folder,
                                         const TrainingProgress& progress,
                                         const Model& model,
                                         const AdamWState& optimizer) const {
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(folder));
  const std::string tensors = JoinPath(folder, kTensorsFile);
  LIMBECK_RETURN_IF_ERROR(
      WriteSafetensors(tensors, StateTensors(model, optimizer)));
  LIMBECK_RETURN_IF_ERROR(
      SaveCheckpoint(model,
                     {.dtype = settings_.export_dtype,
                      .tokenizer_directory = settings_.tokenizer_directory},
                     JoinPath(folder, kCheckpointFolder)));
  Json state = StateToJson(progress, optimizer);
  state.Set("fingerprint", settings_.fingerprint);
  LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(tensors));
  state.Set("tensors_sha256", digest);
  state.Set("threads", at::get_num_threads());
  state.Set(kOwnDigest, Sha256Hex(WriteJson(state)));
  return WriteFileAtomically(JoinPath(folder, kStateFile),
                             WriteJsonIndented(state) + "\n");
}

absl::Status TrainingStates::Save(const TrainingProgress& progress,
                                  const Model& model,
                                  const AdamWState& optimizer) const {
  const std::string folder =
      JoinPath(settings_.directory, FolderName(progress.step));
  if (IsDirectory(folder)) return absl::OkStatus();
  const std::string partial = JoinPath(settings_.directory, kPartialFolder);
  if (IsDirectory(partial)) LIMBECK_RETURN_IF_ERROR(RemoveTree(partial));
  LIMBECK_RETURN_IF_ERROR(WriteFolder(partial, progress, model, optimizer));
  LIMBECK_RETURN_IF_ERROR(SyncDirectory(partial));
  LIMBECK_RETURN_IF_ERROR(RenameDurably(partial, folder));
  return RemoveOld();
}

absl::Status TrainingStates::RemoveOld() const {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(settings_.directory));
  std::vector<std::string> folders;
  for (const std::string& name : names) {
    if (absl::StartsWith(name, kStatePrefix)) folders.push_back(name);
  }
  const auto keep = static_cast<size_t>(settings_.keep);
  for (size_t i = 0; i + keep < folders.size(); ++i) {
    LIMBECK_RETURN_IF_ERROR(
        RemoveState(JoinPath(settings_.directory, folders[i])));
  }
  return absl::OkStatus();
}

absl::StatusOr<TrainingProgress> TrainingStates::ReadFolder(
    const std::string& folder, Model& model, AdamWState& optimizer) const {
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string text,
      ReadFile(JoinPath(folder, kStateFile), kMaxStateBytes));
  LIMBECK_ASSIGN_OR_RETURN(const Json state, ParseState(text));
  LIMBECK_RETURN_IF_ERROR(CheckIdentity(state, settings_.fingerprint));
  LIMBECK_ASSIGN_OR_RETURN(const TrainingProgress progress,
                           ProgressFromJson(state, optimizer));
  const std::string tensors = JoinPath(folder, kTensorsFile);
  LIMBECK_RETURN_IF_ERROR(CheckDigest(tensors, state));
  LIMBECK_RETURN_IF_ERROR(ReadTensors(tensors, StateTensors(model, optimizer)));
  return progress;
}

absl::StatusOr<std::vector<std::string>> TrainingStates::NewestFirst() const {
  std::vector<std::string> folders;
  if (!IsDirectory(settings_.directory)) return folders;
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(settings_.directory));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const std::string folder = JoinPath(settings_.directory, *name);
    if (absl::StartsWith(*name, kStatePrefix) &&
        FileExists(JoinPath(folder, kStateFile))) {
      folders.push_back(folder);
    } else {
      LIMBECK_RETURN_IF_ERROR(RemoveTree(folder));
    }
  }
  return folders;
}

absl::StatusOr<std::optional<TrainingProgress>> TrainingStates::Restore(
    Model& model, AdamWState& optimizer) const {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> folders,
                           NewestFirst());
  std::vector<absl::Status> damage;  // of the first folders
  for (const std::string& folder : folders) {
    absl::StatusOr<TrainingProgress> progress =
        ReadFolder(folder, model, optimizer);
    if (progress.ok()) {
      LIMBECK_RETURN_IF_ERROR(RemoveDamaged(damage, folders, progress->step));
      return *std::move(progress);
    }
    const absl::Status status = WithFolder(folder, progress.status());
    if (!absl::IsDataLoss(status)) return status;
    damage.push_back(status);
  }
  if (damage.empty()) return std::nullopt;
  return absl::DataLossError(absl::StrCat(
      damage.front().message(), "; no other state is whole: remove the folder ",
      settings_.directory, " to train from the beginning"));
}

absl::Status TrainingStates::RemoveDamaged(
    const std::vector<absl::Status>& damage,
    const std::vector<std::string>& folders, int64_t step) const {
  for (size_t i = 0; i < damage.size(); ++i) {
    if (settings_.warn) {
      settings_.warn(
          absl::StrCat(damage[i].message(),
                       "; it is removed, training goes on from step ", step));
    }
    // In its place Save writes a whole one.
    LIMBECK_RETURN_IF_ERROR(RemoveState(folders[i]));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
