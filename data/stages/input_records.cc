#include "data/stages/input_records.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace limbeck {
namespace {

bool IsShardNamed(const FileEntry& entry, absl::string_view file) {
  return !entry.record_type().empty() &&
         absl::EndsWith(entry.name(), absl::StrCat("/", file));
}

std::string InputNames(const StageRun& run) {
  return absl::StrJoin(run.inputs, ", ",
                       [](std::string* text, const StageInput& input) {
                         absl::StrAppend(text, "'", input.name, "'");
                       });
}

}  // namespace

bool HoldsShard(const Manifest& manifest, absl::string_view file) {
  for (const FileEntry& entry : manifest.files()) {
    if (IsShardNamed(entry, file)) return true;
  }
  return false;
}

uint64_t NumRecords(const Manifest& manifest, absl::string_view file) {
  uint64_t records = 0;
  for (const FileEntry& entry : manifest.files()) {
    if (IsShardNamed(entry, file)) records += entry.records();
  }
  return records;
}

absl::StatusOr<Artefact> OpenInput(const StageInput& input) {
  if (input.is_model) {
    return absl::InvalidArgumentError(absl::StrCat(
        "input '", input.name, "' is a model, a stage's result is needed"));
  }
  LIMBECK_ASSIGN_OR_RETURN(Artefact artefact, Artefact::Open(input.directory));
  const std::string& digest = artefact.manifest().content_digest();
  if (!input.content_digest.empty() && digest != input.content_digest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "input '", input.name, "' changed while the recipe ran: digest ",
        digest, ", planned with ", input.content_digest));
  }
  return artefact;
}

absl::StatusOr<std::vector<Artefact>> OpenInputsWith(const StageRun& run,
                                                     absl::string_view file) {
  std::vector<Artefact> found;
  for (const StageInput& input : run.inputs) {
    if (input.is_model) continue;
    LIMBECK_ASSIGN_OR_RETURN(Artefact artefact, OpenInput(input));
    if (HoldsShard(artefact.manifest(), file)) {
      found.push_back(std::move(artefact));
    }
  }
  if (found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("stage '", run.identity.name, "' (", run.identity.kind,
                     ") needs an input with ", file, "; it has ",
                     run.inputs.empty() ? "no inputs" : InputNames(run)));
  }
  return found;
}

absl::StatusOr<Artefact> OpenInputWith(const StageRun& run,
                                       absl::string_view file) {
  LIMBECK_ASSIGN_OR_RETURN(std::vector<Artefact> found,
                           OpenInputsWith(run, file));
  return std::move(found.front());
}

absl::StatusOr<std::string> FindTokenizerDirectory(const StageRun& run) {
  for (const StageInput& input : run.inputs) {
    absl::StatusOr<std::string> folder = TokenizerDirectory(input);
    if (folder.ok()) return folder;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "stage '", run.identity.name, "' (", run.identity.kind,
      ") needs an input with a tokenizer (a model, a training or a ",
      "train_tokenizer stage); it has ",
      run.inputs.empty() ? "no inputs" : InputNames(run)));
}

absl::Status WrongNumberOfInputs(const StageRun& run,
                                 absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(
      "stage '", run.identity.name, "' (", run.identity.kind, ") takes ",
      expected, ", it has ", run.inputs.size(), ": ", InputNames(run)));
}

RecordMap ProblemsToProblems() {
  return {
      kProblemsFile, kProblemsFile, Problem::descriptor(), "problems", "", ""};
}

RecordMap TracesToTraces(const Artefact& input) {
  return {kTracesFile,
          kTracesFile,
          Trace::descriptor(),
          "traces",
          input.manifest().tokenizer_fingerprint(),
          input.manifest().template_fingerprint()};
}

absl::Status TouchOutput(const RecordMap& map, PartitionWriter& writer) {
  writer.set_unit(map.unit);
  writer.set_tokenizer_fingerprint(map.tokenizer_fingerprint,
                                   map.template_fingerprint);
  LIMBECK_RETURN_IF_ERROR(writer.Touch(map.output, *map.output_type));
  return writer.Touch(kRejectsFile, *Rejection::descriptor());
}

absl::StatusOr<ItemKind> ItemKindOf(const Artefact& artefact) {
  if (HoldsShard(artefact.manifest(), kTracesFile)) return ItemKind::kTraces;
  if (HoldsShard(artefact.manifest(), kProblemsFile)) {
    return ItemKind::kProblems;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(artefact.directory(), " (", artefact.manifest().stage_kind(),
                   ") holds neither ", kTracesFile, " nor ", kProblemsFile));
}

absl::Status Keep(const Problem& problem, PartitionWriter& writer) {
  writer.CountOut();
  return writer.Write(kProblemsFile, problem);
}

absl::Status Keep(const Trace& trace, PartitionWriter& writer) {
  writer.CountOut();
  return writer.Write(kTracesFile, trace,
                      static_cast<uint64_t>(trace.output_ids_size()));
}

StageProgress::StageProgress(const StageContext& context,
                             absl::string_view phase, uint64_t total,
                             absl::string_view unit)
    : sink_(context.progress) {
  if (sink_ != nullptr) sink_->Begin(phase, total, unit);
}

void StageProgress::Add(uint64_t records) {
  const uint64_t done =
      done_.fetch_add(records, std::memory_order_relaxed) + records;
  if (sink_ != nullptr) sink_->SetDone(done);
}

}  // namespace limbeck
