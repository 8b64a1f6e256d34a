#include "recipes/run/run_record.h"

#include <chrono>
#include <utility>

#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/run/build_facts.h"

namespace limbeck {
namespace {

constexpr std::chrono::seconds kRefresh(5);
constexpr uint64_t kMaxRecordFileBytes = uint64_t{16} << 20;

// Attempts noted so far; none when the file is absent or damaged: it is
// provenance, and no reason to stop a run.
Json EarlierAttempts(const std::string& path) {
  if (!FileExists(path)) return Json::Array();
  const auto text = ReadFile(path, kMaxRecordFileBytes);
  if (!text.ok()) return Json::Array();
  const auto json = ParseJson(*text);
  const Json* attempts = json.ok() ? json->Find("attempts") : nullptr;
  return attempts != nullptr && attempts->is_array() ? *attempts
                                                     : Json::Array();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunRecord>> RunRecord::Begin(
    const std::string& directory, const Prices& prices, CostLedger& ledger) {
  const std::string path = JoinPath(directory, kRunRecordName);
  Json attempt = ProvenanceJson();
  attempt.Set("started", UtcNow());
  Json attempts = EarlierAttempts(path);
  attempts.Push(std::move(attempt));
  Json record = Json::Object();
  record.Set("attempts", std::move(attempts));
  auto run_record = std::unique_ptr<RunRecord>(
      new RunRecord(path, std::move(record), prices, ledger));
  LIMBECK_RETURN_IF_ERROR(run_record->Write("interrupted"));
  RunRecord& running = *run_record;
  running.thread_ = std::thread([&running] { running.RefreshUntilStopped(); });
  return run_record;
}

RunRecord::RunRecord(std::string path, Json record, const Prices& prices,
                     CostLedger& ledger)
    : path_(std::move(path)),
      prices_(prices),
      ledger_(ledger),
      record_(std::move(record)) {}

RunRecord::~RunRecord() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::Status RunRecord::Write(absl::string_view outcome) {
  Json& attempt = record_.object().front().second.array().back();
  attempt.Set("outcome", outcome);
  attempt.Set("written", UtcNow());
  attempt.Set("cost", CostToJson(ledger_.Current(), prices_));
  return WriteFileAtomically(path_, WriteJsonIndented(record_));
}

void RunRecord::RefreshUntilStopped() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kRefresh);
    // A full disk must not stop the stage: it will notice itself.
    if (!stopping_) Write("interrupted").IgnoreError();
  }
}

absl::Status RunRecord::Finish(absl::string_view outcome) {
  std::lock_guard<std::mutex> lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  return Write(outcome);
}

Cost RecordedCost(const std::string& artefact_directory) {
  Cost total;
  const Json attempts =
      EarlierAttempts(JoinPath(artefact_directory, kRunRecordName));
  for (const Json& attempt : attempts.array()) {
    const Json* cost = attempt.Find("cost");
    if (cost != nullptr) total.Add(CostFromJson(*cost));
  }
  return total;
}

}  // namespace limbeck
