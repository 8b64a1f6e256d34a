#include "recipes/run/estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "data/base/file.h"
#include "data/stages/artefact.h"
#include "distill/train_inputs.h"
#include "recipes/run/run_record.h"
#include "recipes/run/stage_memory.h"
#include "recipes/run/stage_time.h"
#include "student/config/config.h"

namespace limbeck {
namespace {

// Generous sizes of records on disk.
constexpr double kProblemBytes = 1000;
constexpr double kDocumentBytes = 2000;
constexpr double kTextBytesPerToken = 8;    // text, before compression
constexpr double kTraceBytesPerToken = 16;  // text, id and log-probability
constexpr double kSignalBytesPerEntry = 8;  // id and log-probability
constexpr double kSampleBytesPerToken = 4;
constexpr double kShortestLineBytes = 30;  // a problem as JSON
// Weights, gradients and two moments in float32.
constexpr double kStateBytesPerParameter = 16;
// Of a prompt, where only the output's bound is known.
constexpr double kPromptTokens = 64;

// What is known about an artefact or model.
struct Holding {
  std::optional<double> records;
  std::optional<double> tokens;
  std::optional<double> bin_tokens;
  std::optional<ModelConfig> model;
};

// What a stage is reckoned from, and what comes of it.
struct Sheet {
  const StageEntry& stage;
  Holding in;  // of the first input
  Holding out;
  StageEstimate estimate;
  StageWork work;
  bool work_known = false;
};

std::optional<double> Times(std::optional<double> a, double b) {
  if (!a.has_value()) return std::nullopt;
  return *a * b;
}

double Parameters(const ModelConfig& model) {
  return static_cast<double>(model.NumParameters());
}

// Those that a token is multiplied with.
double ActiveParameters(const ModelConfig& model) {
  return static_cast<double>(model.NumActiveParameters());
}

// One pass over the stages; later ones see what earlier ones hold.
class Estimator {
 public:
  explicit Estimator(const Recipe& recipe)
      : recipe_(recipe), threads_(ThreadsOf(recipe)) {
    for (const ModelEntry& model : recipe.models()) {
      Holding holding;
      const auto config = ReadModelConfig(model.path());
      if (config.ok()) holding.model = *config;
      holdings_[model.name()] = holding;
    }
  }

  StageEstimate Estimate(const PlannedStage& planned) {
    const StageEntry& stage = recipe_.stages(planned.index);
    Sheet sheet = {stage, {}, {}, {}, {}, false};
    if (stage.inputs_size() > 0) sheet.in = holdings_[stage.inputs(0)];
    EstimateKind(sheet);
    if (planned.state == PlannedStage::State::kDone) {
      TakeFromManifest(planned.manifest, sheet.out);
    }
    sheet.estimate.records = sheet.out.records;
    if (sheet.work_known) {
      sheet.estimate.seconds = SecondsByRates(sheet.work, threads_);
      sheet.estimate.time_source = StageEstimate::TimeSource::kRates;
    }
    holdings_[stage.name()] = sheet.out;
    return sheet.estimate;
  }

 private:
  void EstimateKind(Sheet& sheet) {
    switch (sheet.stage.options_case()) {
      case StageEntry::kGenerate:
        return EstimateGenerate(sheet);
      case StageEntry::kEvaluate:
        return EstimateEvaluate(sheet);
      case StageEntry::kScore:
        return EstimateScore(sheet);
      case StageEntry::kTrain:
        return EstimateTrain(sheet);
      default:
        return EstimateRecords(sheet);
    }
  }

  // Stages without a model.
  void EstimateRecords(Sheet& sheet) {
    StageSize size;
    size.threads = threads_;
    switch (sheet.stage.options_case()) {
      case StageEntry::kArithmeticProblems:
        sheet.out.records = sheet.stage.arithmetic_problems().num_problems();
        sheet.estimate.disk_bytes = Times(sheet.out.records, kProblemBytes);
        break;
      case StageEntry::kArithmeticCorpus:
        sheet.out.records = sheet.stage.arithmetic_corpus().num_documents();
        sheet.out.tokens =
            Times(sheet.out.records, kDocumentBytes / kTextBytesPerToken);
        sheet.estimate.disk_bytes = Times(sheet.out.records, kDocumentBytes);
        break;
      case StageEntry::kIngest:
        size.file_bytes = EstimateIngest(sheet);
        break;
      case StageEntry::kTrainTokenizer:
        vocab_sizes_[sheet.stage.name()] =
            sheet.stage.train_tokenizer().vocab_size();
        size.records = RecordsOfInputs(sheet.stage, 0).value_or(0);
        break;
      case StageEntry::kCompare:
        sheet.out.records = sheet.stage.inputs_size() - 1;
        break;
      default:
        PassOn(sheet);
        size.reference_records = RecordsOfInputs(sheet.stage, 1).value_or(0);
        break;
    }
    CountRecords(sheet, size);
  }

