// What a training run tells while it learns.
//
//   metrics.jsonl  one line per step and per evaluation; the record of truth:
//                  byte-identical after any interruption
//   timing.jsonl   seconds and tokens/s of the same steps; provenance
//   events/        the same figures for TensorBoard; provenance
//
// Step lines: {"step","loss","tokens","loss_tokens","gradient_norm",
// "clip_factor","learning_rate","skipped"}, steps counted from 1; skipped ones
// have "culprits" and null where a figure is not finite. Evaluation lines:
// {"step","held_out_cross_entropy","held_out_loss","held_out_forward_kl",
// "held_out_loss_tokens"}, without what is not known. Losses in nats per token.
#ifndef LIMBECK_DISTILL_METRICS_H_
#define LIMBECK_DISTILL_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/file.h"
#include "distill/evaluation.h"
#include "distill/event_log.h"
#include "distill/step.h"

namespace limbeck {

inline constexpr absl::string_view kMetricsFile = "metrics.jsonl";
inline constexpr absl::string_view kTimingFile = "timing.jsonl";
inline constexpr absl::string_view kEventsFolder = "events";

// Where metrics.jsonl stood when a training state was saved.
struct MetricsPosition {
  int64_t step = 0;
  uint64_t bytes = 0;
};

struct StepTiming {
  double seconds = 0.0;       // of the whole step
  double load_seconds = 0.0;  // waiting for bins
};

class MetricsLog {
 public:
  // Cuts metrics.jsonl to `position`; a shorter file is an error.
  static absl::StatusOr<std::unique_ptr<MetricsLog>> Open(
      const std::string& directory, const MetricsPosition& position);

  absl::Status WriteStep(int64_t step, double learning_rate,
                         const StepResult& result, const StepTiming& timing);
  absl::Status WriteEvaluation(int64_t step, const Evaluation& evaluation);

  // Makes metrics.jsonl durable and tells its size.
  absl::StatusOr<uint64_t> Sync();

 private:
  MetricsLog(std::unique_ptr<AppendFile> metrics,
             std::unique_ptr<AppendFile> timing,
             std::unique_ptr<EventLog> events);

  std::unique_ptr<AppendFile> metrics_;
  std::unique_ptr<AppendFile> timing_;
  std::unique_ptr<EventLog> events_;
};

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_METRICS_H_
