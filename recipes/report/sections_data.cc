// Sections about the data: lengths, rejections, agreement, provenance.
#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "recipes/report/charts.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

// "REJECTION_REASON_WRONG_ANSWER" as "wrong answer".
std::string ReasonText(absl::string_view name) {
  name = absl::StripPrefix(name, "REJECTION_REASON_");
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

std::string Reasons(const Counts& counts) {
  std::vector<std::string> parts;
  for (const ReasonCount& reason : counts.rejected_by_reason()) {
    parts.push_back(
        absl::StrCat(ReasonText(reason.reason()), " ", Count(reason.count())));
  }
  return Escape(absl::StrJoin(parts, ", "));
}

bool InFunnel(const StageCounts& stage) {
  return stage.manifest.has_counts() && stage.manifest.counts().in() > 0 &&
         stage.kind != "train" && stage.kind != "compare" &&
         stage.kind != "evaluate";
}

constexpr std::array<absl::string_view, 4> kVerdictWords = {"none", "correct",
                                                            "wrong", "unknown"};
constexpr size_t kDisagreementsShown = 20;

std::string AgreementCounts(const AgreementTable& agreement) {
  Table table;
  table.head = {"label", "verdict", "traces"};
  table.numeric = {false, false, true};
  for (size_t label = 0; label < kVerdictWords.size(); ++label) {
    for (size_t verdict = 0; verdict < kVerdictWords.size(); ++verdict) {
      const uint64_t traces = agreement.traces[label][verdict];
      if (traces == 0) continue;
      table.rows.push_back({std::string(kVerdictWords[label]),
                            std::string(kVerdictWords[verdict]),
                            Count(traces)});
    }
  }
  return ToHtml(table);
}

std::string Disagreements(const AgreementTable& agreement) {
  Table table;
  table.head = {"problem", "teacher", "label", "verdict", "extracted", "gold"};
  table.numeric = {false, false, false, false, false, false};
  const size_t shown =
      std::min(agreement.disagreements.size(), kDisagreementsShown);
  for (size_t i = 0; i < shown; ++i) {
    const Disagreement& item = agreement.disagreements[i];
    table.rows.push_back(
        {Escape(absl::StrCat(item.dataset, ", row ", item.row)),
         Escape(item.teacher), Escape(item.label), Escape(item.verdict),
         Escape(item.extracted), Escape(item.gold)});
  }
  if (table.rows.empty()) return "";
  return absl::StrCat("<p>", shown, " of ", agreement.disagreements.size(),
                      " disagreements:</p>\n", ToHtml(table));
}

}  // namespace

Section Lengths(const ReportData& data) {
  constexpr int kBins = 40;
  Section section{"lengths", "Lengths", "", {}};
  std::vector<Sample> samples;
  for (const Evaluation& evaluation : data.evaluations) {
    samples.push_back({evaluation.label, evaluation.output_tokens,
                       static_cast<int>(samples.size())});
    section.sources.push_back(evaluation.source);
  }
  if (!data.teacher_tokens.empty()) {
    samples.push_back({"training traces", data.teacher_tokens,
                       static_cast<int>(samples.size())});
    section.sources.push_back(data.teacher_source);
  }
  if (samples.empty()) return section;
  section.body = absl::StrCat(
      "<figure>\n",
      Histogram(samples, kBins, "output tokens", "lengths of outputs"),
      "<figcaption>Tokens that each model wrote per sample, and the length of "
      "the traces that the teacher wrote for "
      "training.</figcaption></figure>\n");
  return section;
}

Section Funnel(const ReportData& data) {
  Section section{"funnel", "What became of the records", "", {}};
  Table table;
  table.head = {"stage", "unit", "in", "out", "rejected", "merged", "reasons"};
  table.numeric = {false, false, true, true, true, true, false};
  std::vector<Bar> bars;
  uint64_t most = 0;
  for (const StageCounts& stage : data.stages) {
    if (!InFunnel(stage)) continue;
    const Counts& counts = stage.manifest.counts();
    table.rows.push_back({Escape(stage.stage), Escape(counts.unit()),
                          Count(counts.in()), Count(counts.out()),
                          Count(counts.rejected()), Count(counts.merged()),
                          Reasons(counts)});
    section.sources.push_back(
        absl::StrCat(stage.artefact, "/manifest.textproto"));
    if (counts.unit() != "traces" && counts.unit() != "samples") continue;
    Bar bar;
    bar.label = stage.stage;
    bar.value = static_cast<double>(counts.out());
    bar.text = absl::StrCat(Count(counts.out()), " of ", Count(counts.in()));
    most = std::max(most, counts.in());
    bars.push_back(std::move(bar));
  }
  if (table.rows.empty()) return section;
  section.body =
      absl::StrCat(bars.empty() ? ""
                                : BarChart(bars, static_cast<double>(most),
                                           false, "records after each stage"),
                   "<p class=\"soft\">in = out + rejected + merged, re-counted "
                   "from the shards "
                   "when this page was written.</p>\n",
                   ToHtml(table));
  return section;
}

Section Agreement(const ReportData& data) {
  Section section{"agreement", "Agreement with published labels", "", {}};
  for (const auto& [source, agreement] : data.agreements) {
    section.sources.push_back(source);
    const uint64_t labelled = agreement.labelled();
    absl::StrAppend(
        &section.body, "<p>", Count(labelled), " traces carry a label (",
        Escape(agreement.compared_with), "); the verifier agrees with ",
        Count(agreement.agreeing()), " of them",
        labelled == 0
            ? ""
            : absl::StrCat(", ",
                           Percent(static_cast<double>(agreement.agreeing()) /
                                   static_cast<double>(labelled))),
        ".</p>\n", AgreementCounts(agreement), Disagreements(agreement));
  }
  return section;
}

Section Provenance(const ReportData& data) {
  Section section{"provenance", "Provenance", "", {}};
  Table table;
  table.head = {"stage", "kind", "artefact", "fingerprint", "content"};
  table.numeric = {false, false, false, false, false};
  for (const StageCounts& stage : data.stages) {
    const auto code = [](absl::string_view text) {
      return absl::StrCat("<code>", Escape(text), "</code>");
    };
    table.rows.push_back({Escape(stage.stage), Escape(stage.kind),
                          code(stage.artefact),
                          code(stage.manifest.fingerprint().substr(0, 16)),
                          code(stage.manifest.content_digest().substr(0, 16))});
  }
  if (table.rows.empty()) return section;
  section.body = absl::StrCat(
      "<p>Every artefact is a function of its recipe, its inputs and its seed; "
      "the fingerprint covers all three. Paths are relative to the workspace."
      "</p>\n",
      ToHtml(table));
  return section;
}

}  // namespace limbeck::report
