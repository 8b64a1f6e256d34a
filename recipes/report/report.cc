#include "recipes/report/report.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/report/html.h"
#include "recipes/report/report_data.h"
#include "recipes/report/sections.h"

namespace limbeck {
namespace {

std::string Sentence(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return "";
  return absl::StrCat(report::Escape(text),
                      absl::EndsWith(text, ".") ? "" : ".");
}

std::string Lead(const ReportRequest& request) {
  const Recipe& recipe = request.recipe;
  std::string html;
  if (!recipe.report().introduction().empty()) {
    absl::StrAppend(&html, "<p>", Sentence(recipe.report().introduction()),
                    "</p>\n");
  }
  absl::StrAppend(&html, "<p class=\"soft\">Recipe ",
                  report::Code(recipe.name()), ", seed ", recipe.seed(), ". ",
                  Sentence(recipe.description()), "</p>\n");
  const auto stages = static_cast<size_t>(recipe.stages_size());
  if (request.artefacts.size() < stages) {
    absl::StrAppend(&html,
                    "<p class=\"bad\">Not complete: ", request.artefacts.size(),
                    " of ", stages, " stages are done.</p>\n");
  }
  return html;
}

}  // namespace

absl::Status WriteReport(const ReportRequest& request) {
  using namespace report;
  LIMBECK_ASSIGN_OR_RETURN(const ReportData data, CollectReportData(request));
  const ReportOptions& options = request.recipe.report();
  const std::string title =
      options.title().empty() ? request.recipe.name() : options.title();
  std::vector<Section> sections = {
      KeyFigures(data),  Scores(data),           ProblemMap(data),
      Comparisons(data), Samples(data, options), ModelsAndData(data),
      LossCurves(data),  Lengths(data),          Funnel(data),
      Rejections(data),  LabelAgreement(data),   Costs(data),
      Provenance(data)};
  std::erase_if(sections,
                [](const Section& section) { return section.body.empty(); });
  return WriteFileAtomically(request.output_path,
                             Page(title, Lead(request), sections));
}

}  // namespace limbeck
