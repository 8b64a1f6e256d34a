// One partition of a generation stage: which samples it still needs, its
// journal of finished ones, and the sorted shards that the journal becomes.
#ifndef LIMBECK_TEACHER_GENERATE_PARTITION_H_
#define LIMBECK_TEACHER_GENERATE_PARTITION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/record/journal.h"
#include "data/stages/artefact.h"
#include "data/stages/stage.h"
#include "teacher/journal.pb.h"

namespace limbeck {

// Sees all samples of a partition, by problem and index, before they are
// written; may change them and add files.
using FinishSamples = std::function<absl::Status(
    std::vector<GeneratedSample>& samples, PartitionWriter& writer)>;

// What all partitions of one stage run share.
struct GenerateWork {
  const StageRun* run = nullptr;
  int num_partitions = 0;
  int samples_per_problem = 0;
  int64_t max_problems = 0;  // of each partition, by id; 0: all
  bool signals = false;      // whether signals.lbk is written
  Teacher teacher;
  std::string template_fingerprint;
  std::string fingerprint;     // WorkFingerprint
  FinishSamples finish;        // may be empty
  std::string finish_journal;  // SamplingJob::finish_journal
  // Those of the only partition, where they are not in shards; may be null.
  const std::vector<Problem>* problems = nullptr;
};

class GeneratePartition {
 public:
  // A sample by problem (index into problems()) and sample index.
  struct Item {
    size_t problem = 0;
    int sample = 0;
  };

  // Reads the problems and looks for finished samples: in the journal of an
  // interrupted run, and in the shards of a complete run of the same work with
  // another number of samples.
  static absl::StatusOr<std::unique_ptr<GeneratePartition>> Open(
      const GenerateWork& work, int partition,
      const std::vector<std::string>& problem_paths);

  const std::vector<Problem>& problems() const { return problems_; }
  uint64_t num_samples() const {
    return problems_.size() * static_cast<uint64_t>(work_.samples_per_problem);
  }
  // Samples not in the journal, by problem and index.
  const std::vector<Item>& missing() const { return missing_; }
  uint64_t num_found() const { return num_samples() - missing_.size(); }

  // Journals one finished sample.
  absl::Status Add(const GeneratedSample& sample);
  bool complete() const { return added_ == missing_.size(); }
  absl::Status Sync() { return journal_->Sync(); }
  // Turns the journal into shards and manifest, and removes it.
  absl::Status Commit();

 private:
  GeneratePartition(const GenerateWork& work, int partition)
      : work_(work), partition_(partition) {}

  std::string JournalPath() const;
  absl::Status ReadProblems(const std::vector<std::string>& paths);
  absl::Status OpenJournal();
  absl::Status TakeOverShards(std::set<std::pair<std::string, int>>& found);
  bool IsWanted(const GeneratedSample& sample) const;
  absl::StatusOr<std::vector<GeneratedSample>> SortedSamples();

  const GenerateWork work_;
  const int partition_;
  std::vector<Problem> problems_;  // by id
  uint64_t duplicates_ = 0;        // problem records with an id seen before
  std::vector<Item> missing_;
  uint64_t added_ = 0;
  std::unique_ptr<Journal> journal_;
};

// Removes the journal that a run killed right after its commit left behind.
absl::Status RemoveLeftJournal(const GenerateWork& work, int partition);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_GENERATE_PARTITION_H_
