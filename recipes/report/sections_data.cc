// Sections about the data: what became of it, agreement with labels.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "recipes/report/charts.h"
#include "recipes/report/collect.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

std::string Reasons(const Counts& counts) {
  std::vector<std::string> parts;
  for (const ReasonCount& reason : counts.rejected_by_reason()) {
    parts.push_back(
        absl::StrCat(ReasonText(reason.reason()), " ", Count(reason.count())));
  }
  return parts.empty() ? "–" : Escape(absl::StrJoin(parts, ", "));
}

bool InFunnel(const StageCounts& stage) {
  return stage.manifest.has_counts() && stage.manifest.counts().in() > 0 &&
         stage.kind != "train" && stage.kind != "compare" &&
         stage.kind != "evaluate";
}

StackedBar FunnelBar(const StageCounts& stage) {
  const Counts& counts = stage.manifest.counts();
  StackedBar bar;
  bar.label = stage.stage;
  bar.text =
      counts.out() == counts.in()
          ? absl::StrCat("all ", Count(counts.in()))
          : absl::StrCat(Count(counts.out()), " of ", Count(counts.in()));
  const auto add = [&](uint64_t count, absl::string_view css,
                       absl::string_view title) {
    if (count == 0) return;
    bar.parts.push_back({static_cast<double>(count), std::string(css),
                         absl::StrCat(title, ": ", Count(count))});
  };
  add(counts.out(), "kept", "kept");
  add(counts.merged(), "merged", "merged");
  for (const ReasonCount& reason : counts.rejected_by_reason()) {
    add(reason.count(), "rejected", ReasonText(reason.reason()));
  }
  return bar;
}

// A sample is a trace as tokens: both share a picture.
std::string FunnelOf(const StageCounts& stage) {
  const std::string& unit = stage.manifest.counts().unit();
  return unit == "samples" || unit == "traces" ? "traces and samples" : unit;
}

// Stages that count the same thing share a picture and its scale.
std::string FunnelChart(const ReportData& data, const std::string& unit) {
  std::vector<StackedBar> bars;
  uint64_t most = 0;
  bool any_lost = false;
  for (const StageCounts& stage : data.stages) {
    const Counts& counts = stage.manifest.counts();
    if (!InFunnel(stage) || FunnelOf(stage) != unit) continue;
    bars.push_back(FunnelBar(stage));
    most = std::max(most, counts.in());
    any_lost = any_lost || counts.out() != counts.in();
  }
  if (!any_lost) return "";
  return absl::StrCat("<figure>\n<h3>", Escape(unit), "</h3>\n",
                      StackedBars(bars, static_cast<double>(most),
                                  absl::StrCat(unit, " after each stage")),
                      "</figure>\n");
}

std::string FunnelTable(const ReportData& data) {
  Table table;
  table.head = {"stage", "unit", "in", "out", "rejected", "merged", "reasons"};
  table.numeric = {false, false, true, true, true, true, false};
  for (const StageCounts& stage : data.stages) {
    if (!InFunnel(stage)) continue;
    const Counts& counts = stage.manifest.counts();
    table.rows.push_back({Escape(stage.stage), Escape(counts.unit()),
                          Count(counts.in()), Count(counts.out()),
                          Count(counts.rejected()), Count(counts.merged()),
                          Reasons(counts)});
  }
  return table.rows.empty() ? "" : ToHtml(table);
}

std::string PackingTable(const ReportData& data) {
  if (data.packings.empty()) return "";
  Table table;
  table.head = {"bins of", "bins",      "sequences",
                "tokens",  "with loss", "filled"};
  table.numeric = {false, true, true, true, true, true};
  for (const auto& [source, json] : data.packings) {
    const auto count = [&json = json](absl::string_view key) {
      return Count(CountAt(json, key));
    };
    table.rows.push_back({Escape(source.substr(0, source.find('/'))),
                          count("bins"), count("sequences"), count("tokens"),
                          count("loss_tokens"),
                          Percent(NumberOr(json, "fill", 0.0))});
  }
  return absl::StrCat("<h3>Packing</h3>\n", ToHtml(table));
}

