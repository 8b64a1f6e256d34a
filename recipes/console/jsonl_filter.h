// The driver of all filters: one JSON object per line in, one per line out, in
// order, `id` copied through. A bad line becomes {"error": ...} and the run
// goes on; blank lines are no lines.
#ifndef LIMBECK_RECIPES_CONSOLE_JSONL_FILTER_H_
#define LIMBECK_RECIPES_CONSOLE_JSONL_FILTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/record/jsonl.h"

namespace limbeck {

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

// Several lines at once: `function` is called from `workers` threads, answers
// are written in the order of the lines, each as soon as it and all before it
// are known. Reads at most 2 * workers lines ahead of the answers.
absl::Status RunParallelLineFilter(const std::string& input, int workers,
                                   const FilterLine& function);

// The object of a line, or why it is none.
absl::StatusOr<Json> ParseFilterLine(const JsonlReader& reader,
                                     const JsonlLine& line);

// The line of an answer (or of its error), with the id of `line` in front.
std::string FormatFilterAnswer(const absl::StatusOr<Json>& line,
                               const absl::StatusOr<Json>& answer);

// OK when no line was bad.
absl::Status CountedErrors(uint64_t errors, uint64_t lines);

// Writes to standard output and checks that it was taken.
absl::Status WriteToStandardOutput(absl::string_view text);

// A list of token ids under `key`: integers in [0, 2^31).
absl::StatusOr<std::vector<int32_t>> GetIds(const Json& line,
                                            absl::string_view key);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_JSONL_FILTER_H_
