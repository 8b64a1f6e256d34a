// Rows of a data file as objects, whatever its format, and their columns
// without regard to case.
#ifndef LIMBECK_EVAL_BENCHMARKS_ROWS_H_
#define LIMBECK_EVAL_BENCHMARKS_ROWS_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

struct Row {
  int64_t number = 0;  // from 0, in the file
  std::string place;   // "FILE:LINE", "FILE: entry N" or "FILE: row N"
  Json object;
};

// Calls body for each row. The format is Parquet (by its first bytes), CSV (by
// the name's end, the first record names the columns), one JSON list, or JSON
// lines ("-" is standard input). What body returns as an error gets the row's
// place in front, and so do damaged rows.
absl::Status ForEachRow(const std::string& path,
                        const std::function<absl::Status(Row& row)>& body);

// Value of the first of these columns that is there and not null, whatever its
// case; nullptr: none.
const Json* FindColumn(const Json& row,
                       std::initializer_list<absl::string_view> names);

// Such a column as text. Numbers become their shortest form (70.0 is "70"),
// booleans "true" or "false". The error names the first name.
absl::StatusOr<std::string> TextColumn(
    const Json& row, std::initializer_list<absl::string_view> names);
// As above; "" where there is none.
absl::StatusOr<std::string> OptionalTextColumn(
    const Json& row, std::initializer_list<absl::string_view> names);
// A number, or a text that is one; `fallback` where there is none.
absl::StatusOr<double> NumberColumn(
    const Json& row, std::initializer_list<absl::string_view> names,
    double fallback);

// A string, or an integer as its digits; the key's case counts.
absl::StatusOr<std::string> TextOrInteger(const Json& json,
                                          absl::string_view key);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_ROWS_H_
