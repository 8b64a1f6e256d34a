// The samples of a benchmark, problem by problem, on pages of bounded size.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "data/stages/record_id.h"
#include "recipes/report/benchmark_pages.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sample_text.h"
#include "recipes/report/svg.h"

namespace limbeck::report {
namespace {

constexpr size_t kLongestQuestion = 6000;
constexpr size_t kLongestReason = 300;
constexpr size_t kShortReason = 60;  // in the line of a closed sample
constexpr size_t kShortestSample = 200;

using SamplesByProblem = std::map<std::string, std::vector<const Trace*>>;

// By sample index within a problem.
SamplesByProblem SamplesOf(const Evaluation& evaluation) {
  SamplesByProblem samples;
  for (const Trace& trace : evaluation.traces) {
    samples[ProblemKey(trace.problem())].push_back(&trace);
  }
  for (auto& [id, traces] : samples) {
    std::stable_sort(
        traces.begin(), traces.end(), [](const Trace* a, const Trace* b) {
          return a->sampling().sample_index() < b->sampling().sample_index();
        });
  }
  return samples;
}

// "B, D, A, C": which stored option stood at A, B, ...
std::string OptionOrder(const Problem& problem) {
  if (problem.option_order().empty()) return "";
  std::string text;
  for (const uint32_t option : problem.option_order()) {
    absl::StrAppend(&text, text.empty() ? "; options " : ", ", option);
  }
  return text;
}

std::string SampleBox(const Trace& trace, size_t max_bytes) {
  std::string html =
      absl::StrCat("<details class=\"sample\"><summary><b>",
                   trace.sampling().sample_index(), "</b>", VerdictText(trace));
  if (trace.output_ids_size() > 0) {
    absl::StrAppend(&html, " <span class=\"soft\">",
                    Count(static_cast<uint64_t>(trace.output_ids_size())),
                    " tokens", OptionOrder(trace.problem()), "</span>");
  }
  const Verification& verdict = LastVerdict(trace);
  if (verdict.verdict() != VERDICT_CORRECT && !verdict.detail().empty()) {
    absl::StrAppend(&html, " <span class=\"soft\">– <bdi>",
                    Escape(Shortened(verdict.detail(), kShortReason)),
                    "</bdi></span>");
  }
  html += "</summary>\n";
  absl::StrAppend(&html, "<p class=\"soft\">",
                  Escape(OutcomeName(OutcomeOf(trace))));
  if (!verdict.method().empty()) {
    absl::StrAppend(&html, "; by ", Excerpt(verdict.method(), kLongestReason));
  }
  if (!verdict.detail().empty()) {
    absl::StrAppend(&html, "; <bdi>", Excerpt(verdict.detail(), kLongestReason),
                    "</bdi>");
  }
  return absl::StrCat(html, "</p><pre dir=\"auto\">",
                      OutputEnds(trace, max_bytes), "</pre></details>\n");
}

std::string ModelSamples(const Evaluation& evaluation,
                         const std::vector<const Trace*>& traces,
                         size_t max_bytes) {
  uint64_t right = 0;
  for (const Trace* trace : traces) {
    right += OutcomeOf(*trace) == Outcome::kRight ? 1 : 0;
  }
  std::string html = absl::StrCat(
      "<div class=\"trace ", LineClass(evaluation.colour), "\"><h4>",
      Escape(evaluation.label), " <span class=\"soft\">", Count(right), " of ",
      Count(traces.size()), " right</span></h4>\n");
  for (const Trace* trace : traces) html += SampleBox(*trace, max_bytes);
  return html + "</div>\n";
}

class SampleWriter {
 public:
  SampleWriter(const BenchmarkGroup& group, const PageLimits& limits)
      : group_(group) {
    size_t samples = 1, of_one_problem = 1;
    for (const Evaluation* one : group.evaluations) {
      samples_.push_back(SamplesOf(*one));
      samples += one->traces.size();
      size_t most = 0;
      for (const auto& [id, traces] : samples_.back()) {
        most = std::max(most, traces.size());
      }
      of_one_problem += most;
    }
    const size_t share = std::min(limits.samples_bytes / samples,
                                  limits.page_bytes / of_one_problem);
    sample_bytes_ =
        std::max(kShortestSample, std::min(share, limits.sample_bytes));
  }

  // Everything about one problem; `number` is its anchor.
  std::string Problem(const std::string& id, size_t number) const {
    const Trace* first = nullptr;
    std::string boxes;
    for (size_t i = 0; i < samples_.size(); ++i) {
      const auto found = samples_[i].find(id);
      if (found == samples_[i].end()) continue;
      if (first == nullptr) first = found->second.front();
      boxes +=
          ModelSamples(*group_.evaluations[i], found->second, sample_bytes_);
    }
    if (first == nullptr) return "";
    const std::string facts = ProblemFacts(first->problem());
    return absl::StrCat("<div class=\"problem\" id=\"p", number, "\"><h3>",
                        Escape(id), "</h3>\n<p class=\"question\">",
                        QuestionHtml(first->problem(), kLongestQuestion),
                        facts.empty() ? "" : " <span class=\"soft\">(", facts,
                        facts.empty() ? "" : ")</span>",
                        "</p>\n<div class=\"grid of", samples_.size(), "\">\n",
                        boxes, "</div></div>\n");
  }

 private:
  const BenchmarkGroup& group_;
  std::vector<SamplesByProblem> samples_;  // by evaluation
  size_t sample_bytes_ = 0;
};

// "aime24.html" and 3 as "aime24-3.html".
std::string PartName(const std::string& page_name, size_t part) {
  const size_t end = page_name.rfind('.');
  return absl::StrCat(page_name.substr(0, end), "-", part,
                      page_name.substr(end));
}

}  // namespace

SampleList ListSamples(const BenchmarkGroup& group,
                       const std::vector<std::string>& problems,
                       const std::string& page_name, const PageLimits& limits) {
  const SampleWriter writer(group, limits);
  SampleList list;
  std::vector<std::pair<size_t, std::string>> parts;  // by problem shown, id
  for (size_t i = 0; i < problems.size(); ++i) {
    const std::string html = writer.Problem(problems[i], i + 1);
    if (html.empty()) continue;
    if (list.parts.empty() ||
        list.parts.back().body.size() + html.size() > limits.page_bytes) {
      list.parts.push_back({});
    }
    list.parts.back().body += html;
    list.links[problems[i]] = absl::StrCat("#p", i + 1);
    parts.emplace_back(list.parts.size() - 1, problems[i]);
  }
  if (list.parts.size() < 2) return list;
  for (size_t i = 0; i < list.parts.size(); ++i) {
    list.parts[i].name = PartName(page_name, i + 1);
  }
  for (const auto& [part, id] : parts) {
    list.links[id] = absl::StrCat(list.parts[part].name, list.links[id]);
  }
  return list;
}

}  // namespace limbeck::report
