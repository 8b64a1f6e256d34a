// limbeck inspect: header, counts and records of anything on disk.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "data/base/status_macros.h"
#include "recipes/commands.h"
#include "recipes/inspection.h"
#include "recipes/jsonl_filter.h"
#include "recipes/torch_boundary.h"

namespace limbeck {
namespace {

struct InspectArguments {
  std::string path;
  uint64_t records = 0;
};

absl::Status InspectCommand(const InspectArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           Inspect(arguments.path, arguments.records));
  return WriteToStandardOutput(text);
}

}  // namespace

void AddInspectCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* verb = AddVerb(
      app, "inspect", "Show an artefact, shard, checkpoint or tokenizer folder",
      "limbeck inspect workspace/quickstart/traces-0123456789ab --records 2");
  verb->add_option("path", arguments->path, "File or folder")->required();
  verb->add_option("--records", arguments->records,
                   "Also the first N records of each shard, as text")
      ->check(CLI::NonNegativeNumber);
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return InspectCommand(*arguments); });
  });
}

}  // namespace limbeck
