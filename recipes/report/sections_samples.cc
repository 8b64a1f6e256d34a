// The section that shows what the models actually wrote.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/stages/record_id.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

// The first sample of each problem, by problem id.
std::map<std::string, const Trace*> FirstSamples(const Evaluation& evaluation) {
  std::map<std::string, const Trace*> first;
  for (const Trace& trace : evaluation.traces) {
    const Trace*& slot = first[trace.problem().id()];
    if (slot == nullptr ||
        trace.sampling().sample_index() < slot->sampling().sample_index()) {
      slot = &trace;
    }
  }
  return first;
}

Verdict VerdictOf(const Trace& trace) {
  return trace.verifications_size() == 0 ? VERDICT_UNKNOWN
                                         : trace.verifications(0).verdict();
}

// Problems for show: one per family in turn, then in order of their ids, which
// are hashes: an arbitrary but fixed choice that nobody has picked.
std::vector<const Trace*> ChooseProblems(
    const std::map<std::string, const Trace*>& samples, size_t wanted) {
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

std::string OutputBox(const std::string& label, const Trace* trace) {
  constexpr size_t kLongest = 4000;
  if (trace == nullptr) {
    return absl::StrCat("<div class=\"trace\"><h4>", Escape(label),
                        "</h4><p class=\"soft\">no sample</p></div>\n");
  }
  const Verdict verdict = VerdictOf(*trace);
  const char* css = verdict == VERDICT_CORRECT ? "good" : "bad";
  const char* word = verdict == VERDICT_CORRECT ? "right"
                     : verdict == VERDICT_WRONG ? "wrong"
                                                : "unknown";
  const absl::string_view text = trace->raw_output();
  return absl::StrCat(
      "<div class=\"trace\"><h4>", Escape(label), " <span class=\"", css, "\">",
      word, trace->finish_reason() == FINISH_REASON_LENGTH ? ", cut off" : "",
      "</span></h4><pre>", Escape(text.substr(0, kLongest)),
      text.size() > kLongest ? "\n[…]" : "", "</pre></div>\n");
}

}  // namespace

Section Samples(const ReportData& data, const ReportOptions& options) {
  constexpr int kDefaultShown = 6;
  Section section{"samples", "What the models wrote", "", {}};
  if (data.evaluations.empty()) return section;
  std::vector<std::map<std::string, const Trace*>> samples;
  for (const Evaluation& evaluation : data.evaluations) {
    samples.push_back(FirstSamples(evaluation));
    section.sources.push_back(evaluation.source);
  }
  const size_t wanted = static_cast<size_t>(
      options.has_traces_shown() ? options.traces_shown() : kDefaultShown);
  section.body =
      "<p class=\"soft\">The first sample of each model. The problems are "
      "chosen by the hash of their text, not by hand.</p>\n";
  for (const Trace* shown : ChooseProblems(samples[0], wanted)) {
    const Problem& problem = shown->problem();
    absl::StrAppend(
        &section.body, "<p class=\"question\">", Escape(QuestionText(problem)),
        " <span class=\"soft\">(answer ", Escape(problem.gold_answer()), "; ",
        Escape(problem.family()), ", problem <code>",
        ToHex(problem.id()).substr(0, 12),
        "</code>)</span></p>\n<div class=\"grid\">\n");
    for (size_t i = 0; i < samples.size(); ++i) {
      const auto found = samples[i].find(problem.id());
      section.body +=
          OutputBox(data.evaluations[i].label,
                    found == samples[i].end() ? nullptr : found->second);
    }
    section.body += "</div>\n";
  }
  return section;
}

}  // namespace limbeck::report
