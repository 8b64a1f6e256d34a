// Stands in for parquet_rows.cc where the build has no Arrow.
#include "absl/strings/str_cat.h"
#include "eval/benchmarks/parquet_rows.h"

namespace limbeck {

bool HasParquet() { return false; }

absl::Status ForEachParquetRow(
    const std::string& path,
    const std::function<absl::Status(int64_t, const Json&)>&, int64_t) {
  return absl::UnimplementedError(absl::StrCat(
      path,
      ": this build reads no Parquet. `scripts/setup --parquet` gets Arrow, "
      "then configure again; or convert the file: python3 -c \"import "
      "pandas; pandas.read_parquet('IN').to_json('OUT.jsonl', "
      "orient='records', lines=True)\""));
}

}  // namespace limbeck
