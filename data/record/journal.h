// An append-only log of finished pieces of work, for stages that resume inside
// themselves (generation, scoring, evaluation). A crash loses at most the
// record being written; the stage turns the journal into sorted shards at the
// end and removes it, so results do not depend on the order of completion.
#ifndef LIMBECK_DATA_RECORD_JOURNAL_H_
#define LIMBECK_DATA_RECORD_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/file.h"

namespace limbeck {

class Journal {
 public:
  // Opens or creates the file. `fingerprint` names the work (stage
  // fingerprint): a journal of other work is refused. Whole records found are
  // in recovered(); a torn tail is cut off.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(
      const std::string& path, absl::string_view fingerprint);

  const std::vector<std::string>& recovered() const { return recovered_; }
  // Drops the recovered records from memory.
  void ForgetRecovered() {
    recovered_.clear();
    recovered_.shrink_to_fit();
  }
  // Bytes of the torn tail that was cut off; 0 after an orderly end.
  uint64_t dropped_bytes() const { return dropped_bytes_; }
  // At most kMaxRecordBytes. Survives a kill of the process; a loss of power
  // only after Sync.
  absl::Status Append(absl::string_view record);
  absl::Status Sync();

 private:
  explicit Journal(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

  std::unique_ptr<AppendFile> file_;
  std::vector<std::string> recovered_;
  uint64_t dropped_bytes_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_JOURNAL_H_
