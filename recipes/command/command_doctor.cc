// limbeck doctor: what this build and this machine can do.
#include <zstd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/judge/sandbox/isolation.h"
#include "google/protobuf/message.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"
#include "recipes/console/resource_usage.h"
#include "recipes/console/terminal.h"
#include "recipes/language/recipe_loader.h"
#include "recipes/run/build_facts.h"
#include "recipes/run/torch_boundary.h"

namespace limbeck {
namespace {

void AddLine(std::string& text, absl::string_view name,
             absl::string_view value) {
  absl::StrAppendFormat(&text, "%-20s %s\n", name, value);
}

void AddBuild(std::string& text) {
  const Json provenance = ProvenanceJson();
  for (const JsonMember& member : provenance.object()) {
    AddLine(text, member.first,
            member.second.is_string() ? member.second.string()
                                      : WriteJson(member.second));
  }
  AddLine(text, "abseil", absl::StrCat(ABSL_LTS_RELEASE_VERSION));
  AddLine(text, "protobuf",
          google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION));
  AddLine(text, "zstd", ZSTD_versionString());
  AddLine(text, "math library", DescribeLibTorch().has_mkl ? "MKL" : "other");
}

void AddMachine(std::string& text) {
  AddLine(text, "memory",
          absl::StrCat(
              FormatBytes(static_cast<double>(UsableMemoryBytes())), ", free ",
              FormatBytes(static_cast<double>(AvailableMemoryBytes()))));
  const auto disk = FreeDiskBytes(".");
  AddLine(text, "free disk here",
          disk.ok() ? FormatBytes(static_cast<double>(*disk)) : "unknown");
  AddLine(text, "energy counters",
          EnergyMeter().Joules().has_value()
              ? "readable"
              : "none, or not readable without root "
                "(/sys/class/powercap/intel-rapl:*/energy_uj)");
  const std::string recipes = JoinPath(ShareDirectory(), "recipes");
  AddLine(text, "installed recipes",
          IsDirectory(recipes) ? recipes
                               : absl::StrCat("none: no folder ", recipes));
}

// One line each for what would make the isolation of judged programs stronger.
void AddIsolation(std::string& text) {
  const IsolationReport report = ProbeIsolation();
  AddLine(text, "isolation level", IsolationName(report.level));
  for (const IsolationObstacle& obstacle : report.obstacles) {
    AddLine(text, absl::StrCat("  no ", IsolationName(obstacle.level)),
            absl::StrCat(obstacle.reason, "; ", obstacle.advice));
  }
  if (report.level < IsolationLevel::kB) {
    absl::StrAppend(&text,
                    "  Code is judged from level B on; limbeck judge "
                    "--min_isolation takes less at your risk.\n");
  }
}

absl::Status DoctorCommand() {
  std::string text;
  AddBuild(text);
  AddMachine(text);
  AddIsolation(text);
  if (!DescribeLibTorch().has_cuda) {
    absl::StrAppend(&text, "No CUDA device: everything runs on the CPU.\n");
  }
  return WriteToStandardOutput(EscapeLinesForTerminal(text));
}

}  // namespace

void AddDoctorCommand(CLI::App& app, absl::Status& result) {
  CLI::App* verb =
      AddVerb(app, "doctor", "Show what this build and this machine can do",
              "limbeck doctor");
  verb->callback([&result] { result = DoctorCommand(); });
}

}  // namespace limbeck
