#include "recipes/run/earlier_samples.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "recipes/run/stage_planner.h"

namespace limbeck {
namespace {

bool SamplesByKey(const std::string& kind) {
  return kind == "generate" || kind == "evaluate";
}

// Options may differ: the stage compares those that decide a sample.
bool IsSameWork(const Manifest& manifest, const StageIdentity& identity) {
  if (manifest.stage_kind() != identity.kind ||
      manifest.stage_version() != identity.version ||
      manifest.seed() != identity.seed ||
      manifest.parents_size() != static_cast<int>(identity.parents.size())) {
    return false;
  }
  for (int i = 0; i < manifest.parents_size(); ++i) {
    const auto& [name, digest] = identity.parents[static_cast<size_t>(i)];
    if (manifest.parents(i).name() != name ||
        manifest.parents(i).content_digest() != digest) {
      return false;
    }
  }
  return true;
}

absl::StatusOr<std::optional<Artefact>> FindLargest(
    const std::string& workspace, const StageIdentity& identity) {
  std::optional<Artefact> largest;
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> directories,
                           ArtefactsOf(workspace, identity.name));
  for (const std::string& directory : directories) {
    absl::StatusOr<Artefact> artefact = Artefact::Open(directory);
    if (!artefact.ok() || !IsSameWork(artefact->manifest(), identity)) continue;
    if (!largest.has_value() || artefact->manifest().counts().in() >
                                    largest->manifest().counts().in()) {
      largest = *std::move(artefact);
    }
  }
  return largest;
}

// Hard links where the disk has them: every file is replaced by renaming, so
// the earlier artefact never changes through its link.
absl::Status LinkOrCopy(const std::string& from, const std::string& to) {
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(DirName(to)));
  std::error_code error;
  std::filesystem::create_hard_link(from, to, error);
  if (!error) return absl::OkStatus();
  return CopyFileAtomically(from, to);
}

}  // namespace

absl::Status TakeOverEarlierSamples(const std::string& workspace,
                                    const StageIdentity& identity,
                                    const std::string& directory) {
  if (!SamplesByKey(identity.kind)) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> present,
                           ListDirectory(directory));
  if (!present.empty()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<Artefact> earlier,
                           FindLargest(workspace, identity));
  if (!earlier.has_value()) return absl::OkStatus();
  for (int i = 0; i < earlier->num_partitions(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest,
                             earlier->PartitionManifest(i));
    const std::string from = PartitionPath(earlier->directory(), i);
    const std::string to = PartitionPath(directory, i);
    for (const FileEntry& file : manifest.files()) {
      LIMBECK_RETURN_IF_ERROR(
          LinkOrCopy(JoinPath(from, file.name()), JoinPath(to, file.name())));
    }
    // Last, as always: a partition without manifest is swept away.
    LIMBECK_RETURN_IF_ERROR(
        LinkOrCopy(JoinPath(from, kManifestName), JoinPath(to, kManifestName)));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
