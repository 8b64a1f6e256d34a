#include "recipes/run/stage_time.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

#include "data/base/file.h"
#include "data/stages/artefact.h"
#include "google/protobuf/text_format.h"
#include "recipes/console/cost_ledger.h"
#include "recipes/run/run_record.h"
#include "recipes/run/stage_planner.h"

namespace limbeck {
namespace {

// Of one core, from the cost ledgers of the quickstart and of the recipes that
// trained its models: models of 0.2M to 1.2M parameters.
constexpr double kTrainingOperationsPerSecond = 75e9;
constexpr double kDecodingOperationsPerSecond = 45e9;
constexpr double kRecordsPerSecond = 40e3;
constexpr double kTextRecordsPerSecond = 15e3;
constexpr double kSignalTokensPerSecond = 600e3;

// The complete artefact of the stage that was finished last.
std::optional<std::string> LatestArtefact(const std::string& workspace,
                                          const std::string& stage) {
  const auto directories = ArtefactsOf(workspace, stage);
  if (!directories.ok()) return std::nullopt;
  std::optional<std::string> latest;
  std::filesystem::file_time_type latest_time;
  for (const std::string& directory : *directories) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(
        JoinPath(directory, kManifestName), error);
    if (error || (latest.has_value() && time <= latest_time)) continue;
    latest = directory;
    latest_time = time;
  }
  return latest;
}

// The limit of one output that the options of a manifest state.
template <typename Options>
std::optional<double> MaxTokensIn(const Manifest& manifest) {
  Options options;
  if (!google::protobuf::TextFormat::ParseFromString(manifest.options(),
                                                     &options) ||
      options.max_tokens() <= 0) {
    return std::nullopt;
  }
  return options.max_tokens();
}

std::optional<double> LimitOf(const Manifest& manifest) {
  if (manifest.stage_kind() == "generate") {
    return MaxTokensIn<GenerateOptions>(manifest);
  }
  if (manifest.stage_kind() == "evaluate") {
    return MaxTokensIn<EvaluateOptions>(manifest);
  }
  return std::nullopt;
}

// How much longer samples may get than they were then; 1 where it is unknown.
double LengthRatio(const Manifest& manifest, const Cost& cost,
                   const PlannedAmount& amount) {
  std::optional<double> then = LimitOf(manifest);
  if (!then.has_value() || !amount.tokens_per_sample.has_value()) return 1;
  then = std::min(*then, amount.context.value_or(*then));
  const double now = *amount.tokens_per_sample;
  if (now >= *then) return now / *then;
  const double mean = static_cast<double>(cost.generated_tokens) /
                      static_cast<double>(manifest.counts().out());
  return mean > 0 ? std::min(1.0, now / mean) : now / *then;
}

}  // namespace

double SecondsByRates(const StageWork& work, int threads) {
  const double seconds =
      work.training_operations / kTrainingOperationsPerSecond +
      work.decoding_operations / kDecodingOperationsPerSecond +
      work.records / kRecordsPerSecond +
      work.text_records / kTextRecordsPerSecond +
      work.signal_tokens / kSignalTokensPerSecond;
  return seconds / std::max(1, threads);
}

int ThreadsOf(const Recipe& recipe) {
  if (recipe.threads() > 0) return recipe.threads();
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::optional<double> SecondsByEarlierRun(const std::string& workspace,
                                          const std::string& stage,
                                          const PlannedAmount& amount) {
  const std::optional<std::string> directory = LatestArtefact(workspace, stage);
  if (!directory.has_value()) return std::nullopt;
  const auto manifest = ReadManifest(*directory);
  if (!manifest.ok()) return std::nullopt;
  const Cost cost = RecordedCost(*directory);
  if (cost.wall_seconds <= 0) return std::nullopt;
  const double then_tokens = static_cast<double>(cost.trained_tokens);
  if (then_tokens > 0) {
    return cost.wall_seconds * amount.trained_tokens.value_or(then_tokens) /
           then_tokens;
  }
  const double then = static_cast<double>(manifest->counts().out());
  if (then <= 0) return cost.wall_seconds;
  return cost.wall_seconds * amount.records.value_or(then) / then *
         LengthRatio(*manifest, cost, amount);
}

}  // namespace limbeck
