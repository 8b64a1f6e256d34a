// limbeck lineage: the history of one training row.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/lineage.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/run/artefact_path.h"

namespace limbeck {
namespace {

struct LineageArguments {
  std::string shard;
  uint64_t row = 0;
  uint32_t sequence = 0;
  std::string workspace;
};

// Of "<artefact>/part-0003/bins.lbk" the row counts within the partition, of
// the folder itself over all of them.
absl::StatusOr<LineageRequest> RequestOf(const LineageArguments& arguments) {
  LineageRequest request;
  request.row = arguments.row;
  request.sequence = arguments.sequence;
  LIMBECK_ASSIGN_OR_RETURN(const std::string path,
                           FindArtefactPath(arguments.shard));
  if (IsDirectory(path)) {
    request.directory = path;
    return request;
  }
  const std::string file = BaseName(path);
  if (file != kBinsFile && file != kSamplesFile && file != kTracesFile &&
      file != kProblemsFile) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": rows are those of ", kBinsFile, ", ",
                     kSamplesFile, ", ", kTracesFile, " or ", kProblemsFile,
                     "; `limbeck inspect` shows what else there is"));
  }
  const std::string partition = BaseName(DirName(path));
  int number = 0;
  if (!absl::SimpleAtoi(absl::StripPrefix(partition, "part-"), &number) ||
      number < 0 || partition != PartitionName(number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " does not lie in a part-NNNN folder of an artefact"));
  }
  request.partition = number;
  request.directory = DirName(DirName(path));
  return request;
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
  LIMBECK_ASSIGN_OR_RETURN(const LineageRequest request, RequestOf(arguments));
  const std::string workspace = !arguments.workspace.empty()
                                    ? arguments.workspace
                                    : absl::StrCat(request.directory, "/..");
  LIMBECK_ASSIGN_OR_RETURN(const Lineage lineage,
                           TraceLineage(request, [&](const Parent& parent) {
                             return FindParent(workspace, parent);
                           }));
  return WriteToStandardOutput(FormatLineage(lineage));
}

}  // namespace

void AddLineageCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<LineageArguments>();
  CLI::App* verb = AddVerb(
      app, "lineage",
      "Where a training row comes from: problem, teacher, verdicts",
      absl::StrCat(kAfterQuickstart,
                   "limbeck lineage workspace/quickstart/trace_bins 3"));
  verb->add_option("shard", arguments->shard,
                   "Artefact of bins, samples, traces or problems (the "
                   "fingerprint may be left out), or one of its shards")
      ->required();
  verb->add_option("row", arguments->row,
                   "Record number: of the artefact, or of the shard")
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
