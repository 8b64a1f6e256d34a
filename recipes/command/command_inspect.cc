// limbeck inspect: header, counts and records of anything on disk.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "recipes/command/commands.h"
#include "recipes/command/inspection.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/run/torch_boundary.h"

namespace limbeck {
namespace {

struct InspectArguments {
  std::string path;
  uint64_t records = 0;
  bool full = false;
};

absl::Status InspectCommand(const InspectArguments& arguments) {
  InspectionOptions options;
  options.num_records = arguments.records;
  if (arguments.full) options.detail = RecordDetail::kFull;
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           Inspect(arguments.path, options));
  return WriteToStandardOutput(text);
}

}  // namespace

void AddInspectCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* verb = AddVerb(
      app, "inspect",
      "Show an artefact, shard, checkpoint, adapter or tokenizer folder",
      absl::StrCat(kAfterQuickstart,
                   "limbeck inspect workspace/quickstart/traces --records 2"));
  verb->add_option("path", arguments->path,
                   "File or folder; an artefact's fingerprint may be left out")
      ->required();
  verb->add_option("--records", arguments->records,
                   "Also the first N records of each shard, as text")
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("--full", arguments->full,
                 "Everything in Protobuf text format, nothing shortened");
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return InspectCommand(*arguments); });
  });
}

}  // namespace limbeck
