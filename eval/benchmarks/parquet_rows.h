// Parquet files row by row, through Arrow where the build has it.
#ifndef LIMBECK_EVAL_BENCHMARKS_PARQUET_ROWS_H_
#define LIMBECK_EVAL_BENCHMARKS_PARQUET_ROWS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "data/base/json.h"

namespace limbeck {

// Whether this build reads Parquet.
bool HasParquet();

// Calls body(row, object) for each row, from 0: one member per column, in the
// file's order. Nulls, booleans, numbers, strings, lists and structs; dates
// and times as ISO 8601 text; other types are refused by column and type.
// Reading takes at most max_bytes of memory at a time, whatever the file claims
// or inflates to. Without Arrow: Unimplemented, with what to do.
inline constexpr int64_t kMaxParquetBytes = int64_t{8} << 30;
absl::Status ForEachParquetRow(
    const std::string& path,
    const std::function<absl::Status(int64_t row, const Json& object)>& body,
    int64_t max_bytes = kMaxParquetBytes);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_PARQUET_ROWS_H_