  // Stages whose records come from their first input.
  static void PassOn(Sheet& sheet) {
    const StageEntry& stage = sheet.stage;
    sheet.out = sheet.in;
    sheet.estimate.disk_bytes =
        Times(sheet.in.tokens, stage.has_pack() || stage.has_tokenize()
                                   ? kSampleBytesPerToken
                                   : kTraceBytesPerToken);
    if (stage.has_pack()) sheet.out.bin_tokens = stage.pack().bin_tokens();
  }

  // Memory and work of a stage without a model.
  static void CountRecords(Sheet& sheet, StageSize size) {
    const std::optional<double> records =
        sheet.in.records.has_value() ? sheet.in.records : sheet.out.records;
    if (records.has_value()) {
      size.records = std::max(size.records, *records);
      size.tokens_per_record =
          *records > 0 ? sheet.in.tokens.value_or(0) / *records : 0;
    }
    const bool needs_nothing = sheet.stage.has_train_tokenizer();
    if (!records.has_value() && !needs_nothing) return;
    sheet.work_known = true;
    sheet.work.records = size.records;
    if (sheet.stage.has_tokenize() || sheet.stage.has_train_tokenizer()) {
      sheet.work.text_records = size.records;
    }
    if (sheet.stage.has_pack() && sheet.stage.inputs_size() > 1) {
      sheet.work.signal_tokens = sheet.in.tokens.value_or(0);
    }
    sheet.estimate.memory_bytes =
        kProgramBytes + RecordStageBytes(sheet.stage, size);
  }

  // Bytes of the file.
  static double EstimateIngest(Sheet& sheet) {
    const IngestOptions& options = sheet.stage.ingest();
    const auto size = FileSize(options.path());
    const double bytes = size.ok() ? static_cast<double>(*size) : 0;
    if (size.ok()) {
      sheet.estimate.disk_bytes = 2.0 * bytes;
      sheet.out.records = std::ceil(bytes / kShortestLineBytes);
    }
    if (options.max_problems() > 0) {
      const double limit = static_cast<double>(options.max_problems());
      sheet.out.records = std::min(limit, sheet.out.records.value_or(limit));
    }
    return bytes;
  }

  // Of the inputs from `first` on; nullopt when one is unknown.
  std::optional<double> RecordsOfInputs(const StageEntry& stage, int first) {
    double records = 0;
    for (int i = first; i < stage.inputs_size(); ++i) {
      const Holding& holding = holdings_[stage.inputs(i)];
      if (!holding.records.has_value()) return std::nullopt;
      records += *holding.records;
    }
    return records;
  }

  std::optional<ModelConfig> ModelOf(const StageEntry& stage) {
    for (const std::string& input : stage.inputs()) {
      if (holdings_[input].model.has_value()) return holdings_[input].model;
    }
    return std::nullopt;
  }

  // Tokens of a stage that samples `sheet.out.records` with its model: a sample
  // ends where the model's context does.
  void CountSampled(double max_tokens, Sheet& sheet) {
    const std::optional<ModelConfig> model = ModelOf(sheet.stage);
    if (model.has_value()) {
      sheet.estimate.context = static_cast<double>(model->max_positions);
      max_tokens = std::min(max_tokens, *sheet.estimate.context);
    }
    sheet.estimate.tokens_per_sample = max_tokens;
    sheet.estimate.tokens = Times(sheet.out.records, max_tokens);
  }

  // Time and memory of such a stage.
  void EstimateSampling(double rows, Sheet& sheet) {
    const std::optional<ModelConfig> model = ModelOf(sheet.stage);
    if (!model.has_value()) return;
    sheet.estimate.memory_bytes = kProgramBytes + SamplingBytes(*model, rows);
    if (!sheet.estimate.tokens.has_value()) return;
    const double tokens =
        *sheet.estimate.tokens + sheet.out.records.value_or(0) * kPromptTokens;
    sheet.work.decoding_operations = 2.0 * ActiveParameters(*model) * tokens;
    sheet.work_known = true;
  }

  void EstimateGenerate(Sheet& sheet) {
    const GenerateOptions& options = sheet.stage.generate();
    sheet.out.records = Times(sheet.in.records, options.samples_per_problem());
    if (options.teacher() != GenerateOptions::KIND_LOCAL) {
      StageSize size;
      size.threads = ThreadsOf(recipe_);
      if (options.has_replay_path()) {
        const auto bytes = FileSize(options.replay_path());
        if (bytes.ok()) size.file_bytes = static_cast<double>(*bytes);
      }
      CountRecords(sheet, size);
      return;
    }
    CountSampled(options.max_tokens(), sheet);
    sheet.out.tokens = sheet.estimate.tokens;
    sheet.estimate.disk_bytes = Times(
        sheet.out.tokens,
        kTraceBytesPerToken + kSignalBytesPerEntry * options.capture_top_k());
    EstimateSampling(options.rows(), sheet);
  }

