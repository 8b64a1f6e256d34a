// Sections that show text: what models wrote, and what was rejected.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/digest.h"
#include "data/stages/record_id.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sample_text.h"
#include "recipes/report/sections.h"
#include "recipes/report/svg.h"

namespace limbeck::report {
namespace {

constexpr size_t kLongestOutput = 4000;
constexpr size_t kLongestExcerpt = 600;
constexpr size_t kLongestDetail = 300;

using SamplesById = std::map<std::string, const Trace*>;

// The first sample of each problem, by problem id.
SamplesById FirstSamples(const Evaluation& evaluation) {
  SamplesById first;
  for (const Trace& trace : evaluation.traces) {
    const Trace*& slot = first[trace.problem().id()];
    if (slot == nullptr ||
        trace.sampling().sample_index() < slot->sampling().sample_index()) {
      slot = &trace;
    }
  }
  return first;
}

// Problems for show: one per family in turn, then in order of their ids, which
// are hashes: an arbitrary but fixed choice that nobody has picked.
std::vector<const Trace*> ChooseProblems(const SamplesById& samples,
                                         size_t wanted) {
  std::map<std::string, std::vector<const Trace*>> by_family;
  for (const auto& [id, trace] : samples) {
    by_family[trace->problem().family()].push_back(trace);
  }
  std::vector<const Trace*> chosen;
  for (size_t round = 0; chosen.size() < std::min(wanted, samples.size());
       ++round) {
    for (const auto& [family, traces] : by_family) {
      if (round < traces.size() && chosen.size() < wanted) {
        chosen.push_back(traces[round]);
      }
    }
  }
  return chosen;
}

std::string OutputBox(const Evaluation& evaluation, const Trace* trace) {
  const std::string head =
      absl::StrCat("<div class=\"trace ", LineClass(evaluation.colour),
                   "\"><h4>", Escape(evaluation.label));
  if (trace == nullptr) {
    return absl::StrCat(head, "</h4><p class=\"soft\">no sample</p></div>\n");
  }
  const std::string tokens =
      trace->output_ids_size() > 0
          ? absl::StrCat(" <span class=\"soft\">",
                         Count(static_cast<uint64_t>(trace->output_ids_size())),
                         " tokens</span>")
          : "";
  return absl::StrCat(head, VerdictText(*trace), tokens,
                      "</h4><pre dir=\"auto\">",
                      OutputText(*trace, kLongestOutput), "</pre></div>\n");
}

std::string Question(const Problem& problem) {
  std::string facts = ProblemFacts(problem);
  if (!facts.empty()) facts += ", ";
  return absl::StrCat("<p class=\"question\">",
                      QuestionHtml(problem, kLongestOutput),
                      " <span class=\"soft\">(", facts, "problem ",
                      Digest(ToHex(problem.id())), ")</span></p>\n");
}

std::string SideBySide(const BenchmarkGroup& group, size_t wanted) {
  std::vector<SamplesById> samples;
  for (const Evaluation* evaluation : group.evaluations) {
    samples.push_back(FirstSamples(*evaluation));
  }
  std::string html;
  for (const Trace* shown : ChooseProblems(samples[0], wanted)) {
    const Problem& problem = shown->problem();
    absl::StrAppend(&html, "<div class=\"problem\">", Question(problem),
                    "<div class=\"grid of", samples.size(), "\">\n");
    for (size_t i = 0; i < samples.size(); ++i) {
      const auto found = samples[i].find(problem.id());
      html += OutputBox(*group.evaluations[i],
                        found == samples[i].end() ? nullptr : found->second);
    }
    html += "</div></div>\n";
  }
  return html;
}

// The text that was judged; empty for token samples.
absl::string_view RejectedText(const Rejection& rejection) {
  switch (rejection.record_case()) {
    case Rejection::kTrace:
      return rejection.trace().raw_output();
    case Rejection::kProblem:
      return QuestionText(rejection.problem());
    case Rejection::kRawLine:
      return rejection.raw_line();
    default:
      return "";
  }
}

// The text around the span, the span marked.
std::string MarkedText(absl::string_view text, const Span& span) {
  constexpr uint64_t kContext = 120;
  if (span.begin() >= span.end() || span.end() > text.size()) {
    return Excerpt(text, kLongestExcerpt);
  }
  const uint64_t begin = span.begin() > kContext ? span.begin() - kContext : 0;
  return absl::StrCat(
      begin > 0 ? "[…] " : "", Escape(text.substr(begin, span.begin() - begin)),
      "<mark>",
      Excerpt(text.substr(span.begin(), span.end() - span.begin()),
              kLongestExcerpt),
      "</mark>", Excerpt(text.substr(span.end()), kContext));
}

std::string RejectionBox(const RejectionExample& example) {
  const Rejection& rejection = example.rejection;
  std::string html =
      absl::StrCat("<div class=\"trace rejection\"><h4>", Escape(example.stage),
                   ": <span class=\"bad\">",
                   Escape(ReasonText(RejectionReason_Name(rejection.reason()))),
                   "</span></h4>\n<p>");
  std::vector<std::string> facts;
  if (rejection.has_value()) {
    facts.push_back(absl::StrCat("value ", Figure(rejection.value())));
  }
  if (rejection.has_threshold()) {
    facts.push_back(absl::StrCat("threshold ", Figure(rejection.threshold())));
  }
  if (!rejection.other_id().empty()) {
    facts.push_back(
        absl::StrCat("same as ", Digest(ToHex(rejection.other_id()))));
  }
  if (!rejection.detail().empty()) {
    facts.push_back(absl::StrCat(
        "<bdi>", Excerpt(rejection.detail(), kLongestDetail), "</bdi>"));
  }
  html += absl::StrJoin(facts, "; ");
  html += "</p>\n";
  if (rejection.record_case() == Rejection::kSample) {
    absl::StrAppend(&html, "<p class=\"soft\">a sample of ",
                    Count(static_cast<uint64_t>(rejection.sample().ids_size())),
                    " tokens</p>");
  }
  const absl::string_view text = RejectedText(rejection);
  if (!text.empty()) {
    absl::StrAppend(&html, "<pre dir=\"auto\">",
                    MarkedText(text, rejection.span()), "</pre>");
  }
  return html + "</div>\n";
}

}  // namespace

Section Samples(const ReportData& data, const ReportOptions& options) {
  constexpr int kDefaultShown = 6;
  Section section{"samples", "What the models wrote", "", "", {}};
  const size_t wanted = static_cast<size_t>(std::max(
      0, options.has_traces_shown() ? options.traces_shown() : kDefaultShown));
  for (const BenchmarkGroup& group : ByBenchmark(data)) {
    const std::string shown = SideBySide(group, wanted);
    if (shown.empty()) continue;
    absl::StrAppend(&section.body, BenchmarkHeading(data, group.benchmark),
                    shown);
  }
  if (section.body.empty()) return section;
  section.guide =
      "The first sample of each model: thinking soft, answer strong. The "
      "problems are chosen by the hash of their text, one family after the "
      "other, not by hand.";
  for (const Evaluation& evaluation : data.evaluations) {
    section.sources.push_back(evaluation.traces_source);
  }
  return section;
}

Section Rejections(const ReportData& data) {
  Section section{"rejects", "What was rejected, and why", "", "", {}};
  if (data.rejections.empty()) return section;
  section.guide =
      "The first record that each stage rejected for each reason, with the "
      "measured value beside the threshold.";
  section.body = "<div class=\"grid\">\n";
  for (const RejectionExample& example : data.rejections) {
    section.body += RejectionBox(example);
    section.sources.push_back(example.source);
  }
  section.body += "</div>\n";
  return section;
}

}  // namespace limbeck::report
