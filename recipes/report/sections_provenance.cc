// The section that says how to make the same artefacts again.
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

std::string ArtefactTable(const ReportData& data) {
  Table table;
  table.head = {"stage", "kind",        "inputs", "artefact",
                "seed",  "fingerprint", "content"};
  table.numeric = {false, false, false, false, true, false, false};
  for (const StageCounts& stage : data.stages) {
    const Manifest& manifest = stage.manifest;
    table.rows.push_back(
        {Escape(stage.stage), Escape(stage.kind),
         stage.inputs.empty() ? "–" : Escape(absl::StrJoin(stage.inputs, ", ")),
         Code(stage.artefact), absl::StrCat(manifest.seed()),
         Digest(manifest.fingerprint()), Digest(manifest.content_digest())});
  }
  return ToHtml(table);
}

// Every option as it was filled in, so that no default has to be known.
std::string OptionsTable(const ReportData& data) {
  Table table;
  table.head = {"stage", "version", "options as resolved"};
  table.numeric = {false, true, false};
  for (const StageCounts& stage : data.stages) {
    table.rows.push_back({Escape(stage.stage),
                          absl::StrCat(stage.manifest.stage_version()),
                          Code(stage.manifest.options())});
  }
  return absl::StrCat("<h3>Options</h3>\n", ToHtml(table));
}

// Models and files that no stage of the recipe has made.
std::string OutsideTable(const ReportData& data) {
  std::map<std::string, std::string> outside;
  for (const StageCounts& stage : data.stages) {
    for (const Parent& parent : stage.manifest.parents()) {
      outside[parent.name()] = parent.content_digest();
    }
  }
  for (const StageCounts& stage : data.stages) outside.erase(stage.stage);
  if (outside.empty()) return "";
  Table table;
  table.head = {"from outside", "SHA-256"};
  table.numeric = {false, false};
  for (const auto& [name, digest] : outside) {
    table.rows.push_back({Escape(name), Code(digest)});
  }
  return absl::StrCat("<h3>Models and files from outside</h3>\n",
                      ToHtml(table));
}

std::string BuildTable(const ReportData& data) {
  if (data.builds.empty()) return "";
  Table table;
  table.head = {"Limbeck",   "build",   "LibTorch",
                "processor", "threads", "stages"};
  table.numeric.assign(table.head.size(), false);
  for (const Build& build : data.builds) {
    const bool all = build.stages.size() == data.stages.size();
    table.rows.push_back(
        {Escape(build.limbeck), Digest(build.id), Escape(build.libtorch),
         Escape(build.processor), Escape(build.threads),
         all ? "all" : Escape(absl::StrJoin(build.stages, ", "))});
  }
  return absl::StrCat("<h3>Program and machine</h3>\n", ToHtml(table));
}

std::string Overrides(const ReportData& data) {
  if (data.overrides.empty()) {
    return "<p>The command line of the last run overrode nothing.</p>\n";
  }
  std::vector<std::string> all;
  for (const std::string& one : data.overrides) {
    all.push_back(Code(absl::StrCat("--set ", one)));
  }
  return absl::StrCat("<p>The command line of the last run overrode: ",
                      absl::StrJoin(all, " "), "</p>\n");
}

}  // namespace

Section Provenance(const ReportData& data) {
  Section section{"provenance", "Provenance", "", "", {}};
  if (data.stages.empty()) return section;
  section.guide =
      "Every artefact is a function of its options, its inputs and its seed; "
      "the fingerprint covers all three. The same bytes come from the same "
      "build, instruction set and number of threads. Paths are relative to the "
      "workspace, model:NAME is a model folder of the recipe.";
  for (const StageCounts& stage : data.stages) {
    section.sources.push_back(
        absl::StrCat(stage.artefact, "/manifest.textproto"));
    if (data.builds.empty()) continue;
    section.sources.push_back(absl::StrCat(stage.artefact, "/run.json"));
  }
  section.body =
      absl::StrCat(Overrides(data), ArtefactTable(data), OutsideTable(data),
                   BuildTable(data), OptionsTable(data));
  return section;
}

}  // namespace limbeck::report
