// Opens what a training stage works on and checks that it belongs together.
#include "distill/train_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/text/tokenizer.h"
#include "student/checkpoint/checkpoint.h"
#include "student/config/config.h"
#include "student/vocabulary.h"
#include "teacher/local_scorer.h"

namespace limbeck {
namespace {

constexpr double kRmsNormEpsilon = 1e-6;

absl::StatusOr<StageInput> FindInput(const StageRun& run,
                                     const std::string& field,
                                     const std::string& name) {
  std::vector<std::string> known;
  for (const StageInput& input : run.inputs) {
    if (input.name == name) return input;
    known.push_back(input.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, " names '", name,
                   "', the stage's inputs are: ", absl::StrJoin(known, ", ")));
}

// The one input that no option names.
absl::StatusOr<StageInput> FindBins(const TrainOptions& options,
                                    const StageRun& run) {
  const std::vector<std::string> named = {
      options.initial_model_input(), options.evaluation_input(),
      options.teacher_input(), options.tokenizer_input()};
  std::vector<StageInput> others;
  std::vector<std::string> names;
  for (const StageInput& input : run.inputs) {
    if (std::count(named.begin(), named.end(), input.name) > 0) continue;
    others.push_back(input);
    names.push_back(input.name);
  }
  if (others.size() == 1) return others[0];
  return absl::InvalidArgumentError(
      absl::StrCat(others.size(), " inputs could be the packed bins (",
                   absl::StrJoin(names, ", "),
                   "), expected exactly one besides those that "
                   "options name"));
}

absl::Status OpenModel(const TrainOptions& options, const StageRun& run,
                       TrainInputs& inputs) {
  const bool fresh = options.has_architecture();
  const std::string field = fresh ? "tokenizer_input" : "initial_model_input";
  LIMBECK_ASSIGN_OR_RETURN(const StageInput source,
                           FindInput(run, field,
                                     fresh ? options.tokenizer_input()
                                           : options.initial_model_input()));
  LIMBECK_ASSIGN_OR_RETURN(inputs.tokenizer_directory,
                           TokenizerDirectory(source));
  LIMBECK_ASSIGN_OR_RETURN(inputs.tokenizer,
                           LoadTokenizer(inputs.tokenizer_directory));
  const std::shared_ptr<const Tokenizer>& tokenizer = inputs.tokenizer;
  inputs.tokenizer_fingerprint = tokenizer->fingerprint();
  inputs.tokenizer_size = tokenizer->vocab_size();
  if (fresh) {
    ModelConfig config =
        ConfigOfArchitecture(options.architecture(), tokenizer->vocab_size());
    config.eos_ids = tokenizer->end_ids();
    LIMBECK_ASSIGN_OR_RETURN(inputs.model,
                             MakeRandomModel(config, run.identity.seed));
    return absl::OkStatus();
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string checkpoint,
                           CheckpointDirectory(source));
  LIMBECK_ASSIGN_OR_RETURN(inputs.model,
                           LoadCheckpoint(checkpoint, at::kFloat));
  if (inputs.tokenizer_size > inputs.model.config.vocab_size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "model '", source.name, "' has ", inputs.model.config.vocab_size,
        " embedding rows, its tokenizer has ", inputs.tokenizer_size,
        " pieces"));
  }
  return absl::OkStatus();
}

struct OpenedBins {
  std::unique_ptr<BinLoader> loader;
  bool has_signals = false;
};

absl::StatusOr<OpenedBins> OpenBins(const StageInput& input, bool want_signals,
                                    const StageRun& run,
                                    const TrainInputs& inputs) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact,
                           Artefact::Open(input.directory));
  const std::string& fingerprint = artefact.manifest().tokenizer_fingerprint();
  if (fingerprint != inputs.tokenizer_fingerprint) {
    return absl::FailedPreconditionError(absl::StrCat(
        "bins '", input.name, "' were made with tokenizer ", fingerprint,
        ", the student's tokenizer in ", inputs.tokenizer_directory, " is ",
        inputs.tokenizer_fingerprint, ": tokenize and pack again with it"));
  }
  OpenedBins opened;
  opened.has_signals =
      want_signals && FileExists(artefact.Path(0, kSignalsFile));
  LoaderOptions options;
  options.seed = run.identity.seed;
  options.with_signals = opened.has_signals;
  LIMBECK_ASSIGN_OR_RETURN(opened.loader,
                           BinLoader::Open(input.directory, options));
  return opened;
}

