// The driver of all filters: one JSON object per line in, one per line out, in
// order, `id` copied through. A bad line becomes {"error": ...} and the run
// goes on.
#ifndef LIMBECK_RECIPES_JSONL_FILTER_H_
#define LIMBECK_RECIPES_JSONL_FILTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

inline constexpr uint64_t kMaxFilterLineBytes = uint64_t{64} << 20;

// Splits a descriptor's bytes into lines. Lines longer than the cap are given
// back as an error and skipped.
class LineSource {
 public:
  explicit LineSource(int descriptor,
                      uint64_t max_line_bytes = kMaxFilterLineBytes)
      : descriptor_(descriptor), max_line_bytes_(max_line_bytes) {}

  // False at the end. The line comes without its break ("\n" or "\r\n").
  absl::StatusOr<bool> Next(std::string* line);
  // Whether a line can be had without waiting for the writer.
  bool HasLineNow();

 private:
  absl::StatusOr<bool> Fill();  // false at the end of the input

  const int descriptor_;
  const uint64_t max_line_bytes_;
  std::string buffer_;
  size_t begin_ = 0;    // of the unread part of buffer_
  size_t scanned_ = 0;  // no line break in [begin_, scanned_)
  bool at_end_ = false;
};

// Answers for a batch of objects, one each, in order.
using FilterBatch = std::function<std::vector<absl::StatusOr<Json>>(
    const std::vector<Json>& lines)>;
using FilterLine = std::function<absl::StatusOr<Json>(const Json& line)>;

struct FilterRun {
  std::string input = "-";  // file, or "-" for standard input
  int max_batch = 1;        // lines handed over together when they are there
  FilterBatch function;
  std::function<absl::Status(absl::string_view)> write;
};

// Reads to the end. OK when every line was good; otherwise the error counts
// the bad ones. An unreadable input or output is an error at once.
absl::Status RunFilter(const FilterRun& run);

// The usual case: a function of one line, standard output.
absl::Status RunLineFilter(const std::string& input,
                           const FilterLine& function);

// Writes to standard output and checks that it was taken.
absl::Status WriteToStandardOutput(absl::string_view text);

// A list of token ids under `key`: integers in [0, 2^31).
absl::StatusOr<std::vector<int32_t>> GetIds(const Json& line,
                                            absl::string_view key);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_JSONL_FILTER_H_
