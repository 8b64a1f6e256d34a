#include "recipes/estimate.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/stages/artefact.h"
#include "distill/train_inputs.h"
#include "recipes/resource_usage.h"
#include "recipes/run_record.h"
#include "recipes/terminal.h"
#include "student/config.h"

namespace limbeck {
namespace {

// Generous sizes of records on disk.
constexpr double kProblemBytes = 1000;
constexpr double kDocumentBytes = 2000;
constexpr double kTextBytesPerToken = 8;    // text, before compression
constexpr double kTraceBytesPerToken = 16;  // text, id and log-probability
constexpr double kSignalBytesPerEntry = 8;  // id and log-probability
constexpr double kSampleBytesPerToken = 4;
// Weights, gradients and two moments in float32.
constexpr double kTrainingBytesPerParameter = 16;
constexpr double kFloatBytes = 4;
constexpr double kIdBytes = 4;  // of a token in a loaded bin

// What is known about an artefact or model.
struct Holding {
  std::optional<double> records;
  std::optional<double> tokens;
  std::optional<double> bin_tokens;
  std::optional<ModelConfig> model;
};

std::optional<double> Times(std::optional<double> a, double b) {
  if (!a.has_value()) return std::nullopt;
  return *a * b;
}

double KvBytes(const ModelConfig& model, double rows, double context) {
  return rows * context * static_cast<double>(model.num_layers) * 2 *
         static_cast<double>(model.num_kv_heads * model.head_dim) * kFloatBytes;
}

// What backward keeps per token and layer: inputs of norms, attention and
// feed-forward.
double ActivationBytesPerToken(const ModelConfig& model) {
  const double per_layer = 10.0 * static_cast<double>(model.hidden_size) +
                           4.0 * static_cast<double>(model.intermediate_size);
  return static_cast<double>(model.num_layers) * per_layer * kFloatBytes;
}

// One pass over the stages; later ones see what earlier ones hold.
class Estimator {
 public:
  explicit Estimator(const Recipe& recipe) : recipe_(recipe) {
    for (const ModelEntry& model : recipe.models()) {
      Holding holding;
      const auto config = ReadModelConfig(model.path());
      if (config.ok()) holding.model = *config;
      holdings_[model.name()] = holding;
    }
  }

  StageEstimate Estimate(const PlannedStage& planned) {
    const StageEntry& stage = recipe_.stages(planned.index);
    Holding& out = holdings_[stage.name()];
    StageEstimate estimate;
    Holding in;  // of the first input
    if (stage.inputs_size() > 0) in = holdings_[stage.inputs(0)];
    EstimateKind(stage, in, out, estimate);
    if (planned.state == PlannedStage::State::kDone) {
      TakeFromManifest(planned.manifest, out);
    }
    estimate.records = out.records;
    return estimate;
  }

 private:
  void EstimateKind(const StageEntry& stage, const Holding& in, Holding& out,
                    StageEstimate& estimate) {
    switch (stage.options_case()) {
      case StageEntry::kArithmeticProblems:
        out.records = stage.arithmetic_problems().num_problems();
        estimate.disk_bytes = Times(out.records, kProblemBytes);
        return;
      case StageEntry::kArithmeticCorpus:
        out.records = stage.arithmetic_corpus().num_documents();
        out.tokens = Times(out.records, kDocumentBytes / kTextBytesPerToken);
        estimate.disk_bytes = Times(out.records, kDocumentBytes);
        return;
      case StageEntry::kIngest:
        return EstimateIngest(stage.ingest(), out, estimate);
      case StageEntry::kTrainTokenizer:
        vocab_sizes_[stage.name()] = stage.train_tokenizer().vocab_size();
        return;
      case StageEntry::kPack:
        out = in;
        out.bin_tokens = stage.pack().bin_tokens();
        estimate.disk_bytes = Times(in.tokens, kSampleBytesPerToken);
        return;
      case StageEntry::kTokenize:
        out = in;
        estimate.disk_bytes = Times(in.tokens, kSampleBytesPerToken);
        return;
      case StageEntry::kGenerate:
        return EstimateGenerate(stage, in, out, estimate);
      case StageEntry::kEvaluate:
        return EstimateEvaluate(stage, in, out, estimate);
      case StageEntry::kScore:
        return EstimateScore(stage, in, out, estimate);
      case StageEntry::kTrain:
        return EstimateTrain(stage, in, out, estimate);
      case StageEntry::kCompare:
        return;
      default:  // passes records on
        out = in;
        estimate.disk_bytes = Times(in.tokens, kTraceBytesPerToken);
        return;
    }
  }

