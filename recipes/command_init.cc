// limbeck init: a model of a family with random weights.
#include <c10/core/ScalarType.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer.h"
#include "recipes/artefact_path.h"
#include "recipes/commands.h"
#include "recipes/jsonl_filter.h"
#include "recipes/torch_boundary.h"
#include "student/checkpoint.h"
#include "student/dtype.h"

namespace limbeck {
namespace {

struct InitArguments {
  std::string directory;
  std::string tokenizer;
  std::string dtype = "float32";
  uint64_t seed = 0;
  ModelConfig config;
};

// Vocabulary and end tokens come from the tokenizer unless they are given.
absl::Status TakeFromTokenizer(InitArguments& arguments) {
  if (arguments.tokenizer.empty()) {
    if (arguments.config.vocab_size > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "give --vocab_size, or --tokenizer to take it from");
  }
  LIMBECK_ASSIGN_OR_RETURN(arguments.tokenizer,
                           FindTokenizerPath(arguments.tokenizer));
  LIMBECK_ASSIGN_OR_RETURN(const auto tokenizer,
                           LoadTokenizer(arguments.tokenizer));
  ModelConfig& config = arguments.config;
  if (config.vocab_size == 0) config.vocab_size = tokenizer->vocab_size();
  if (config.vocab_size < tokenizer->vocab_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--vocab_size is ", config.vocab_size,
                     ", the tokenizer has ", tokenizer->vocab_size(), " ids"));
  }
  config.eos_ids = tokenizer->end_ids();
  return absl::OkStatus();
}

absl::Status InitCommand(InitArguments arguments) {
  if (FileExists(arguments.directory) || IsDirectory(arguments.directory)) {
    return absl::AlreadyExistsError(absl::StrCat(
        arguments.directory, " exists; name a folder that does not"));
  }
  ModelConfig& config = arguments.config;
  LIMBECK_RETURN_IF_ERROR(TakeFromTokenizer(arguments));
  if (config.num_kv_heads == 0) config.num_kv_heads = config.num_heads;
  if (config.head_dim == 0 && config.num_heads > 0) {
    config.head_dim = config.hidden_size / config.num_heads;
  }
  config.qkv_bias = config.model_type == "qwen2";
  config.dtype = arguments.dtype;
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  LIMBECK_ASSIGN_OR_RETURN(const Model model,
                           MakeRandomModel(config, arguments.seed));
  LIMBECK_ASSIGN_OR_RETURN(const at::ScalarType dtype,
                           ParseDtype(arguments.dtype));
  LIMBECK_RETURN_IF_ERROR(
      SaveCheckpoint(model, dtype, arguments.tokenizer, arguments.directory));
  return WriteToStandardOutput(
      absl::StrCat(config.NumParameters(), " parameters, ", config.model_type,
                   ", ", arguments.dtype, ": ", arguments.directory, "\n"));
}

void AddShapeOptions(CLI::App& verb, ModelConfig& config) {
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 10000;
  config.max_positions = 2048;
  config.tied_head = true;
  verb.add_option("--family", config.model_type, "llama or qwen2")
      ->check(CLI::IsMember({"llama", "qwen2"}));
  verb.add_option("--vocab_size", config.vocab_size, "Rows of the embedding");
  verb.add_option("--hidden_size", config.hidden_size)->required();
  verb.add_option("--layers", config.num_layers)->required();
  verb.add_option("--heads", config.num_heads)->required();
  verb.add_option("--kv_heads", config.num_kv_heads, "Default: --heads");
  verb.add_option("--head_dim", config.head_dim,
                  "Default: hidden_size / heads");
  verb.add_option("--intermediate_size", config.intermediate_size)->required();
  verb.add_option("--max_positions", config.max_positions, "Default 2048");
  verb.add_option("--rope_theta", config.rope_theta, "Default 10000");
  verb.add_flag("--tied_head,!--untied_head", config.tied_head,
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
  verb->add_option("--dtype", arguments->dtype, "As stored, default float32")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  AddShapeOptions(*verb, arguments->config);
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return InitCommand(*arguments); });
  });
}

}  // namespace limbeck
