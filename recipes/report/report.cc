#include "recipes/report/report.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/report/benchmark_pages.h"
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

// "x/report.html" has its pages in "x/report_pages".
std::string PagesFolder(const std::string& report) {
  return absl::StrCat(absl::StripSuffix(report, ".html"), "_pages");
}

bool IsOwnPage(const std::string& path) {
  if (!absl::EndsWith(path, ".html")) return false;
  const absl::StatusOr<std::string> text = ReadFile(path);
  return text.ok() &&
         absl::StrContains(text->substr(0, 200), report::kPageMark);
}

// Pages of an earlier report that this one does not have.
absl::Status RemoveOldPages(const std::string& folder,
                            const std::set<std::string>& names) {
  if (!IsDirectory(folder)) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> found,
                           ListDirectory(folder));
  for (const std::string& name : found) {
    const std::string path = JoinPath(folder, name);
    if (names.count(name) > 0 || !IsOwnPage(path)) continue;
    LIMBECK_RETURN_IF_ERROR(RemoveTree(path));
  }
  return absl::OkStatus();
}

absl::Status WritePages(const ReportRequest& request,
                        const report::ReportData& data,
                        const std::string& title) {
  const std::string folder = PagesFolder(request.output_path);
  report::PageContext context;
  context.report_title = title;
  context.report_link = absl::StrCat("../", BaseName(request.output_path));
  context.references.assign(request.recipe.report().references().begin(),
                            request.recipe.report().references().end());
  const std::vector<report::PageFile> pages =
      report::BenchmarkPages(data, context);
  std::set<std::string> names;
  for (const report::PageFile& page : pages) names.insert(page.name);
  LIMBECK_RETURN_IF_ERROR(RemoveOldPages(folder, names));
  if (pages.empty()) return absl::OkStatus();
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(folder));
  for (const report::PageFile& page : pages) {
    LIMBECK_RETURN_IF_ERROR(
        WriteFileAtomically(JoinPath(folder, page.name), page.html));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteReport(const ReportRequest& request) {
  using namespace report;
  LIMBECK_ASSIGN_OR_RETURN(ReportData data, CollectReportData(request));
  const ReportOptions& options = request.recipe.report();
  const std::string title =
      options.title().empty() ? request.recipe.name() : options.title();
  LIMBECK_RETURN_IF_ERROR(WritePages(request, data, title));
  for (const auto& [benchmark, name] : BenchmarkPageNames(data)) {
    data.page_links[benchmark] =
        absl::StrCat(BaseName(PagesFolder(request.output_path)), "/", name);
  }
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