  void EstimateIngest(const IngestOptions& options, Holding& out,
                      StageEstimate& estimate) {
    const auto bytes = FileSize(options.path());
    if (bytes.ok()) estimate.disk_bytes = 2.0 * static_cast<double>(*bytes);
    if (options.max_problems() > 0) {
      out.records = static_cast<double>(options.max_problems());
    }
  }

  std::optional<ModelConfig> ModelOf(const StageEntry& stage) {
    for (const std::string& input : stage.inputs()) {
      if (holdings_[input].model.has_value()) return holdings_[input].model;
    }
    return std::nullopt;
  }

  void EstimateSampling(const StageEntry& stage, double rows,
                        StageEstimate& estimate) {
    const std::optional<ModelConfig> model = ModelOf(stage);
    if (!model.has_value()) return;
    estimate.memory_bytes =
        static_cast<double>(model->NumParameters()) * kFloatBytes +
        KvBytes(*model, rows, static_cast<double>(model->max_positions));
  }

  void EstimateGenerate(const StageEntry& stage, const Holding& in,
                        Holding& out, StageEstimate& estimate) {
    const GenerateOptions& options = stage.generate();
    out.records = Times(in.records, options.samples_per_problem());
    if (options.teacher() != GenerateOptions::KIND_LOCAL) return;
    out.tokens = Times(out.records, options.max_tokens());
    estimate.tokens = out.tokens;
    estimate.disk_bytes =
        Times(out.tokens, kTraceBytesPerToken +
                              kSignalBytesPerEntry * options.capture_top_k());
    EstimateSampling(stage, options.rows(), estimate);
  }

  void EstimateEvaluate(const StageEntry& stage, const Holding& in,
                        Holding& out, StageEstimate& estimate) {
    const EvaluateOptions& options = stage.evaluate();
    std::optional<double> problems = in.records;
    if (options.max_problems() > 0) {
      problems = std::min<double>(problems.value_or(options.max_problems()),
                                  options.max_problems());
    }
    out.records = Times(problems, options.samples_per_problem());
    estimate.tokens = Times(out.records, options.max_tokens());
    estimate.disk_bytes = Times(estimate.tokens, kTraceBytesPerToken);
    EstimateSampling(stage, options.rows(), estimate);
  }

  void EstimateScore(const StageEntry& stage, const Holding& in, Holding& out,
                     StageEstimate& estimate) {
    out = in;
    estimate.tokens = in.tokens;
    estimate.disk_bytes =
        Times(in.tokens, kSignalBytesPerEntry * stage.score().top_k());
    const std::optional<ModelConfig> model = ModelOf(stage);
    if (!model.has_value()) return;
    estimate.memory_bytes =
        static_cast<double>(model->NumParameters()) * kFloatBytes;
  }

  void EstimateTrain(const StageEntry& stage, const Holding& in, Holding& out,
                     StageEstimate& estimate) {
    const TrainOptions& options = stage.train();
    estimate.tokens = options.has_max_tokens()
                          ? static_cast<double>(options.max_tokens())
                          : Times(in.tokens, options.epochs());
    out.model = TrainedModel(options);
    if (!out.model.has_value()) return;
    const double parameters = static_cast<double>(out.model->NumParameters());
    const double bin_tokens = in.bin_tokens.value_or(0);
    const double batch_tokens =
        bin_tokens *
        std::min(options.bins_per_micro_batch(), options.bins_per_step());
    estimate.memory_bytes = parameters * kTrainingBytesPerParameter +
                            batch_tokens * ActivationBytesPerToken(*out.model) +
                            bin_tokens * options.bins_per_step() * kIdBytes +
                            ResidentTeacherBytes(options);
    estimate.disk_bytes = parameters * kTrainingBytesPerParameter *
                          (options.keep_checkpoints() + 1);
  }

