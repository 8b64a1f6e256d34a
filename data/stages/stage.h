// What every pipeline stage is given, and how it hands over its result.
//
// A stage is a free function Run<Kind>Stage(options, run): it reads the inputs,
// writes partitions under run.directory through PartitionWriter, and returns.
// The runner (recipes/runner) decides whether it runs at all, and afterwards
// writes the root manifest (FinishArtefact).
#ifndef LIMBECK_DATA_STAGES_STAGE_H_
#define LIMBECK_DATA_STAGES_STAGE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/thread_pool.h"

namespace limbeck {

// Receives progress of one stage. Thread-safe. Implemented by recipes/.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  // `total` in `unit`s; 0 when unknown. May be called again (phases).
  virtual void Begin(absl::string_view phase, uint64_t total,
                     absl::string_view unit) = 0;
  virtual void SetDone(uint64_t done) = 0;
  // Further figures of the live line: "loss 1.234", "32k tokens/s".
  virtual void SetDetail(absl::string_view text) = 0;
  // One line for the person at the terminal: what looks wrong although the
  // stage goes on. Stays there, unlike the live line. Default: not shown.
  virtual void Warn(absl::string_view /*text*/) {}
};

// Receives what a stage used. Thread-safe. Implemented by recipes/.
class CostSink {
 public:
  virtual ~CostSink() = default;
  virtual void AddPromptTokens(uint64_t tokens) = 0;
  virtual void AddGeneratedTokens(uint64_t tokens) = 0;
  virtual void AddTrainedTokens(uint64_t tokens) = 0;
};

// Set by the signal handler; stages poll it between pieces of work and return
// absl::CancelledError after making what they have durable.
class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

struct StageContext {
  ProgressSink* progress = nullptr;     // may be null
  CostSink* cost = nullptr;             // may be null
  const CancelToken* cancel = nullptr;  // may be null
  ThreadPool* pool = nullptr;           // null: work in place

  bool cancelled() const { return cancel != nullptr && cancel->cancelled(); }
};

// One input of a stage: the artefact of an earlier stage, or a model folder.
struct StageInput {
  std::string name;  // as the recipe names it
  std::string directory;
  std::string content_digest;  // hex
  bool is_model = false;       // a checkpoint folder without manifest
};

// Who a stage run is. The fingerprint covers kind, version, options, seed, and
// the parents' names and content digests: equal fingerprints mean equal
// results.
struct StageIdentity {
  std::string name;
  std::string kind;
  uint32_t version = 1;
  std::string options;  // text format, as resolved
  uint64_t seed = 0;
  std::vector<std::pair<std::string, std::string>> parents;  // name, digest

  std::string Fingerprint() const;
};

struct StageRun {
  StageIdentity identity;
  std::vector<StageInput> inputs;
  std::string directory;  // of the artefact; exists
  StageContext context;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_STAGE_H_
