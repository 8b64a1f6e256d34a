// limbeck lineage: the history of one training row.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/lineage.h"
#include "recipes/commands.h"
#include "recipes/jsonl_filter.h"

namespace limbeck {
namespace {

struct LineageArguments {
  std::string shard;
  uint64_t row = 0;
  uint32_t sequence = 0;
  std::string workspace;
};

// The artefact folder of "<artefact>/part-0000/bins.lbk", or the folder itself.
std::string ArtefactOfShard(std::string path) {
  if (IsDirectory(path)) return path;
  return DirName(DirName(path));
}

// The artefact of the workspace with that name and content.
absl::StatusOr<std::string> FindParent(const std::string& workspace,
                                       const Parent& parent) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(workspace));
  for (const std::string& name : names) {
    const std::string directory = JoinPath(workspace, name);
    if (!IsDirectory(directory)) continue;
    const absl::StatusOr<Manifest> manifest = ReadManifest(directory);
    if (manifest.ok() && manifest->stage_name() == parent.name() &&
        manifest->content_digest() == parent.content_digest()) {
      return directory;
    }
  }
  return absl::NotFoundError(absl::StrCat(
      workspace, " has no artefact '", parent.name(), "' with content ",
      parent.content_digest(), "; name its workspace with --workspace"));
}

absl::Status LineageCommand(const LineageArguments& arguments) {
  if (!FileExists(arguments.shard) && !IsDirectory(arguments.shard)) {
    return absl::NotFoundError(
        absl::StrCat(arguments.shard, " does not exist"));
  }
  const std::string artefact = ArtefactOfShard(arguments.shard);
  const std::string workspace = !arguments.workspace.empty()
                                    ? arguments.workspace
                                    : absl::StrCat(artefact, "/..");
  LIMBECK_ASSIGN_OR_RETURN(
      const Lineage lineage,
      TraceLineage(
          artefact, arguments.row, arguments.sequence,
          [&](const Parent& parent) { return FindParent(workspace, parent); }));
  return WriteToStandardOutput(FormatLineage(lineage));
}

}  // namespace

void AddLineageCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<LineageArguments>();
  CLI::App* verb = AddVerb(
      app, "lineage",
      "Where a packed training row comes from: problem, teacher, verdicts",
      "limbeck lineage workspace/quickstart/trace_bins-0123456789ab 17");
  verb->add_option("shard", arguments->shard,
                   "Pack artefact, or its part-*/bins.lbk")
      ->required();
  verb->add_option("row", arguments->row, "Number of the bin")
      ->required()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--sequence", arguments->sequence,
                   "Which sequence of the bin")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--workspace", arguments->workspace,
                   "Where the parents are (default: beside the artefact)");
  verb->callback([arguments, &result] { result = LineageCommand(*arguments); });
}

}  // namespace limbeck
