// limbeck init: a model of a family with random weights.
#include <c10/core/ScalarType.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer.h"
#include "recipes/command/commands.h"
#include "recipes/command/new_model.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/run/artefact_path.h"
#include "recipes/run/torch_boundary.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/dtype.h"
#include "student/config/config_family.h"

namespace limbeck {
namespace {

struct InitArguments {
  std::string directory;
  std::string tokenizer;
  std::optional<std::string> dtype;  // default: of --config, else float32
  uint64_t seed = 0;
  NewModelOptions model;
};

// Vocabulary and end tokens come from the tokenizer unless they are given.
absl::Status TakeFromTokenizer(const InitArguments& arguments,
                               ModelConfig& config) {
  if (arguments.tokenizer.empty()) {
    if (config.vocab_size > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "give --vocab_size, or --tokenizer to take it from");
  }
  LIMBECK_ASSIGN_OR_RETURN(const auto tokenizer,
                           LoadTokenizer(arguments.tokenizer));
  if (config.vocab_size == 0) config.vocab_size = tokenizer->vocab_size();
  if (config.vocab_size < tokenizer->vocab_size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "vocab_size is ", config.vocab_size, ", but the tokenizer ",
        arguments.tokenizer, " has ", tokenizer->vocab_size(),
        " ids; give --vocab_size ", tokenizer->vocab_size(), " or more"));
  }
  config.eos_ids = tokenizer->end_ids();
  return absl::OkStatus();
}

absl::Status InitCommand(InitArguments arguments) {
  if (FileExists(arguments.directory) || IsDirectory(arguments.directory)) {
    return absl::AlreadyExistsError(absl::StrCat(
        arguments.directory, " exists; name a folder that does not"));
  }
  if (!arguments.tokenizer.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(arguments.tokenizer,
                             FindTokenizerPath(arguments.tokenizer));
  }
  LIMBECK_ASSIGN_OR_RETURN(ModelConfig config,
                           ConfigOfNewModel(arguments.model));
  LIMBECK_RETURN_IF_ERROR(TakeFromTokenizer(arguments, config));
  config.dtype = arguments.dtype.value_or(config.dtype);
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  LIMBECK_ASSIGN_OR_RETURN(const Model model,
                           MakeRandomModel(config, arguments.seed));
  LIMBECK_ASSIGN_OR_RETURN(const at::ScalarType dtype,
                           ParseDtype(config.dtype));
  LIMBECK_RETURN_IF_ERROR(SaveCheckpoint(
      model, {.dtype = dtype, .tokenizer_directory = arguments.tokenizer},
      arguments.directory));
  return WriteToStandardOutput(
      absl::StrCat(config.NumParameters(), " parameters, ", config.model_type,
                   ", ", config.dtype, ": ", arguments.directory, "\n"));
}

void AddShapeOptions(CLI::App& verb, NewModelOptions& model) {
  verb.add_option("--config", model.config_path,
                  "config.json, or a folder with one, whose architecture is "
                  "taken; the options below change it");
  verb.add_option(
          "--family", model.family,
          "llama (default), mistral, qwen2, qwen3 or deepseek_v3 (small "
          "latents, 8 experts after a dense layer; others, windows and "
          "RoPE scaling by --config)")
      ->check(CLI::IsMember(ModelFamilyNames()));
  verb.add_option("--vocab_size", model.vocab_size, "Rows of the embedding");
  verb.add_option("--hidden_size", model.hidden_size);
  verb.add_option("--layers", model.num_layers);
  verb.add_option("--heads", model.num_heads);
  verb.add_option("--kv_heads", model.num_kv_heads, "Default: --heads");
  verb.add_option("--head_dim", model.head_dim,
                  "Default: hidden_size / heads; of deepseek_v3 without the "
                  "rotated channels, half as many again");
  verb.add_option("--intermediate_size", model.intermediate_size,
                  "Experts of deepseek_v3 have a quarter");
  verb.add_option("--max_positions", model.max_positions, "Default 2048");
  verb.add_option("--rope_theta", model.rope_theta,
                  "Default 10000; mistral and qwen3: 1000000");
  verb.add_flag_function(
      "--tied_head,!--untied_head",
      [&model](int64_t count) { model.tied_head = count > 0; },
      "The head is the embedding (default)");
}

}  // namespace

void AddInitCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<InitArguments>();
  CLI::App* verb = AddVerb(
      app, "init", "Write a model with random weights",
      "limbeck init tiny --tokenizer recipes/quickstart/teacher --hidden_size "
      "64 --layers 2 --heads 4 --intermediate_size 128");
  verb->add_option("directory", arguments->directory, "New folder")->required();
  verb->add_option("--tokenizer", arguments->tokenizer,
                   "Folder whose tokenizer goes along");
  verb->add_option("--seed", arguments->seed, "Of the weights, default 0")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--dtype", arguments->dtype,
                   "As stored, default that of --config, else float32")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  AddShapeOptions(*verb, arguments->model);
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return InitCommand(*arguments); });
  });
}

}  // namespace limbeck
