// The layout of each benchmark is a function; reading is the same for all.
#include "eval/benchmarks/read_benchmark.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/codeforces_tests.h"
#include "eval/benchmarks/layouts.h"
#include "eval/benchmarks/livecodebench_files.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {
namespace {

absl::StatusOr<bool> ReadLayout(const BenchmarkSource& source, const Row& row,
                                BenchmarkProblem* problem) {
  switch (source.benchmark) {
    case BenchmarkId::kAime24:
    case BenchmarkId::kAime25:
      return ReadAimeRow(source, row, problem);
    case BenchmarkId::kMath500:
      return ReadMath500Row(row, problem);
    case BenchmarkId::kGpqaDiamond:
      return ReadGpqaRow(row, problem);
    case BenchmarkId::kLiveCodeBench:
      return ReadLiveCodeBenchRow(source, row, problem);
    case BenchmarkId::kCodeforces:
      return ReadCodeforcesRow(row, problem);
    case BenchmarkId::kGsm8k:
      return ReadGsm8kRow(row, problem);
    case BenchmarkId::kJsonl:
      break;
  }
  return ReadJsonlRow(row, problem);
}

absl::StatusOr<std::string> ReadId(const Row& row, int64_t number) {
  LIMBECK_ASSIGN_OR_RETURN(
      std::string id,
      OptionalTextColumn(row.object, {"id", "problem_id", "unique_id",
                                      "question_id", "record id"}));
  return id.empty() ? absl::StrCat(number) : id;
}

absl::Status AddRow(const BenchmarkSource& source, const Row& row,
                    std::set<std::string>* seen, BenchmarkSet* set) {
  BenchmarkProblem problem;
  problem.benchmark = source.benchmark;
  problem.place = row.place;
  const auto number =
      static_cast<int64_t>(set->problems.size() + set->left_out.size());
  LIMBECK_ASSIGN_OR_RETURN(problem.id, ReadId(row, number));
  LIMBECK_ASSIGN_OR_RETURN(const bool wanted,
                           ReadLayout(source, row, &problem));
  if (!seen->insert(problem.id).second) {
    return absl::InvalidArgumentError(
        absl::StrCat("problem '", problem.id, "' is there twice"));
  }
  if (wanted) {
    set->problems.push_back(std::move(problem));
  } else {
    set->left_out.insert(problem.id);
  }
  return absl::OkStatus();
}

// Problems of the folder's files that the version leaves out.
absl::Status NoteOtherVersions(const BenchmarkSource& source,
                               const std::vector<std::string>& read,
                               BenchmarkSet* set) {
  if (source.version.empty()) return absl::OkStatus();
  BenchmarkSource whole = source;
  whole.version.clear();
  std::set<std::string> here;
  for (const BenchmarkProblem& problem : set->problems) here.insert(problem.id);
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                           BenchmarkFiles(whole));
  for (const std::string& path : paths) {
    if (std::find(read.begin(), read.end(), path) != read.end()) continue;
    LIMBECK_RETURN_IF_ERROR(ForEachRow(path, [&](Row& row) -> absl::Status {
      LIMBECK_ASSIGN_OR_RETURN(
          std::string id,
          OptionalTextColumn(row.object, {"question_id", "id"}));
      if (!id.empty() && here.count(id) == 0) set->left_out.insert(id);
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status HashFile(const std::string& path, FieldHasher* hasher) {
  if (!FileSize(path).ok()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  hasher->Bytes(digest);
  return absl::OkStatus();
}

absl::StatusOr<std::string> DigestOf(const std::vector<std::string>& paths) {
  if (paths.size() == 1) {
    if (paths[0] == "-" || !FileSize(paths[0]).ok()) return std::string();
    return Sha256HexOfFile(paths[0]);
  }
  FieldHasher hasher("limbeck.benchmark_files.v1");
  for (const std::string& path : paths) {
    LIMBECK_RETURN_IF_ERROR(HashFile(path, &hasher));
  }
  return hasher.Hex();
}

}  // namespace

absl::Status AddLabel(const Row& row, absl::string_view column,
                      absl::string_view name, BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(std::string text,
                           OptionalTextColumn(row.object, {column}));
  if (absl::StripAsciiWhitespace(text).empty()) return absl::OkStatus();
  problem->labels.emplace_back(name, std::move(text));
  return absl::OkStatus();
}

absl::StatusOr<BenchmarkSet> ReadBenchmark(const BenchmarkSource& source) {
  LIMBECK_RETURN_IF_ERROR(CheckWindow(source));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                           BenchmarkFiles(source));
  BenchmarkSet set;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    LIMBECK_RETURN_IF_ERROR(ForEachRow(
        path, [&](Row& row) { return AddRow(source, row, &seen, &set); }));
  }
  if (set.problems.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        source.path, " holds no problem",
        set.left_out.empty()
            ? ""
            : absl::StrCat(" of ", NameOf(source.benchmark),
                           " and its window; ", set.left_out.size(),
                           " were left out")));
  }
  LIMBECK_RETURN_IF_ERROR(NoteOtherVersions(source, paths, &set));
  if (!source.tests_path.empty()) {
    LIMBECK_RETURN_IF_ERROR(AddCodeforcesTests(source.tests_path, &set));
  }
  LIMBECK_ASSIGN_OR_RETURN(set.sha256, DigestOf(paths));
  return set;
}

}  // namespace limbeck
