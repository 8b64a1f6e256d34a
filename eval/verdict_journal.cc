// See verdict_journal.h.
#include "eval/verdict_journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/verdict_journal.pb.h"

namespace limbeck {

absl::StatusOr<std::unique_ptr<VerdictJournal>> VerdictJournal::Open(
    const std::string& path, absl::string_view fingerprint) {
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<Journal> journal,
                           Journal::Open(path, fingerprint));
  std::unique_ptr<VerdictJournal> opened(
      new VerdictJournal(std::move(journal)));
  for (const std::string& bytes : opened->journal_->recovered()) {
    JudgedTrace judged;
    if (!judged.ParseFromString(bytes)) {
      return absl::DataLossError(absl::StrCat(
          path, " holds a record of ", bytes.size(),
          " bytes that is no verdict: remove the file to judge again"));
    }
    opened->found_[judged.trace_id()] =
        std::move(*judged.mutable_verification());
  }
  opened->journal_->ForgetRecovered();
  return opened;
}

const Verification* VerdictJournal::Find(const std::string& trace_id) const {
  const auto found = found_.find(trace_id);
  return found == found_.end() ? nullptr : &found->second;
}

absl::Status VerdictJournal::Add(const std::string& trace_id,
                                 const Verification& verification) {
  JudgedTrace judged;
  judged.set_trace_id(trace_id);
  *judged.mutable_verification() = verification;
  const std::string bytes = judged.SerializeAsString();
  const std::lock_guard<std::mutex> lock(mutex_);
  return journal_->Append(bytes);
}

absl::Status VerdictJournal::Sync() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return journal_->Sync();
}

}  // namespace limbeck
