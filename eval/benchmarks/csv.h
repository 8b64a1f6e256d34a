// Comma-separated values (RFC 4180) with fields that hold quotes and line
// breaks.
// Goals: exact fields, errors with line numbers, bounded sizes. Non-goals:
// other separators, types.
#ifndef LIMBECK_EVAL_BENCHMARKS_CSV_H_
#define LIMBECK_EVAL_BENCHMARKS_CSV_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

struct CsvLimits {
  size_t max_fields = 4096;  // in one record
  uint64_t max_field_bytes = uint64_t{64} << 20;
};

// Records of a text, one at a time. Lines end with \n, \r\n or \r; blank lines
// are no records; a byte order mark is skipped.
class CsvReader {
 public:
  // `text` must outlive the reader.
  explicit CsvReader(absl::string_view text, const CsvLimits& limits = {});

  // The next record; false at the end. Errors name the line: a quote that
  // never closes, text after a closing quote, a NUL, bytes that are no UTF-8,
  // sizes above the limits.
  absl::StatusOr<bool> Next(std::vector<std::string>* fields);
  // Line on which the last record begins, from 1.
  int64_t line() const { return record_line_; }

 private:
  absl::Status ReadField(std::string* field, bool* last);
  absl::Status ReadQuoted(std::string* field);
  absl::Status ReadPlain(std::string* field);
  bool AtLineEnd() const;
  void SkipLineEnd();
  absl::Status Error(int64_t line, absl::string_view message) const;

  const absl::string_view text_;
  const CsvLimits limits_;
  size_t at_ = 0;
  int64_t line_ = 1;
  int64_t record_line_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_CSV_H_
