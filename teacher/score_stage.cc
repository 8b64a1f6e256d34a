// See score_stage.h.
#include "teacher/score_stage.h"

#include <c10/util/Exception.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/journal.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "teacher/journal.pb.h"
#include "teacher/local_scorer.h"
#include "teacher/score_batches.h"

namespace limbeck {
namespace {

constexpr absl::string_view kJournalName = "score.journal";

class ScoreRun {
 public:
  ScoreRun(const ModelInput& teacher, const ScoreOptions& options,
           const StageRun& run, Artefact samples)
      : options_(options),
        run_(run),
        samples_(std::move(samples)),
        fingerprint_(run.identity.Fingerprint()),
        limits_{teacher.model->config.max_positions,
                teacher.tokenizer->vocab_size()},
        signal_options_{options.top_k(), options.signal_codec(),
                        limits_.vocab_size},
        tokenizer_fingerprint_(teacher.tokenizer->fingerprint()),
        scorer_(MakeLocalScorer(teacher.model, teacher.identity)),
        progress_(run.context, "score",
                  NumRecords(samples_.manifest(), kSamplesFile), "samples") {}

  absl::Status Run();

 private:
  using Batches = std::vector<absl::Span<const TokenizedSample>>;

  std::string JournalPath(int partition) const {
    return JoinPath(PartitionPath(run_.directory, partition), kJournalName);
  }
  absl::Status RunPartition(int partition);
  absl::Status ScoreMissing(const Batches& batches, int partition);
  absl::Status Commit(uint64_t num_samples,
                      const std::vector<Rejection>& rejections, int partition);