  void EstimateEvaluate(Sheet& sheet) {
    const EvaluateOptions& options = sheet.stage.evaluate();
    std::optional<double> problems =
        options.has_benchmark_file() ? ProblemsInFile(options.benchmark_file())
                                     : sheet.in.records;
    if (options.max_problems() > 0) {
      problems = std::min<double>(problems.value_or(options.max_problems()),
                                  options.max_problems());
    }
    sheet.out.records = Times(problems, options.samples_per_problem());
    CountSampled(options.max_tokens(), sheet);
    sheet.estimate.disk_bytes =
        Times(sheet.estimate.tokens, kTraceBytesPerToken);
    EstimateSampling(options.rows(), sheet);
  }

  // At most, by the published sizes; one's own by the file's size.
  static std::optional<double> ProblemsInFile(
      const BenchmarkFileOptions& options) {
    switch (options.name()) {
      case BenchmarkFileOptions::NAME_AIME24:
      case BenchmarkFileOptions::NAME_AIME25:
        return 30;
      case BenchmarkFileOptions::NAME_MATH500:
        return 500;
      case BenchmarkFileOptions::NAME_GPQA_DIAMOND:
        return 198;
      case BenchmarkFileOptions::NAME_LIVECODEBENCH:
        return 1055;
      case BenchmarkFileOptions::NAME_CODEFORCES:
        return 468;
      case BenchmarkFileOptions::NAME_GSM8K:
        return 1319;
      default:
        break;
    }
    const auto bytes = FileSize(options.path());
    if (!bytes.ok()) return std::nullopt;
    return std::ceil(static_cast<double>(*bytes) / kShortestLineBytes);
  }

  void EstimateScore(Sheet& sheet) {
    sheet.out = sheet.in;
    sheet.estimate.tokens = sheet.in.tokens;
    sheet.estimate.disk_bytes = Times(
        sheet.in.tokens, kSignalBytesPerEntry * sheet.stage.score().top_k());
    const std::optional<ModelConfig> model = ModelOf(sheet.stage);
    if (!model.has_value()) return;
    sheet.estimate.memory_bytes = kProgramBytes + WeightBytes(*model);
    if (!sheet.in.tokens.has_value()) return;
    sheet.work.training_operations =
        2.0 * ActiveParameters(*model) * *sheet.in.tokens;
    sheet.work_known = true;
  }

  void EstimateTrain(Sheet& sheet) {
    const TrainOptions& options = sheet.stage.train();
    sheet.estimate.tokens = options.has_max_tokens()
                                ? static_cast<double>(options.max_tokens())
                                : Times(sheet.in.tokens, options.epochs());
    sheet.out.model = TrainedModel(options);
    if (!sheet.out.model.has_value()) return;
    const ModelConfig& model = *sheet.out.model;
    const auto& teacher = holdings_[options.teacher_input()].model;
    sheet.estimate.memory_bytes =
        kProgramBytes +
        TrainingBytes(model, options, sheet.in.bin_tokens.value_or(0)) +
        (teacher.has_value() ? WeightBytes(*teacher) : 0);
    sheet.estimate.disk_bytes = Parameters(model) * kStateBytesPerParameter *
                                (options.keep_checkpoints() + 1);
    if (!sheet.estimate.tokens.has_value()) return;
    const double per_token =
        6.0 * ActiveParameters(model) +
        (teacher.has_value() ? 2.0 * ActiveParameters(*teacher) : 0);
    sheet.work.training_operations = per_token * *sheet.estimate.tokens;
    sheet.work_known = true;
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
  const int threads_;
  std::map<std::string, Holding> holdings_;
  std::map<std::string, double> vocab_sizes_;
};

// What a run has measured is better than any rate.
void TakeMeasuredTime(const std::string& workspace, const PlannedStage& stage,
                      StageEstimate& estimate) {
  using TimeSource = StageEstimate::TimeSource;
  if (stage.state == PlannedStage::State::kDone) {
    const double wall = RecordedCost(stage.directory).wall_seconds;
    if (wall > 0) estimate.seconds = wall;
    estimate.time_source =
        wall > 0 ? TimeSource::kThisRun : TimeSource::kUnknown;
    return;
  }
  const std::optional<double> seconds =
      SecondsByEarlierRun(workspace, stage.name,
                          {estimate.records, estimate.tokens,
                           estimate.tokens_per_sample, estimate.context});
  if (!seconds.has_value()) return;
  estimate.seconds = seconds;
  estimate.time_source = TimeSource::kEarlierRun;
}

}  // namespace

std::vector<StageEstimate> EstimateStages(
    const ResolvedRecipe& recipe, const std::vector<PlannedStage>& stages,
    const std::string& workspace) {
  Estimator estimator(recipe.recipe);
  std::vector<StageEstimate> estimates;
  for (const PlannedStage& stage : stages) {
    StageEstimate estimate = estimator.Estimate(stage);
    TakeMeasuredTime(workspace, stage, estimate);
    estimates.push_back(estimate);
  }
  return estimates;
}

}  // namespace limbeck
