// Sections about the models: what they are, how they learnt, how much they say.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "recipes/report/charts.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

std::string OrDash(const std::string& text) {
  return text.empty() ? "–" : Escape(text);
}

std::string ModelTable(const ReportData& data) {
  Table table;
  table.head = {"model",     "parameters", "architecture",
                "tokenizer", "origin",     "licences of its sources"};
  table.numeric = {false, true, false, false, false, false};
  for (const ModelFacts& facts : data.models) {
    table.rows.push_back({Escape(facts.label),
                          facts.parameters > 0 ? Count(facts.parameters) : "–",
                          OrDash(facts.architecture),
                          facts.tokenizer_fingerprint.empty()
                              ? "–"
                              : Digest(facts.tokenizer_fingerprint),
                          Escape(facts.origin), OrDash(facts.licences)});
  }
  return ToHtml(table);
}

std::string OriginTable(const ReportData& data) {
  Table table;
  table.head = {"stage", "data set", "split", "licence", "problems"};
  table.numeric = {false, false, false, false, true};
  for (const Origin& origin : data.origins) {
    for (const auto& [terms, problems] : origin.problems) {
      const auto& [dataset, split, licence] = terms;
      table.rows.push_back({Escape(origin.stage), OrDash(dataset),
                            OrDash(split), OrDash(licence), Count(problems)});
    }
  }
  return table.rows.empty()
             ? ""
             : absl::StrCat("<h3>Problems</h3>\n", ToHtml(table));
}

// Mean over a sliding window, so that the curve can be read.
Points2D Smooth(const Points2D& points) {
  constexpr size_t kWindows = 40;
  const size_t window = std::max<size_t>(1, points.size() / kWindows);
  Points2D smooth;
  double sum = 0.0;
  for (size_t i = 0; i < points.size(); ++i) {
    sum += points[i].second;
    if (i >= window) sum -= points[i - window].second;
    const size_t count = std::min(i + 1, window);
    smooth.emplace_back(points[i].first, sum / static_cast<double>(count));
  }
  return smooth;
}

// Losses of one objective are one quantity: one chart each.
std::string ObjectiveChart(const ReportData& data,
                           const std::string& objective) {
  std::vector<Series> curves;
  for (const Training& training : data.trainings) {
    if (training.objective != objective || training.loss.empty()) continue;
    curves.push_back(
        {training.label, Smooth(training.loss), training.colour, false});
  }
  if (curves.empty()) return "";
  return absl::StrCat("<figure>\n<h3>Training loss: ", Escape(objective),
                      "</h3>\n",
                      LineChart(curves, "tokens seen", "nats per token",
                                absl::StrCat("training loss, ", objective)),
                      "</figure>\n");
}

std::string HeldOutChart(const ReportData& data) {
  std::vector<Series> curves;
  for (const Training& training : data.trainings) {
    if (training.held_out.empty()) continue;
    curves.push_back(
        {training.label, training.held_out, training.colour, true});
  }
  if (curves.empty()) return "";
  return absl::StrCat("<figure>\n<h3>Held-out cross-entropy</h3>\n",
                      LineChart(curves, "tokens seen", "nats per token",
                                "held-out cross-entropy"),
                      "</figure>\n");
}

std::string TrainingTable(const ReportData& data) {
  Table table;
  table.head = {"run",        "objective", "steps",
                "skipped",    "tokens",    "tokens with loss",
                "first loss", "last loss", "last held-out"};
  table.numeric = {false, false, true, true, true, true, true, true, true};
  for (const Training& training : data.trainings) {
    const Points2D smooth = Smooth(training.loss);
    table.rows.push_back({Escape(training.label), Escape(training.objective),
                          Count(training.steps), Count(training.skipped_steps),
                          Count(training.tokens), Count(training.loss_tokens),
                          smooth.empty() ? "–" : Figure(smooth.front().second),
                          smooth.empty() ? "–" : Figure(smooth.back().second),
                          training.held_out.empty()
                              ? "–"
                              : Figure(training.held_out.back().second)});
  }
  return ToHtml(table);
}

Sample LengthSample(const std::string& label, std::vector<double> values,
                    int colour) {
  std::sort(values.begin(), values.end());
  Sample sample;
  sample.label = label;
  sample.text =
      absl::StrFormat("median %s, longest %s", Short(values[values.size() / 2]),
                      Short(values.back()));
  sample.values = std::move(values);
  sample.colour = colour;
  return sample;
}

}  // namespace

Section ModelsAndData(const ReportData& data) {
  Section section{"models", "Models and data", "", "", {}};
  if (data.models.empty() && data.origins.empty()) return section;
  section.guide =
      "Parameters are counted from the checkpoints' headers; "
      "licences are those "
      "of every model that one comes from, and of every data set.";
  if (!data.models.empty()) section.body += ModelTable(data);
  section.body += OriginTable(data);
  for (const ModelFacts& facts : data.models) {
    section.sources.push_back(facts.source);
  }
  for (const Origin& origin : data.origins) {
    section.sources.push_back(origin.source);
  }
  return section;
}

Section LossCurves(const ReportData& data) {
  Section section{"loss", "Training", "", "", {}};
  if (data.trainings.empty()) return section;
  section.guide =
      "Loss per token, averaged over a sliding window of 1/40 of the run; "
      "lower "
      "is better. Each objective has its own chart: a divergence is zero at "
      "best, a cross-entropy is not.";
  std::vector<std::string> objectives;
  for (const Training& training : data.trainings) {
    section.sources.push_back(training.source);
    if (std::find(objectives.begin(), objectives.end(), training.objective) ==
        objectives.end()) {
      objectives.push_back(training.objective);
    }
  }
  section.body = "<div class=\"charts\">\n";
  for (const std::string& objective : objectives) {
    section.body += ObjectiveChart(data, objective);
  }
  absl::StrAppend(&section.body, HeldOutChart(data), "</div>\n",
                  TrainingTable(data));
  return section;
}

Section Lengths(const ReportData& data) {
  Section section{"lengths", "Lengths", "", "", {}};
  std::vector<Sample> samples;
  for (const Evaluation& evaluation : data.evaluations) {
    if (evaluation.output_tokens.empty()) continue;
    samples.push_back(LengthSample(evaluation.label, evaluation.output_tokens,
                                   evaluation.colour));
    section.sources.push_back(evaluation.traces_source);
  }
  for (const Outputs& outputs : data.outputs) {
    samples.push_back(
        LengthSample(outputs.label, outputs.tokens, outputs.colour));
    section.sources.push_back(outputs.source);
  }
  if (samples.empty()) return section;
  section.guide =
      "How many tokens the models wrote per sample, and how long the outputs "
      "were that students learnt from. Each row is scaled to its own highest "
      "bin.";
  section.body = absl::StrCat(
      "<figure>\n", Histograms(samples, "output tokens", "lengths of outputs"),
      "</figure>\n");
  return section;
}

}  // namespace limbeck::report
