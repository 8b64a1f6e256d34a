// run.json beside an artefact: when, where and at what cost it was made. Kept
// up to date while the stage runs, so that even a killed attempt is counted.
#ifndef LIMBECK_RECIPES_RUN_RUN_RECORD_H_
#define LIMBECK_RECIPES_RUN_RUN_RECORD_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "recipes/console/cost_ledger.h"

namespace limbeck {

inline constexpr absl::string_view kRunRecordName = "run.json";

class RunRecord {
 public:
  // Begins an attempt in `directory`; its outcome is "interrupted" until
  // Finish. `ledger` is read now and then and must have the stage's row open.
  static absl::StatusOr<std::unique_ptr<RunRecord>> Begin(
      const std::string& directory, const Prices& prices, CostLedger& ledger);
  ~RunRecord();

  // "completed", "failed", "cancelled".
  absl::Status Finish(absl::string_view outcome);

 private:
  RunRecord(std::string path, Json record, const Prices& prices,
            CostLedger& ledger);
  absl::Status Write(absl::string_view outcome);
  void RefreshUntilStopped();

  const std::string path_;
  const Prices prices_;
  CostLedger& ledger_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Json record_;
  bool stopping_ = false;
  std::thread thread_;
};

// Cost of all attempts in an artefact's run.json; zero when there is none.
Cost RecordedCost(const std::string& artefact_directory);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_RUN_RECORD_H_
