// TensorBoard event files: scalars of a run, readable while it goes on.
#ifndef LIMBECK_DISTILL_EVENT_LOG_H_
#define LIMBECK_DISTILL_EVENT_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/file.h"

namespace limbeck {

struct Scalar {
  std::string tag;  // "train/loss"
  double value = 0.0;
};

class EventLog {
 public:
  // Starts a further file in `directory` (created). Each process of a run
  // writes its own; readers then drop what earlier ones wrote after
  // `first_step`.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(
      const std::string& directory, int64_t first_step);

  absl::Status Write(int64_t step, const std::vector<Scalar>& scalars);

 private:
  explicit EventLog(std::unique_ptr<AppendFile> file);

  std::unique_ptr<AppendFile> file_;
};

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_EVENT_LOG_H_
