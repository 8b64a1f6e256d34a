#include "recipes/report/benchmark_pages.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "recipes/report/charts.h"
#include "recipes/report/numbers.h"

namespace limbeck::report {
namespace {

// Lower-case letters, digits, "_" and "-".
std::string FileStem(absl::string_view name) {
  constexpr size_t kLongest = 60;
  std::string stem;
  for (const char c : absl::AsciiStrToLower(name.substr(0, kLongest))) {
    const bool plain =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
    stem += plain ? c : '-';
  }
  return stem.empty() ? "benchmark" : stem;
}

// All problems with samples: the ones that all models solve first, those
// without a score last.
std::vector<std::string> ProblemsOf(const BenchmarkGroup& group) {
  std::map<std::string, double> right;
  for (const Evaluation* evaluation : group.evaluations) {
    for (const Trace& trace : evaluation->traces) {
      right.emplace(ProblemKey(trace.problem()), -1.0);
    }
  }
  for (const Evaluation* evaluation : group.evaluations) {
    for (const auto& [id, score] : evaluation->by_problem) {
      double& sum = right[id];
      sum = std::max(0.0, sum) + score.share();
    }
  }
  return ByFallingValue(right);
}

GridCell CellOf(const Evaluation& evaluation, const std::string& id,
                const SampleList& samples) {
  GridCell cell;
  const auto link = samples.links.find(id);
  if (link != samples.links.end()) cell.link = link->second;
  const auto found = evaluation.by_problem.find(id);
  if (found == evaluation.by_problem.end()) {
    cell.share = std::numeric_limits<double>::quiet_NaN();
    cell.title = absl::StrCat(Shortened(id, 60), ": not scored");
    return cell;
  }
  const RightOf& right = found->second;
  cell.share = right.share();
  cell.text = absl::StrCat(right.correct);
  cell.title = absl::StrCat(Shortened(id, 60), ": ", right.correct, " of ",
                            right.samples, " right");
  return cell;
}

Section Map(const BenchmarkGroup& group,
            const std::vector<std::string>& problems,
            const SampleList& samples) {
  Section section{"map", "Problem by problem", "", "", {}};
  if (problems.empty()) return section;
  section.guide =
      "One cell per problem, in the same place for every model, the easiest "
      "first: the stronger the colour, the more of its samples are right. A "
      "cell leads to the samples.";
  std::vector<GridBlock> blocks;
  for (const Evaluation* evaluation : group.evaluations) {
    GridBlock block{evaluation->label, "", {}, evaluation->colour};
    uint64_t always = 0, never = 0;
    for (const std::string& id : problems) {
      block.cells.push_back(CellOf(*evaluation, id, samples));
      always += block.cells.back().share == 1.0 ? 1 : 0;
      never += block.cells.back().share == 0.0 ? 1 : 0;
    }
    block.text =
        absl::StrCat("always ", Count(always), ", never ", Count(never));
    blocks.push_back(std::move(block));
    section.sources.push_back(evaluation->traces_source);
  }
  section.body = absl::StrCat(
      "<figure class=\"broad\">\n",
      ProblemGrid(blocks, "share of right samples of each problem"),
      "</figure>\n");
  return section;
}

constexpr char kSampleGuide[] =
    "Every sample with its verdict, the answer that was found and the reason; "
    "open one to read it. The thinking is soft, the answer strong; of long "
    "outputs the middle is left out.";

// Numbers inside ids by their value: "p2" before "p10".
bool IsNaturallyLess(absl::string_view a, absl::string_view b) {
  const auto digits = [](absl::string_view text) {
    size_t count = 0;
    while (count < text.size() &&
           absl::ascii_isdigit(static_cast<unsigned char>(text[count]))) {
      ++count;
    }
    return count;
  };
  while (!a.empty() && !b.empty()) {
    const size_t in_a = digits(a), in_b = digits(b);
    if (in_a > 0 && in_b > 0 && in_a != in_b) return in_a < in_b;
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

// Links to the samples of every problem.
std::string SampleIndex(std::vector<std::string> problems,
                        const SampleList& samples) {
  constexpr size_t kShownOpen = 100;
  std::sort(problems.begin(), problems.end(), IsNaturallyLess);
  std::string list = "<ul class=\"index\">\n";
  for (const std::string& id : problems) {
    const auto link = samples.links.find(id);
    if (link == samples.links.end()) continue;
    absl::StrAppend(&list, "<li><a href=\"", Escape(link->second), "\">",
                    Escape(Shortened(id, 40)), "</a></li>\n");
  }
  list += "</ul>\n";
  if (problems.size() <= kShownOpen) return list;
  return absl::StrCat("<details class=\"fold\"><summary>Samples of ",
                      Count(problems.size()), " problems by name</summary>\n",
                      list, "</details>\n");
}

// The samples themselves where they fit one page, else links to their pages.
Section SampleSection(const BenchmarkGroup& group,
                      const std::vector<std::string>& problems,
                      const SampleList& samples) {
  Section section{"samples", "Samples", "", "", {}};
  if (samples.parts.empty()) return section;
  section.guide = kSampleGuide;
  if (samples.parts.size() == 1) {
    section.body = samples.parts[0].body;
  } else {
    section.body = SampleIndex(problems, samples);
  }
  for (const Evaluation* evaluation : group.evaluations) {
    section.sources.push_back(evaluation->traces_source);
  }
  return section;
}

// Problems that no figure counts, with the reason.
Section Refused(const BenchmarkGroup& group) {
  Section section{"refused", "Left out", "", "", {}};
  std::set<std::pair<std::string, std::string>> seen;
  Table table;
  table.head = {"problem", "reason"};
  table.numeric = {false, false};
  constexpr size_t kLongestReason = 300;
  for (const Evaluation* evaluation : group.evaluations) {
    const Json* refused = evaluation->scores.Find("refused_problems");
    if (refused == nullptr || !refused->is_array()) continue;
    for (const Json& problem : refused->array()) {
      const auto id = problem.GetString("problem_id", "");
      const auto reason = problem.GetString("reason", "");
      if (!id.ok() || !reason.ok() || !seen.emplace(*id, *reason).second) {
        continue;
      }
      table.rows.push_back(
          {Code(Shortened(*id, 60)), Excerpt(*reason, kLongestReason)});
    }
    section.sources.push_back(evaluation->source);
  }
  if (table.rows.empty()) return section;
  section.guide = "Problems that could not be judged, for any model.";
  section.body = ToHtml(table);
  return section;
}

std::string BackLink(const PageContext& context, const std::string& text) {
  return absl::StrCat("<p class=\"soft\"><a href=\"",
                      Escape(context.report_link), "\">",
                      Escape(context.report_title), "</a>", text, "</p>\n");
}

std::string LinkTo(const std::string& file, const std::string& text) {
  return absl::StrCat(" / <a href=\"", Escape(file), "\">", Escape(text),
                      "</a>");
}

// One of several pages of samples, with links to its neighbours.
PageFile SamplePage(const BenchmarkGroup& group, const std::string& first_page,
                    const PageContext& context, SampleList& samples,
                    size_t number) {
  std::string links = LinkTo(first_page, group.benchmark);
  if (number > 0) links += LinkTo(samples.parts[number - 1].name, "before");
  if (number + 1 < samples.parts.size()) {
    links += LinkTo(samples.parts[number + 1].name, "next");
  }
  const Section section{
      "samples",
      absl::StrCat("Page ", number + 1, " of ", samples.parts.size()),
      kSampleGuide,
      std::move(samples.parts[number].body),
      {}};
  return {samples.parts[number].name,
          Page(absl::StrCat(group.benchmark, ", samples"),
               BackLink(context, links), {section})};
}

void AddPages(const BenchmarkGroup& group, const std::string& name,
              const PageContext& context, std::vector<PageFile>* pages) {
  const std::vector<std::string> problems = ProblemsOf(group);
  SampleList samples = ListSamples(group, problems, name, context.limits);
  std::vector<Section> sections = {ResultTable(group, context.references),
                                   Map(group, problems, samples),
                                   Reliability(group),
                                   Refused(group),
                                   SampleSection(group, problems, samples),
                                   Settings(group)};
  std::erase_if(sections,
                [](const Section& section) { return section.body.empty(); });
  pages->push_back(
      {name, Page(group.benchmark, BackLink(context, ""), sections)});
  for (size_t i = 0; samples.parts.size() > 1 && i < samples.parts.size();
       ++i) {
    pages->push_back(SamplePage(group, name, context, samples, i));
  }
}

}  // namespace

std::map<std::string, std::string> BenchmarkPageNames(const ReportData& data) {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const BenchmarkGroup& group : ByBenchmark(data)) {
    const std::string stem = FileStem(group.benchmark);
    std::string name = absl::StrCat(stem, ".html");
    // A letter, so that no other benchmark's samples have the name.
    for (int i = 0; !taken.insert(name).second; ++i) {
      name = absl::StrCat(stem, "-v", i, ".html");
    }
    names[group.benchmark] = name;
  }
  return names;
}

std::vector<PageFile> BenchmarkPages(const ReportData& data,
                                     const PageContext& context) {
  const std::map<std::string, std::string> names = BenchmarkPageNames(data);
  std::vector<PageFile> pages;
  for (const BenchmarkGroup& group : ByBenchmark(data)) {
    AddPages(group, names.at(group.benchmark), context, &pages);
  }
  return pages;
}

}  // namespace limbeck::report
