// limbeck compare: two evaluated models on the same problems.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "eval/compare.h"
#include "eval/score_json.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/console/terminal.h"
#include "recipes/run/artefact_path.h"

namespace limbeck {
namespace {

struct CompareArguments {
  std::string a;
  std::string b;
  PairedOptions options;
};

// As a recipe's comparison names it: the stage of an artefact; for a file the
// model in its settings, else the file.
std::string NameOf(const std::string& path,
                   const std::vector<BenchmarkScores>& all) {
  const absl::StatusOr<Manifest> manifest = ReadManifest(path);
  if (manifest.ok() && !manifest->stage_name().empty()) {
    return manifest->stage_name();
  }
  for (const BenchmarkScores& scores : all) {
    const auto model = scores.settings.GetString("model", "");
    if (model.ok() && !model->empty()) return *model;
  }
  return BaseName(path);
}

// Other settings may be the whole difference between two results.
void WarnOfSettings(const std::vector<BenchmarkComparison>& comparisons) {
  for (const BenchmarkComparison& comparison : comparisons) {
    const Json& differ = comparison.settings_that_differ;
    if (differ.object().empty()) continue;
    WriteToDescriptor(
        STDERR_FILENO,
        absl::StrCat(EscapeLinesForTerminal(absl::StrCat(
                         "limbeck: warning: benchmark '", comparison.benchmark,
                         "': settings differ, {name: [first, second]}: ",
                         WriteJson(differ))),
                     "\n"));
  }
}

absl::Status CompareCommand(const CompareArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string path_a,
                           FindArtefactPath(arguments.a));
  LIMBECK_ASSIGN_OR_RETURN(const std::string path_b,
                           FindArtefactPath(arguments.b));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<BenchmarkScores> a,
                           ReadScores(path_a));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<BenchmarkScores> b,
                           ReadScores(path_b));
  LIMBECK_ASSIGN_OR_RETURN(std::vector<BenchmarkComparison> comparisons,
                           CompareScores(a, b, arguments.options));
  for (BenchmarkComparison& comparison : comparisons) {
    comparison.model_a = NameOf(path_a, a);
    comparison.model_b = NameOf(path_b, b);
  }
  WarnOfSettings(comparisons);
  return WriteToStandardOutput(
      absl::StrCat(WriteJson(ComparisonsToJson(comparisons)), "\n"));
}

}  // namespace

void AddCompareCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* verb = AddVerb(app, "compare",
                           "Compare two results of `benchmark` or two "
                           "evaluation artefacts, pairwise",
                           absl::StrCat(kAfterQuickstart,
                                        "limbeck compare "
                                        "workspace/quickstart/distilled_scores "
                                        "workspace/quickstart/sft_scores"));
  verb->add_option("a", arguments->a, "Result file or artefact folder")
      ->required();
  verb->add_option("b", arguments->b, "Result file or artefact folder")
      ->required();
  verb->callback([arguments, &result] { result = CompareCommand(*arguments); });
}

}  // namespace limbeck
