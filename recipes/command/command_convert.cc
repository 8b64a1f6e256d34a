// limbeck convert: a checkpoint in another number format or in other files.
#include <c10/core/ScalarType.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer_config.h"
#include "recipes/command/commands.h"
#include "recipes/command/model_edits.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/console/progress.h"
#include "recipes/run/artefact_path.h"
#include "recipes/run/torch_boundary.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/convert.h"
#include "student/checkpoint/dtype.h"

namespace limbeck {
namespace {

// Smaller ones are written before anybody could read how far it is.
constexpr uint64_t kBytesWorthProgress = uint64_t{1} << 28;

struct ConvertArguments {
  std::string from;
  std::string to;
  std::string dtype;
  uint64_t shard_bytes = 0;
  ModelEdits edits;
};

// Shows how far the writing of a large model is, on standard error.
class WritingProgress {
 public:
  WritingProgress() : display_(StderrProgress()) {}
  ~WritingProgress() {
    if (started_) display_.FinishStage("written");
  }

  void Show(uint64_t done, uint64_t total) {
    if (total < kBytesWorthProgress) return;
    if (!started_) {
      display_.StartStage(1, 1, "convert");
      display_.Begin("weights", total >> 20, "MiB");
      started_ = true;
    }
    display_.SetDone(done >> 20);
  }
  void Warn(absl::string_view text) { display_.Message(text); }

 private:
  ProgressDisplay display_;
  bool started_ = false;
};

// The way of a model that is changed: it is read as a whole.
absl::Status WriteEdited(const ConvertArguments& arguments,
                         const std::string& from,
                         std::optional<at::ScalarType> dtype,
                         SaveOptions options) {
  LIMBECK_ASSIGN_OR_RETURN(Model model, LoadCheckpoint(from));
  if (!dtype) {
    LIMBECK_ASSIGN_OR_RETURN(dtype, ParseDtype(model.config.dtype));
  }
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string text,
      EditModel(arguments.edits, options.tokenizer_directory, model));
  options.dtype = *dtype;
  LIMBECK_RETURN_IF_ERROR(SaveCheckpoint(model, options, arguments.to));
  return WriteToStandardOutput(absl::StrCat(text, model.config.NumParameters(),
                                            " parameters, ", DtypeName(*dtype),
                                            ": ", arguments.to, "\n"));
}

absl::Status ConvertCommand(const ConvertArguments& arguments) {
  if (FileExists(arguments.to) || IsDirectory(arguments.to)) {
    return absl::AlreadyExistsError(
        absl::StrCat(arguments.to, " exists; name a folder that does not"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string from,
                           FindModelPath(arguments.from));
  std::optional<at::ScalarType> dtype;
  if (!arguments.dtype.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(dtype, ParseDtype(arguments.dtype));
  }
  if (!arguments.edits.extract_base.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(
        const std::string text,
        ExtractAdapter(arguments.edits, from, arguments.to));
    return WriteToStandardOutput(text);
  }
  WritingProgress progress;
  SaveOptions options;
  options.shard_bytes = arguments.shard_bytes;
  options.progress = [&progress](uint64_t done, uint64_t total) {
    progress.Show(done, total);
  };
  if (!ListTokenizerFiles(from).empty()) options.tokenizer_directory = from;
  if (arguments.edits.ChangesModel()) {
    return WriteEdited(arguments, from, dtype, std::move(options));
  }
  LIMBECK_ASSIGN_OR_RETURN(
      const Conversion conversion,
      ConvertCheckpoint(from, dtype, options, arguments.to));
  for (const std::string& remark : conversion.remarks) progress.Warn(remark);
  const std::string loss = CastLossText(conversion.loss);
  return WriteToStandardOutput(
      absl::StrCat(conversion.config.NumParameters(), " parameters, ",
                   conversion.config.dtype, ": ", arguments.to, "\n", loss,
                   loss.empty() ? "" : "\n"));
}

}  // namespace

void AddConvertCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* verb = AddVerb(
      app, "convert",
      "Write a checkpoint in another number format, in one file or in shards, "
      "with an adapter merged, or as an adapter",
      "limbeck convert recipes/quickstart/teacher teacher_bf16 --dtype "
      "bfloat16");
  verb->add_option("from", arguments->from,
                   "Checkpoint folder, or WORKSPACE/STAGE")
      ->required();
  verb->add_option("to", arguments->to, "New folder")->required();
  verb->add_option("--dtype", arguments->dtype,
                   "Default: as stored; float8 becomes bfloat16")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  verb->add_option("--shard_size", arguments->shard_bytes,
                   "Largest file, as 5GB or 500MB; default: one file")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true))
      ->check(CLI::PositiveNumber);
  AddEditOptions(*verb, arguments->edits);
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return ConvertCommand(*arguments); });
  });
}

}  // namespace limbeck
