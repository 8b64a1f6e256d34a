// See finished_samples.h.
#include "teacher/finished_samples.h"

#include <array>
#include <unordered_map>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"
#include "data/stages/artefact.h"

namespace limbeck {
namespace {

constexpr std::array<absl::string_view, 3> kFieldsThatOnlyCount = {
    "samples_per_problem:", "max_problems:", "rows:"};

// Pieces of text format between white space, quoted strings whole.
std::vector<std::string> SplitTextFormat(absl::string_view text) {
  std::vector<std::string> pieces(1);
  char quote = '\0';
  bool escaped = false;
  for (const char c : text) {
    if (quote == '\0' && absl::ascii_isspace(static_cast<unsigned char>(c))) {
      if (!pieces.back().empty()) pieces.emplace_back();
      continue;
    }
    pieces.back() += c;
    const bool closes = quote != '\0' && c == quote && !escaped;
    escaped = quote != '\0' && c == '\\' && !escaped;
    if (closes) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    }
  }
  if (pieces.back().empty()) pieces.pop_back();
  return pieces;
}

// The options (text format, in one line or many) without those that say only
// how many samples there are and how many run at a time.
std::string OptionsOfWork(absl::string_view text) {
  std::string kept;
  bool skip_value = false;
  for (const std::string& piece : SplitTextFormat(text)) {
    const bool skipped = std::exchange(
        skip_value, absl::c_linear_search(kFieldsThatOnlyCount, piece));
    if (!skipped && !skip_value) absl::StrAppend(&kept, piece, " ");
  }
  return kept;
}

GeneratedSample SampleOf(const Trace& trace) {
  GeneratedSample sample;
  sample.set_problem_id(trace.problem().id());
  sample.set_sample_index(trace.sampling().sample_index());
  return sample;
}

absl::StatusOr<std::vector<GeneratedSample>> ReadTraces(
    const std::string& directory) {
  std::vector<GeneratedSample> samples;
  std::unordered_map<std::string, size_t> place_of_trace;
  LIMBECK_ASSIGN_OR_RETURN(std::vector<Trace> traces,
                           ReadShard<Trace>(JoinPath(directory, kTracesFile)));
  for (Trace& trace : traces) {
    place_of_trace[trace.id()] = samples.size();
    samples.push_back(SampleOf(trace));
    *samples.back().mutable_trace() = std::move(trace);
  }
  const std::string signals_path = JoinPath(directory, kSignalsFile);
  if (!FileExists(signals_path)) return samples;
  LIMBECK_ASSIGN_OR_RETURN(std::vector<TeacherSignal> signals,
                           ReadShard<TeacherSignal>(signals_path));
  for (TeacherSignal& signal : signals) {
    const auto found = place_of_trace.find(signal.trace_id());
    if (found == place_of_trace.end()) continue;
    *samples[found->second].add_signals() = std::move(signal);
  }
  return samples;
}

}  // namespace

std::string WorkFingerprint(const Manifest& manifest, const Teacher& teacher) {
  FieldHasher hasher("limbeck.generate_work.v1");
  hasher.Bytes(manifest.stage_kind())
      .Int(manifest.stage_version())
      .Bytes(OptionsOfWork(manifest.options()))
      .Int(static_cast<int64_t>(manifest.seed()))
      .Int(manifest.parents_size());
  for (const Parent& parent : manifest.parents()) {
    hasher.Bytes(parent.name()).Bytes(parent.content_digest());
  }
  return hasher.Bytes(teacher.name())
      .Bytes(teacher.revision())
      .Bytes(teacher.tokenizer_fingerprint())
      .Bytes(teacher.licence())
      .Hex();
}

absl::StatusOr<std::vector<GeneratedSample>> ReadFinishedSamples(
    const std::string& directory, const std::string& work_fingerprint,
    const Teacher& teacher) {
  std::vector<GeneratedSample> none;
  absl::StatusOr<Manifest> manifest = ReadManifest(directory);
  if (absl::IsNotFound(manifest.status())) return none;
  if (!manifest.ok()) return manifest.status();
  if (WorkFingerprint(*manifest, teacher) != work_fingerprint) return none;
  const absl::Status whole = VerifyFiles(directory, *manifest);
  if (!whole.ok()) {
    return absl::Status(whole.code(),
                        absl::StrCat(whole.message(), "; remove ", directory,
                                     " to have its samples made again"));
  }
  LIMBECK_ASSIGN_OR_RETURN(std::vector<GeneratedSample> samples,
                           ReadTraces(directory));
  LIMBECK_ASSIGN_OR_RETURN(
      std::vector<Rejection> rejections,
      ReadShard<Rejection>(JoinPath(directory, kRejectsFile)));
  for (Rejection& rejection : rejections) {
    samples.push_back(SampleOf(rejection.trace()));
    rejection.clear_stage();
    *samples.back().mutable_rejection() = std::move(rejection);
  }
  return samples;
}

}  // namespace limbeck
