// See generate_partition.h.
#include "teacher/generate_partition.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "teacher/finished_samples.h"

namespace limbeck {
namespace {

using Key = std::pair<std::string, int>;  // problem id, sample index

absl::StatusOr<GeneratedSample> ParseSample(const std::string& bytes,
                                            const std::string& path) {
  GeneratedSample sample;
  if (sample.ParseFromString(bytes)) return sample;
  return absl::DataLossError(absl::StrCat(
      path, " holds a record of ", bytes.size(),
      " bytes that is no generated sample: remove the file to generate its "
      "samples again"));
}

std::string JournalName(const GenerateWork& work) {
  return absl::StrCat("generate-", work.fingerprint.substr(0, 16), ".journal");
}

absl::Status WriteSample(const GeneratedSample& sample,
                         PartitionWriter& writer) {
  writer.CountIn();
  if (sample.has_rejection()) return writer.Reject(sample.rejection());
  writer.CountOut();
  LIMBECK_RETURN_IF_ERROR(
      writer.Write(kTracesFile, sample.trace(),
                   static_cast<uint64_t>(sample.trace().output_ids_size())));
  for (const TeacherSignal& signal : sample.signals()) {
    LIMBECK_RETURN_IF_ERROR(
        writer.Write(kSignalsFile, signal, signal.num_tokens()));
  }
  return absl::OkStatus();
}

absl::Status RemoveDurably(const std::string& path) {
  LIMBECK_RETURN_IF_ERROR(RemoveTree(path));
  return SyncDirectory(DirName(path));
}

}  // namespace

absl::Status RemoveLeftJournal(const GenerateWork& work, int partition) {
  const std::string folder = PartitionPath(work.run->directory, partition);
  for (const std::string& name : {JournalName(work), work.finish_journal}) {
    const std::string path = JoinPath(folder, name);
    if (name.empty() || !FileExists(path)) continue;
    LIMBECK_RETURN_IF_ERROR(RemoveDurably(path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<GeneratePartition>> GeneratePartition::Open(
    const GenerateWork& work, int partition,
    const std::vector<std::string>& problem_paths) {
  std::unique_ptr<GeneratePartition> opened(
      new GeneratePartition(work, partition));
  LIMBECK_RETURN_IF_ERROR(opened->ReadProblems(problem_paths));
  LIMBECK_RETURN_IF_ERROR(opened->OpenJournal());
  return opened;
}

std::string GeneratePartition::JournalPath() const {
  return JoinPath(PartitionPath(work_.run->directory, partition_),
                  JournalName(work_));
}

absl::Status GeneratePartition::ReadProblems(
    const std::vector<std::string>& paths) {
  std::map<std::string, Problem> by_id;
  if (work_.problems != nullptr) {
    for (const Problem& problem : *work_.problems) {
      const bool is_new = by_id.try_emplace(problem.id(), problem).second;
      if (!is_new) ++duplicates_;
    }
  }
  for (const std::string& path : paths) {
    LIMBECK_RETURN_IF_ERROR(
        ForEachRecord<Problem>(path, [&](Problem& problem) -> absl::Status {
          std::string id = problem.id();
          if (id.empty()) {
            return absl::InvalidArgumentError(
                absl::StrCat(path, " holds a problem without id"));
          }
          const bool is_new =
              by_id.try_emplace(std::move(id), std::move(problem)).second;
          if (!is_new) ++duplicates_;
          return absl::OkStatus();
        }));
  }
  const auto most = static_cast<size_t>(work_.max_problems);
  for (auto& [id, problem] : by_id) {
    if (most != 0 && problems_.size() == most) break;
    problems_.push_back(std::move(problem));
  }
  return absl::OkStatus();
}

absl::Status GeneratePartition::OpenJournal() {
  const std::string path = JournalPath();
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(DirName(path)));
  LIMBECK_ASSIGN_OR_RETURN(journal_, Journal::Open(path, work_.fingerprint));
  std::set<Key> found;
  for (const std::string& bytes : journal_->recovered()) {
    LIMBECK_ASSIGN_OR_RETURN(const GeneratedSample sample,
                             ParseSample(bytes, path));
    found.emplace(sample.problem_id(), sample.sample_index());
  }
  journal_->ForgetRecovered();
  LIMBECK_RETURN_IF_ERROR(TakeOverShards(found));
  for (size_t problem = 0; problem < problems_.size(); ++problem) {
    for (int index = 0; index < work_.samples_per_problem; ++index) {
      if (found.count({problems_[problem].id(), index}) == 0) {
        missing_.push_back({problem, index});
      }
    }
  }
  return absl::OkStatus();
}

absl::Status GeneratePartition::TakeOverShards(std::set<Key>& found) {
  const std::string directory = PartitionPath(work_.run->directory, partition_);
  LIMBECK_ASSIGN_OR_RETURN(
      const std::vector<GeneratedSample> samples,
      ReadFinishedSamples(directory, work_.fingerprint, work_.teacher));
  for (const GeneratedSample& sample : samples) {
    if (!found.emplace(sample.problem_id(), sample.sample_index()).second) {
      continue;
    }
    LIMBECK_RETURN_IF_ERROR(journal_->Append(sample.SerializeAsString()));
  }
  return journal_->Sync();
}

absl::Status GeneratePartition::Add(const GeneratedSample& sample) {
  LIMBECK_RETURN_IF_ERROR(journal_->Append(sample.SerializeAsString()));
  ++added_;
  return absl::OkStatus();
}

// Not of an earlier run that asked for more samples or more problems.
bool GeneratePartition::IsWanted(const GeneratedSample& sample) const {
  const auto found =
      std::lower_bound(problems_.begin(), problems_.end(), sample.problem_id(),
                       [](const Problem& problem, const std::string& id) {
                         return problem.id() < id;
                       });
  return found != problems_.end() && found->id() == sample.problem_id() &&
         sample.sample_index() < work_.samples_per_problem;
}

absl::StatusOr<std::vector<GeneratedSample>>
GeneratePartition::SortedSamples() {
  const std::string path = JournalPath();
  LIMBECK_RETURN_IF_ERROR(journal_->Sync());
  journal_.reset();
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                           Journal::Open(path, work_.fingerprint));
  std::map<Key, GeneratedSample> sorted;
  for (const std::string& bytes : journal->recovered()) {
    LIMBECK_ASSIGN_OR_RETURN(GeneratedSample sample, ParseSample(bytes, path));
    if (!IsWanted(sample)) continue;
    Key key(sample.problem_id(), sample.sample_index());
    sorted.try_emplace(std::move(key), std::move(sample));
  }
  if (sorted.size() != num_samples()) {
    return absl::DataLossError(absl::StrCat(path, " holds ", sorted.size(),
                                            " samples, ", num_samples(),
                                            " were finished"));
  }
  std::vector<GeneratedSample> samples;
  samples.reserve(sorted.size());
  for (auto& [key, sample] : sorted) samples.push_back(std::move(sample));
  return samples;
}

absl::Status GeneratePartition::Commit() {
  LIMBECK_ASSIGN_OR_RETURN(std::vector<GeneratedSample> samples,
                           SortedSamples());
  LIMBECK_ASSIGN_OR_RETURN(
      std::unique_ptr<PartitionWriter> writer,
      PartitionWriter::Create(*work_.run, partition_, work_.num_partitions,
                              {JournalName(work_), work_.finish_journal}));
  writer->set_unit("samples");
  writer->set_tokenizer_fingerprint(work_.teacher.tokenizer_fingerprint(),
                                    work_.template_fingerprint);
  LIMBECK_RETURN_IF_ERROR(writer->Touch(kTracesFile, *Trace::descriptor()));
  LIMBECK_RETURN_IF_ERROR(
      writer->Touch(kRejectsFile, *Rejection::descriptor()));
  if (work_.signals) {
    LIMBECK_RETURN_IF_ERROR(
        writer->Touch(kSignalsFile, *TeacherSignal::descriptor()));
  }
  const uint64_t repeated =
      duplicates_ * static_cast<uint64_t>(work_.samples_per_problem);
  writer->CountIn(repeated);
  writer->CountMerged(repeated);
  if (work_.finish) {
    LIMBECK_RETURN_IF_ERROR(work_.finish(samples, *writer));
  }
  for (const GeneratedSample& sample : samples) {
    LIMBECK_RETURN_IF_ERROR(WriteSample(sample, *writer));
  }
  LIMBECK_RETURN_IF_ERROR(writer->Commit());
  return RemoveLeftJournal(work_, partition_);
}

}  // namespace limbeck