// Labels down, our verdicts across.
std::string VerdictTable(const AgreementTable& agreement) {
  constexpr const char* kNames[] = {"none", "correct", "wrong", "unknown"};
  Table table;
  table.head = {Escape(agreement.compared_with), "ours: correct", "ours: wrong",
                "ours: unknown"};
  table.numeric = {false, true, true, true};
  for (size_t label = 0; label < agreement.traces.size(); ++label) {
    const auto& row = agreement.traces[label];
    if (row[1] + row[2] + row[3] == 0) continue;
    table.rows.push_back(
        {kNames[label], Count(row[1]), Count(row[2]), Count(row[3])});
  }
  return ToHtml(table);
}

std::string Disagreements(const AgreementTable& agreement) {
  constexpr size_t kShown = 60;
  constexpr size_t kLongest = 200;
  if (agreement.disagreements.empty()) return "";
  Table table;
  table.head = {"problem", "data set", "row",       "teacher",
                "label",   "ours",     "extracted", "gold"};
  table.numeric = {false, false, true, false, false, false, false, false};
  for (const Disagreement& one : agreement.disagreements) {
    if (table.rows.size() == kShown) break;
    table.rows.push_back(
        {Digest(one.problem_id), Escape(one.dataset),
         Count(static_cast<uint64_t>(std::max<int64_t>(0, one.row))),
         Escape(one.teacher), Escape(one.label), Escape(one.verdict),
         absl::StrCat("<bdi>", Excerpt(one.extracted, kLongest), "</bdi>"),
         absl::StrCat("<bdi>", Excerpt(one.gold, kLongest), "</bdi>")});
  }
  const size_t all = agreement.disagreements.size();
  return absl::StrCat("<h3>Disagreements: ", Count(all), "</h3>\n",
                      all > kShown
                          ? absl::StrCat("<p class=\"soft\">The first ", kShown,
                                         " are shown.</p>\n")
                          : "",
                      ToHtml(table));
}

}  // namespace

std::string ReasonText(absl::string_view name) {
  name = absl::StripPrefix(name, "REJECTION_REASON_");
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

Section Funnel(const ReportData& data) {
  Section section{"funnel", "What became of the records", "", "", {}};
  const std::string table = FunnelTable(data);
  if (table.empty()) return section;
  section.guide =
      "In every stage in = out + rejected + merged; the shards were counted "
      "again when this page was written, and agree with the manifests.";
  std::vector<std::string> units;
  for (const StageCounts& stage : data.stages) {
    if (!InFunnel(stage)) continue;
    section.sources.push_back(
        absl::StrCat(stage.artefact, "/manifest.textproto"));
    const std::string unit = FunnelOf(stage);
    if (std::find(units.begin(), units.end(), unit) == units.end()) {
      units.push_back(unit);
    }
  }
  std::string charts;
  for (const std::string& unit : units) charts += FunnelChart(data, unit);
  if (!charts.empty()) {
    section.body = absl::StrCat(
        Legend(
            {{"kept", "kept"}, {"merged", "merged"}, {"rejected", "rejected"}}),
        "<div class=\"charts\">\n", charts, "</div>\n");
  }
  absl::StrAppend(&section.body, table, PackingTable(data));
  for (const auto& [source, json] : data.packings) {
    section.sources.push_back(source);
  }
  return section;
}

Section LabelAgreement(const ReportData& data) {
  Section section{"agreement", "Agreement with published labels", "", "", {}};
  for (const Agreement& agreement : data.agreements) {
    const AgreementTable& table = agreement.table;
    section.sources.push_back(agreement.source);
    const uint64_t labelled = table.labelled();
    absl::StrAppend(
        &section.body, "<p>", Count(labelled), " traces carry a label (",
        Escape(table.compared_with), "); the verifier agrees with ",
        Count(table.agreeing()), " of them",
        labelled > 0
            ? absl::StrCat(", ", Percent(static_cast<double>(table.agreeing()) /
                                         static_cast<double>(labelled)))
            : "",
        ".</p>\n", VerdictTable(table), Disagreements(table));
  }
  if (section.body.empty()) return section;
  section.guide =
      "Rows are the verdicts that came with the traces, columns those of this "
      "run's verification.";
  return section;
}

}  // namespace limbeck::report
