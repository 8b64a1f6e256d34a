#include "recipes/report/report.h"

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/report/html.h"
#include "recipes/report/report_data.h"
#include "recipes/report/sections.h"

namespace limbeck {

absl::Status WriteReport(const ReportRequest& request) {
  using namespace report;
  LIMBECK_ASSIGN_OR_RETURN(const ReportData data, CollectReportData(request));
  const ReportOptions& options = request.recipe.report();
  const std::string title =
      options.title().empty() ? request.recipe.name() : options.title();
  const std::string lead = absl::StrCat(
      "<p>", Escape(options.introduction()),
      "</p>\n<p class=\"soft\">Recipe <code>", Escape(request.recipe.name()),
      "</code>, seed ", request.recipe.seed(), ". ",
      Escape(request.recipe.description()), ".</p>\n");
  std::vector<Section> sections = {KeyFigures(data),  Scores(data),
                                   Comparisons(data), LossCurves(data),
                                   Lengths(data),     Funnel(data),
                                   Agreement(data),   Samples(data, options),
                                   Costs(data),       Provenance(data)};
  std::erase_if(sections,
                [](const Section& section) { return section.body.empty(); });
  return WriteFileAtomically(request.output_path, Page(title, lead, sections));
}

}  // namespace limbeck
