// limbeck generate: samples from a model.
#include <c10/core/ScalarType.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "recipes/command/chat_lines.h"
#include "recipes/command/commands.h"
#include "recipes/command/sample_lines.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/console/resource_usage.h"
#include "recipes/console/terminal.h"
#include "recipes/run/artefact_path.h"
#include "recipes/run/torch_boundary.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/dtype.h"
#include "teacher/local_sampler.h"

namespace limbeck {
namespace {

constexpr int kMaxSamples = 1 << 16;
// Of the memory that is free beside the weights; prefill and logits need some.
constexpr double kCacheShare = 0.8;

struct GenerateArguments {
  std::string model;
  std::string dtype;
  std::string input = "-";
  int max_tokens = 512;
  double temperature = 1.0;
  double top_p = 1.0;
  int top_k = 0;
  double min_p = 0.0;
  uint64_t seed = 0;
  int num_samples = 1;
  int logprobs = 0;
  ChatOptions chat;
  LocalSamplerOptions sampler;
};

// The weights fit, before they are read.
absl::Status CheckMemory(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const ModelConfig config,
                           ReadModelConfig(directory));
  const double weights =
      static_cast<double>(config.NumParameters()) * sizeof(float);
  const double available = static_cast<double>(AvailableMemoryBytes());
  if (weights <= available) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      directory, ": the weights take ", FormatBytes(weights), " as float32, ",
      FormatBytes(available), " of memory are free"));
}

// As float32, the type that decoding computes in.
absl::StatusOr<std::shared_ptr<const Model>> LoadModel(
    const GenerateArguments& arguments) {
  LIMBECK_RETURN_IF_ERROR(CheckMemory(arguments.model));
  LIMBECK_ASSIGN_OR_RETURN(
      const at::ScalarType dtype,
      ParseDtype(arguments.dtype.empty() ? "float32" : arguments.dtype));
  LIMBECK_ASSIGN_OR_RETURN(Model model, LoadCheckpoint(arguments.model, dtype));
  if (dtype != at::kFloat) {
    LIMBECK_ASSIGN_OR_RETURN(model, CastModel(model, at::kFloat));
  }
  return std::make_shared<const Model>(std::move(model));
}

SampleSettings Settings(const GenerateArguments& arguments) {
  SampleSettings settings;
  settings.sampling.set_temperature(arguments.temperature);
  settings.sampling.set_top_p(arguments.top_p);
  settings.sampling.set_top_k(arguments.top_k);
  settings.sampling.set_min_p(arguments.min_p);
  settings.sampling.set_max_tokens(arguments.max_tokens);
  settings.sampling.set_seed(arguments.seed);
  settings.sampling.set_exact(true);
  settings.num_samples = arguments.num_samples;
  settings.top_k_logprobs = arguments.logprobs;
  settings.chat = std::make_shared<ChatLines>(arguments.model, arguments.chat);
  return settings;
}

absl::Status GenerateCommand(GenerateArguments arguments) {
  ConfigureLibTorch(0);
  LIMBECK_ASSIGN_OR_RETURN(arguments.model, FindModelPath(arguments.model));
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> model,
                           LoadModel(arguments));
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(arguments.model));
  arguments.sampler.max_cache_bytes =
      kCacheShare * static_cast<double>(AvailableMemoryBytes());
  LIMBECK_ASSIGN_OR_RETURN(
      const std::unique_ptr<Sampler> sampler,
      CreateLocalSampler(model, tokenizer, arguments.sampler));
  const SampleSettings settings = Settings(arguments);
  FilterRun run;
  run.input = arguments.input;
  run.max_batch = 4 * arguments.sampler.rows;  // keeps the rows filled
  run.write = WriteToStandardOutput;
  run.function = [&](const std::vector<Json>& lines) {
    std::vector<absl::StatusOr<Json>> answers;
    const absl::Status status = CatchLibTorch([&] {
      answers = SampleBatch(*sampler, *tokenizer, settings, lines);
      return absl::OkStatus();
    });
    if (!status.ok()) answers.assign(lines.size(), status);
    return answers;
  };
  return RunFilter(run);
}

void AddSamplingOptions(CLI::App& verb, GenerateArguments& arguments) {
  verb.add_option("--max_tokens", arguments.max_tokens, "Default 512")
      ->check(CLI::Range(1, 1 << 24));
  verb.add_option("--temperature", arguments.temperature,
                  "0 is greedy; default 1")
      ->check(CLI::Range(0.0, 100.0));
  verb.add_option("--top_p", arguments.top_p, "Default 1: off")
      ->check(CLI::Range(1e-9, 1.0));
  verb.add_option("--top_k", arguments.top_k, "Default 0: off")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--min_p", arguments.min_p, "Default 0: off")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--seed", arguments.seed, "Default 0")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--n", arguments.num_samples, "Samples of each line")
      ->check(CLI::Range(1, kMaxSamples));
  verb.add_option("--stop", arguments.sampler.stop_strings,
                  "End where the text contains this (may be repeated)")
      ->allow_extra_args(false);
  verb.add_flag("--ignore_eos", arguments.sampler.ignore_end_ids,
                "Go on after end tokens");
  verb.add_option("--logprobs", arguments.logprobs,
                  "Also the K likeliest ids of each token")
      ->check(CLI::Range(0, 1 << 20));
  verb.add_option("--rows", arguments.sampler.rows,
                  "Samples decoded together, default 32")
      ->check(CLI::Range(1, 4096));
}

}  // namespace

void AddGenerateCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<GenerateArguments>();
  CLI::App* verb = AddVerb(
      app, "generate",
      "Filter: {\"prompt\"}, {\"ids\"} or {\"messages\"} -> {\"samples\"}",
      "echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Compute "
      "17 + 25 - 6.\"}]}' | limbeck generate --model "
      "recipes/quickstart/teacher "
      "--temperature 0");
  verb->add_option("--model", arguments->model,
                   "Checkpoint folder with tokenizer, or WORKSPACE/STAGE; "
                   "decoded in float32, 4 bytes of memory a parameter")
      ->required();
  verb->add_option("--dtype", arguments->dtype,
                   "Round the weights to this type first")
      ->check(CLI::IsMember({"float32", "bfloat16"}));
  AddSamplingOptions(*verb, *arguments);
  AddChatFlags(*verb, arguments->chat);
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback([arguments, &result] {
    result = CatchLibTorch([&] { return GenerateCommand(*arguments); });
  });
}

}  // namespace limbeck
