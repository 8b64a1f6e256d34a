// Verdicts that took long to reach, kept while an evaluation runs: programs are
// never run again because the evaluation was interrupted.
#ifndef LIMBECK_EVAL_VERDICT_JOURNAL_H_
#define LIMBECK_EVAL_VERDICT_JOURNAL_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/record/journal.h"
#include "data/records.pb.h"

namespace limbeck {

// Thread-safe after Open.
class VerdictJournal {
 public:
  // `fingerprint` names the evaluation; a journal of another one is refused.
  static absl::StatusOr<std::unique_ptr<VerdictJournal>> Open(
      const std::string& path, absl::string_view fingerprint);

  // The verdict of an earlier run; nullptr when there is none.
  const Verification* Find(const std::string& trace_id) const;
  absl::Status Add(const std::string& trace_id,
                   const Verification& verification);
  absl::Status Sync();

 private:
  explicit VerdictJournal(std::unique_ptr<Journal> journal)
      : journal_(std::move(journal)) {}

  std::mutex mutex_;
  std::unique_ptr<Journal> journal_;
  std::map<std::string, Verification> found_;  // of earlier runs
};

}  // namespace limbeck

#endif  // LIMBECK_EVAL_VERDICT_JOURNAL_H_
