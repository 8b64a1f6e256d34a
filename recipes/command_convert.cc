// limbeck convert: a checkpoint in another dtype, in one file.
#include <c10/core/ScalarType.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer_config.h"
#include "recipes/artefact_path.h"
#include "recipes/commands.h"
#include "recipes/jsonl_filter.h"
#include "recipes/torch_boundary.h"
#include "student/checkpoint.h"
#include "student/dtype.h"

namespace limbeck {
namespace {

struct ConvertArguments {
  std::string from;
  std::string to;
  std::string dtype;
};

absl::Status ConvertCommand(const ConvertArguments& arguments) {
  if (FileExists(arguments.to) || IsDirectory(arguments.to)) {
    return absl::AlreadyExistsError(
        absl::StrCat(arguments.to, " exists; name a folder that does not"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string from,
                           FindModelPath(arguments.from));
  LIMBECK_ASSIGN_OR_RETURN(Model model, LoadCheckpoint(from));
  LIMBECK_ASSIGN_OR_RETURN(
      const at::ScalarType dtype,
      ParseDtype(arguments.dtype.empty() ? model.config.dtype
                                         : arguments.dtype));
  const bool has_tokenizer = !ListTokenizerFiles(from).empty();
  LIMBECK_RETURN_IF_ERROR(
      SaveCheckpoint(model, dtype, has_tokenizer ? from : "", arguments.to));
  return WriteToStandardOutput(absl::StrCat(model.config.NumParameters(),
                                            " parameters, ", DtypeName(dtype),
                                            ": ", arguments.to, "\n"));
}

}  // namespace

void AddConvertCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* verb = AddVerb(
      app, "convert",
      "Write a checkpoint in another dtype; sharded ones become one file",
      "limbeck convert recipes/quickstart/teacher teacher_bf16 --dtype "
      "bfloat16");
  verb->add_option("from", arguments->from,
                   "Checkpoint folder, or WORKSPACE/STAGE")
      ->required();
  verb->add_option("to", arguments->to, "New folder")->required();
  verb->add_option("--dtype", arguments->dtype, "Default: as stored")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return ConvertCommand(*arguments); });
  });
}

}  // namespace limbeck