// The resident teacher, in the number format it is stored in.
absl::Status OpenTeacher(const TrainOptions& options, const StageRun& run,
                         TrainInputs& inputs) {
  if (!options.has_teacher_input()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(
      const StageInput input,
      FindInput(run, "teacher_input", options.teacher_input()));
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder, TokenizerDirectory(input));
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(folder));
  LIMBECK_ASSIGN_OR_RETURN(const std::string checkpoint,
                           CheckpointDirectory(input));
  // Before the weights are read.
  LIMBECK_ASSIGN_OR_RETURN(const ModelConfig config,
                           ReadModelConfig(checkpoint));
  LIMBECK_RETURN_IF_ERROR(CheckVocabularyPair(
      {absl::StrCat("teacher '", input.name, "'"), folder, tokenizer.get(),
       config.vocab_size},
      {"the student", inputs.tokenizer_directory, inputs.tokenizer.get(),
       inputs.model.config.vocab_size}));
  LIMBECK_ASSIGN_OR_RETURN(Model model, LoadCheckpoint(checkpoint));
  Teacher identity;
  identity.set_name(input.name);
  identity.set_tokenizer_fingerprint(tokenizer->fingerprint());
  inputs.teacher = MakeLocalScorer(
      std::make_shared<const Model>(std::move(model)), std::move(identity));
  return absl::OkStatus();
}

}  // namespace

ModelConfig ConfigOfArchitecture(const ArchitectureOptions& shape,
                                 int64_t vocab_size) {
  ModelConfig config;
  config.model_type = shape.qkv_bias() ? "qwen2" : "llama";
  config.vocab_size = vocab_size;
  config.hidden_size = shape.hidden_size();
  config.num_layers = shape.num_layers();
  config.num_heads = shape.num_heads();
  config.num_kv_heads = shape.num_kv_heads();
  config.head_dim = shape.head_dim();
  config.intermediate_size = shape.intermediate_size();
  config.max_positions = shape.max_positions();
  config.rms_norm_eps = kRmsNormEpsilon;
  config.rope_theta = shape.rope_theta();
  config.qkv_bias = shape.qkv_bias();
  config.tied_head = shape.tied_head();
  return config;
}

absl::StatusOr<TrainInputs> OpenTrainInputs(const TrainOptions& options,
                                            const StageRun& run) {
  const bool top_k =
      options.objective().kind() == ObjectiveOptions::KIND_TOPK_DISTILLATION;
  TrainInputs inputs;
  LIMBECK_ASSIGN_OR_RETURN(const StageInput bins, FindBins(options, run));
  LIMBECK_RETURN_IF_ERROR(OpenModel(options, run, inputs));
  LIMBECK_ASSIGN_OR_RETURN(OpenedBins opened,
                           OpenBins(bins, top_k, run, inputs));
  if (top_k && !opened.has_signals) {
    return absl::InvalidArgumentError(absl::StrCat(
        "bins '", bins.name, "' hold no ", kSignalsFile,
        ", a top-k distillation needs teacher signals packed beside them"));
  }
  inputs.bins = std::move(opened.loader);
  if (options.has_evaluation_input()) {
    LIMBECK_ASSIGN_OR_RETURN(
        const StageInput held_out,
        FindInput(run, "evaluation_input", options.evaluation_input()));
    LIMBECK_ASSIGN_OR_RETURN(OpenedBins evaluated,
                             OpenBins(held_out, top_k, run, inputs));
    inputs.held_out = std::move(evaluated.loader);
    inputs.held_out_has_signals = evaluated.has_signals;
  }
  LIMBECK_RETURN_IF_ERROR(OpenTeacher(options, run, inputs));
  return inputs;
}

}  // namespace limbeck
