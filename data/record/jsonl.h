// Lines of a text file with their numbers and byte offsets, one at a time: for
// JSON Lines of any size, from files and pipes.
#ifndef LIMBECK_DATA_RECORD_JSONL_H_
#define LIMBECK_DATA_RECORD_JSONL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/base/posix.h"

namespace limbeck {

struct JsonlOptions {
  // Longer lines are delivered cut, with `bytes` telling their true length.
  uint64_t max_line_bytes = uint64_t{64} << 20;
  bool deliver_blank_lines = false;  // else Next skips them
  bool accept_streams = false;       // pipes and devices, not only files
};

struct JsonlLine {
  uint64_t number = 0;       // from 1, blank lines counted
  uint64_t byte_offset = 0;  // of the line's first byte in the file
  uint64_t bytes = 0;        // of the whole line, without its end
  // Valid until the next call; without "\n", "\r\n" and byte order mark.
  absl::string_view text;

  bool too_long() const { return text.size() < bytes; }
};

// Damage of single lines is the caller's to judge (ParseJsonlLine): only a
// failing read is an error here.
class JsonlReader {
 public:
  // "-" reads standard input, whatever it is.
  static absl::StatusOr<std::unique_ptr<JsonlReader>> Open(
      const std::string& path, const JsonlOptions& options = {});

  // Next line, by default the next that is not blank; false at the end.
  absl::StatusOr<bool> Next(JsonlLine* line);
  // Whether a whole line has been read ahead: Next will not wait for the
  // writer of a pipe.
  bool HasBufferedLine() const;

  const std::string& path() const { return path_; }

 private:
  JsonlReader(std::string path, int descriptor, const JsonlOptions& options);

  absl::StatusOr<bool> NextRaw(JsonlLine* line);
  absl::Status Refill();

  const std::string path_;
  const ScopedDescriptor descriptor_;
  const uint64_t max_line_bytes_;
  const bool deliver_blank_lines_;
  std::string buffer_;
  size_t buffer_used_ = 0;  // bytes of buffer_ that were delivered
  uint64_t offset_ = 0;     // in the file, of buffer_[buffer_used_]
  uint64_t lines_ = 0;
  bool at_end_ = false;
  std::string line_;  // of the current line
};

// The line's value; the error names file, line and byte in the file.
absl::StatusOr<Json> ParseJsonlLine(const JsonlReader& reader,
                                    const JsonlLine& line,
                                    const JsonLimits& limits = {});

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_JSONL_H_
