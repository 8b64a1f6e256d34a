// Files are read one after the other and kept only for problems that are there.
#include "eval/benchmarks/codeforces_tests.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {
namespace {

constexpr char kFilePrefix[] = "test_cases_";
constexpr size_t kContestDigits = 4;

std::string PaddedContest(const std::string& id) {
  std::string contest = id.substr(0, id.find('/'));
  if (contest.size() < kContestDigits) {
    contest.insert(0, kContestDigits - contest.size(), '0');
  }
  return contest;
}

// The folder's files that can hold tests of these problems.
absl::StatusOr<std::vector<std::string>> TestFiles(
    const std::string& path, const std::map<std::string, size_t>& by_id) {
  if (!IsDirectory(path)) return std::vector<std::string>{path};
  std::set<std::string> wanted;
  for (const auto& [id, index] : by_id) {
    wanted.insert(absl::StrCat(kFilePrefix, PaddedContest(id)));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(path));
  std::vector<std::string> files;
  for (const std::string& name : names) {
    const std::string stem = name.substr(0, name.find('.'));
    if (absl::StartsWith(name, kFilePrefix) && wanted.count(stem) == 0) {
      continue;
    }
    files.push_back(JoinPath(path, name));
  }
  if (!files.empty()) return files;
  return absl::NotFoundError(
      absl::StrCat(path, " holds no file of tests for these problems"));
}

absl::Status AddTest(const Row& row, const std::map<std::string, size_t>& by_id,
                     BenchmarkSet* set) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string id,
                           TextColumn(row.object, {"problem_id", "id"}));
  const auto found = by_id.find(ContestAndIndex(id));
  if (found == by_id.end()) return absl::OkStatus();
  CodeTest test;
  LIMBECK_ASSIGN_OR_RETURN(test.input, TextColumn(row.object, {"input"}));
  LIMBECK_ASSIGN_OR_RETURN(test.output, TextColumn(row.object, {"output"}));
  BenchmarkProblem& problem = set->problems[found->second];
  problem.code->tests.push_back(std::move(test));
  if (problem.refusal == kNoHiddenTests) problem.refusal.clear();
  return absl::OkStatus();
}

}  // namespace

std::string ContestAndIndex(absl::string_view id) {
  size_t digits = 0;
  while (digits < id.size() && absl::ascii_isdigit(id[digits])) ++digits;
  absl::string_view index = id.substr(digits);
  if (digits == 0 || index.empty()) return std::string(id);
  if (index[0] == '/' || index[0] == '-' || index[0] == '_') {
    index.remove_prefix(1);
  }
  return absl::StrCat(id.substr(0, digits), "/", absl::AsciiStrToUpper(index));
}

absl::Status AddCodeforcesTests(const std::string& path, BenchmarkSet* set) {
  std::map<std::string, size_t> by_id;
  for (size_t i = 0; i < set->problems.size(); ++i) {
    by_id.emplace(ContestAndIndex(set->problems[i].id), i);
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                           TestFiles(path, by_id));
  for (const std::string& file : files) {
    LIMBECK_RETURN_IF_ERROR(
        ForEachRow(file, [&](Row& row) { return AddTest(row, by_id, set); }));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