  const ScoreOptions& options_;
  const StageRun& run_;
  const Artefact samples_;
  const std::string fingerprint_;
  const ScoreLimits limits_;
  const SignalOptions signal_options_;
  const std::string tokenizer_fingerprint_;
  const std::unique_ptr<Scorer> scorer_;
  StageProgress progress_;
};

// Whole batches of the journal by number.
absl::StatusOr<std::map<uint32_t, ScoredBatch>> ReadBatches(
    const Journal& journal, const std::string& path) {
  std::map<uint32_t, ScoredBatch> batches;
  for (const std::string& bytes : journal.recovered()) {
    ScoredBatch batch;
    if (!batch.ParseFromString(bytes)) {
      return absl::DataLossError(
          absl::StrCat(path, " holds a record of ", bytes.size(),
                       " bytes that is no scored batch: remove the file to "
                       "score again"));
    }
    const uint32_t number = batch.batch();
    batches.try_emplace(number, std::move(batch));
  }
  return batches;
}

absl::Status ScoreRun::Run() {
  for (int partition = 0; partition < samples_.num_partitions(); ++partition) {
    const std::string directory = PartitionPath(run_.directory, partition);
    LIMBECK_ASSIGN_OR_RETURN(const bool done,
                             IsComplete(directory, fingerprint_));
    if (!done) LIMBECK_RETURN_IF_ERROR(RunPartition(partition));
    const std::string journal = JournalPath(partition);
    if (FileExists(journal)) {
      LIMBECK_RETURN_IF_ERROR(RemoveTree(journal));
      LIMBECK_RETURN_IF_ERROR(SyncDirectory(directory));
    }
  }
  return absl::OkStatus();
}

absl::Status ScoreRun::RunPartition(int partition) {
  LIMBECK_ASSIGN_OR_RETURN(
      std::vector<TokenizedSample> samples,
      ReadShard<TokenizedSample>(samples_.Path(partition, kSamplesFile)));
  const uint64_t num_samples = samples.size();
  std::vector<Rejection> rejections;
  std::vector<TokenizedSample> scored;
  for (TokenizedSample& sample : samples) {
    std::optional<Rejection> reason = WhyNotScored(sample, limits_);
    if (reason.has_value()) {
      rejections.push_back(*std::move(reason));
    } else {
      scored.push_back(std::move(sample));
    }
  }
  progress_.Add(rejections.size());
  LIMBECK_RETURN_IF_ERROR(
      ScoreMissing(PlanBatches(scored, options_.batch_tokens()), partition));
  return Commit(num_samples, rejections, partition);
}

absl::Status ScoreRun::ScoreMissing(const Batches& batches, int partition) {
  const std::string path = JournalPath(partition);
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(DirName(path)));
  absl::StatusOr<std::unique_ptr<Journal>> opened =
      Journal::Open(path, fingerprint_);
  if (absl::IsFailedPrecondition(opened.status())) {
    // Left by a run with other options or inputs: its signals are of no use.
    LIMBECK_RETURN_IF_ERROR(RemoveTree(path));
    opened = Journal::Open(path, fingerprint_);
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                           std::move(opened));
  LIMBECK_ASSIGN_OR_RETURN(const auto found, ReadBatches(*journal, path));
  journal->ForgetRecovered();
  for (uint32_t number = 0; number < batches.size(); ++number) {
    progress_.Add(batches[number].size());
    if (found.count(number) != 0) continue;
    if (run_.context.cancelled()) {
      LIMBECK_RETURN_IF_ERROR(journal->Sync());
      return absl::CancelledError(absl::StrCat(
          "stage '", run_.identity.name, "' stopped in partition ", partition,
          " before batch ", number, " of ", batches.size()));
    }
    LIMBECK_ASSIGN_OR_RETURN(
        std::vector<TeacherSignal> signals,
        ScoreBatch(batches[number], signal_options_, *scorer_));
    ScoredBatch record;
    record.set_batch(number);
    for (TeacherSignal& signal : signals) {
      *record.add_signals() = std::move(signal);
    }
    LIMBECK_RETURN_IF_ERROR(journal->Append(record.SerializeAsString()));
    if (run_.context.cost != nullptr) {
      for (const TokenizedSample& sample : batches[number]) {
        run_.context.cost->AddPromptTokens(
            static_cast<uint64_t>(sample.ids_size()));
      }
    }
  }
  return journal->Sync();
}

absl::Status ScoreRun::Commit(uint64_t num_samples,
                              const std::vector<Rejection>& rejections,
                              int partition) {
  const std::string path = JournalPath(partition);
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                           Journal::Open(path, fingerprint_));
  LIMBECK_ASSIGN_OR_RETURN(const auto batches, ReadBatches(*journal, path));
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<PartitionWriter> writer,
      PartitionWriter::Create(run_, partition, samples_.num_partitions(),
                              {std::string(kJournalName)}));
  writer->set_unit("samples");
  writer->set_tokenizer_fingerprint(tokenizer_fingerprint_,
                                    samples_.manifest().template_fingerprint());
  LIMBECK_RETURN_IF_ERROR(
      writer->Touch(kSignalsFile, *TeacherSignal::descriptor()));
  LIMBECK_RETURN_IF_ERROR(
      writer->Touch(kRejectsFile, *Rejection::descriptor()));
  writer->CountIn(num_samples);
  writer->CountOut(num_samples - rejections.size());
  for (const Rejection& rejection : rejections) {
    LIMBECK_RETURN_IF_ERROR(writer->Reject(rejection));
  }
  for (const auto& [number, batch] : batches) {
    for (const TeacherSignal& signal : batch.signals()) {
      LIMBECK_RETURN_IF_ERROR(
          writer->Write(kSignalsFile, signal, signal.num_tokens()));
    }
  }
  return writer->Commit();
}

absl::Status CheckTokenizer(const Artefact& samples, const ModelInput& teacher,
                            const StageRun& run) {
  const std::string& found = samples.manifest().tokenizer_fingerprint();
  if (found == teacher.tokenizer->fingerprint()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "stage '", run.identity.name, "': the samples in ", samples.directory(),
      " were tokenized with ", found, ", model '", teacher.identity.name(),
      "' has tokenizer ", teacher.tokenizer->fingerprint(),
      ": tokenize them with the model's tokenizer, or train on their text "
      "without scores (KIND_CROSS_ENTROPY)"));
}

}  // namespace

absl::Status ScoreWith(const ModelInput& teacher, const ScoreOptions& options,
                       const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(Artefact samples, OpenInputWith(run, kSamplesFile));
  LIMBECK_RETURN_IF_ERROR(CheckTokenizer(samples, teacher, run));
  if (NumRecords(samples.manifest(), kSamplesFile) == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("stage '", run.identity.name, "': ", samples.directory(),
                     " holds 0 samples"));
  }
  return ScoreRun(teacher, options, run, std::move(samples)).Run();
}

absl::Status RunScoreStage(const ScoreOptions& options, const StageRun& run) {
  try {
    LIMBECK_ASSIGN_OR_RETURN(const ModelInput teacher, LoadModelInput(run));
    return ScoreWith(teacher, options, run);
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("stage '", run.identity.name, "': ", error.msg()));
  }
}

}  // namespace limbeck