  double ResidentTeacherBytes(const TrainOptions& options) {
    if (options.teacher_input().empty()) return 0;
    const auto& teacher = holdings_[options.teacher_input()].model;
    if (!teacher.has_value()) return 0;
    return static_cast<double>(teacher->NumParameters()) * kFloatBytes;
  }

  std::optional<ModelConfig> TrainedModel(const TrainOptions& options) {
    if (!options.initial_model_input().empty()) {
      return holdings_[options.initial_model_input()].model;
    }
    const auto trained = vocab_sizes_.find(options.tokenizer_input());
    if (trained != vocab_sizes_.end()) {
      return ConfigOfArchitecture(options.architecture(),
                                  static_cast<int64_t>(trained->second));
    }
    const auto& model = holdings_[options.tokenizer_input()].model;
    if (!model.has_value()) return std::nullopt;
    return ConfigOfArchitecture(options.architecture(), model->vocab_size);
  }

  static void TakeFromManifest(const Manifest& manifest, Holding& out) {
    out.records = static_cast<double>(manifest.counts().out());
    double tokens = 0;
    for (const FileEntry& file : manifest.files()) {
      tokens += static_cast<double>(file.tokens());
    }
    if (tokens > 0) out.tokens = tokens;
  }

  const Recipe& recipe_;
  std::map<std::string, Holding> holdings_;
  std::map<std::string, double> vocab_sizes_;
};

// Of the latest complete run of the stage, whatever its options were.
std::optional<double> EarlierSeconds(const std::string& workspace,
                                     const std::string& stage) {
  const auto directories = ArtefactsOf(workspace, stage);
  if (!directories.ok()) return std::nullopt;
  std::optional<double> seconds;
  for (const std::string& directory : *directories) {
    if (!FileExists(JoinPath(directory, kManifestName))) continue;
    const double wall = RecordedCost(directory).wall_seconds;
    if (wall > 0) seconds = wall;
  }
  return seconds;
}

absl::Status DoesNotFit(const ResolvedRecipe& recipe, const std::string& stage,
                        absl::string_view reason) {
  RecipeErrors errors;
  errors.Add(recipe.sources.Nearest(stage), stage, reason);
  return absl::ResourceExhaustedError(errors.ToStatus().message());
}

}  // namespace

std::vector<StageEstimate> EstimateStages(
    const ResolvedRecipe& recipe, const std::vector<PlannedStage>& stages,
    const std::string& workspace) {
  Estimator estimator(recipe.recipe);
  std::vector<StageEstimate> estimates;
  for (const PlannedStage& stage : stages) {
    StageEstimate estimate = estimator.Estimate(stage);
    estimate.seconds = EarlierSeconds(workspace, stage.name);
    estimates.push_back(estimate);
  }
  return estimates;
}

absl::Status CheckFits(const ResolvedRecipe& recipe,
                       const std::vector<PlannedStage>& stages,
                       const std::vector<StageEstimate>& estimates,
                       const std::string& workspace) {
  const double usable = static_cast<double>(UsableMemoryBytes());
  double disk = 0;
  size_t largest = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].state == PlannedStage::State::kDone) continue;
    const double memory = estimates[i].memory_bytes.value_or(0);
    if (memory > usable) {
      return DoesNotFit(
          recipe, stages[i].name,
          absl::StrCat("needs about ", FormatBytes(memory),
                       " of memory, this machine has ", FormatBytes(usable),
                       "; lower rows, bins_per_step, "
                       "bins_per_micro_batch or bin_tokens"));
    }
    disk += estimates[i].disk_bytes.value_or(0);
    if (estimates[i].disk_bytes.value_or(0) >
        estimates[largest].disk_bytes.value_or(0)) {
      largest = i;
    }
  }
  const auto free = FreeDiskBytes(workspace);
  if (!free.ok()) return free.status();
  if (disk <= static_cast<double>(*free)) return absl::OkStatus();
  return DoesNotFit(
      recipe, stages[largest].name,
      absl::StrCat("the stages need up to ", FormatBytes(disk), " of disk, ",
                   workspace, " has ", FormatBytes(static_cast<double>(*free)),
                   " free; this stage needs most"));
}

}  // namespace limbeck
