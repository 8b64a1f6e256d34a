#include "tests/data/verify/math/math_rows.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <utility>

namespace limbeck {
namespace {

std::vector<Json> ReadRows(const std::string& file) {
  std::vector<Json> rows;
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) return rows;
  std::ifstream in(std::string(folder) + "/" + file);
  std::string line;
  while (std::getline(in, line)) {
    absl::StatusOr<Json> row = ParseJson(line);
    if (row.ok()) rows.push_back(*std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<Json> MathRows(absl::string_view kind) {
  std::vector<Json> rows;
  for (Json& row : ReadRows("math_cases.jsonl")) {
    if (RowField(row, "kind") == kind) rows.push_back(std::move(row));
  }
  return rows;
}

std::string RowField(const Json& row, absl::string_view key) {
  const absl::StatusOr<std::string> field = row.GetString(key, "");
  return field.ok() ? *field : std::string();
}

std::vector<std::string> Math500Answers() {
  std::set<std::string> answers;
  for (const Json& row : ReadRows("math500/math500.jsonl")) {
    answers.insert(RowField(row, "answer"));
  }
  return {answers.begin(), answers.end()};
}

}  // namespace limbeck
