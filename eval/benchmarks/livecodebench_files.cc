// Days are compared as ISO texts.
#include "eval/benchmarks/livecodebench_files.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr size_t kDayLength = 10;  // 2024-08-01

bool IsDay(absl::string_view text) {
  if (text.size() != kDayLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : !absl::ascii_isdigit(text[i])) return false;
  }
  const auto number = [text](size_t from, size_t digits) {
    int value = 0;
    return absl::SimpleAtoi(text.substr(from, digits), &value) ? value : 0;
  };
  return std::chrono::year_month_day(
             std::chrono::year(number(0, 4)),
             std::chrono::month(static_cast<unsigned>(number(5, 2))),
             std::chrono::day(static_cast<unsigned>(number(8, 2))))
      .ok();
}

absl::Status CheckDay(absl::string_view day) {
  if (day.empty() || IsDay(day)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "'", day, "' is no day of the calendar, expected one as 2024-08-01"));
}

// First and last file, from 1; {0, 0}: all there are.
absl::StatusOr<std::pair<int, int>> FileRange(absl::string_view version) {
  if (version.empty()) return std::make_pair(0, 0);
  absl::string_view rest = version;
  const bool release = absl::ConsumePrefix(&rest, "release_");
  const size_t bar = rest.find('_');
  absl::string_view first = rest.substr(0, bar);
  absl::string_view last =
      bar == absl::string_view::npos ? first : rest.substr(bar + 1);
  std::pair<int, int> range;
  const bool good = absl::ConsumePrefix(&first, "v") &&
                    absl::ConsumePrefix(&last, "v") &&
                    absl::SimpleAtoi(first, &range.first) &&
                    absl::SimpleAtoi(last, &range.second) && range.first >= 1 &&
                    range.second >= range.first &&
                    !(release && bar != absl::string_view::npos);
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat(
        "version is '", version, "', expected one as release_v5, v5 or v4_v5"));
  }
  if (release) range.first = 1;
  return range;
}

std::string FileName(int number) {
  return number == 1 ? "test.jsonl" : absl::StrCat("test", number, ".jsonl");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> BenchmarkFiles(
    const BenchmarkSource& source) {
  if (!IsDirectory(source.path)) {
    if (source.version.empty()) return std::vector<std::string>{source.path};
    return absl::InvalidArgumentError(absl::StrCat("version '", source.version,
                                                   "' chooses files of a "
                                                   "folder, and ",
                                                   source.path, " is none"));
  }
  if (source.benchmark != BenchmarkId::kLiveCodeBench) {
    return absl::InvalidArgumentError(
        absl::StrCat(source.path, " is a folder; name the file"));
  }
  LIMBECK_ASSIGN_OR_RETURN(auto range, FileRange(source.version));
  std::vector<std::string> paths;
  for (int i = std::max(1, range.first); range.second == 0 || i <= range.second;
       ++i) {
    std::string path = JoinPath(source.path, FileName(i));
    if (range.second == 0 && !FileExists(path)) break;
    paths.push_back(std::move(path));
  }
  if (!paths.empty()) return paths;
  return absl::NotFoundError(
      absl::StrCat(source.path, " holds no ", FileName(1)));
}

absl::Status CheckWindow(const BenchmarkSource& source) {
  const bool limited = !source.version.empty() || !source.first_date.empty() ||
                       !source.last_date.empty();
  if (limited && source.benchmark != BenchmarkId::kLiveCodeBench) {
    return absl::InvalidArgumentError(
        absl::StrCat("versions and dates choose problems of livecodebench, "
                     "not of ",
                     NameOf(source.benchmark)));
  }
  LIMBECK_RETURN_IF_ERROR(CheckDay(source.first_date));
  LIMBECK_RETURN_IF_ERROR(CheckDay(source.last_date));
  if (!source.last_date.empty() && source.last_date < source.first_date) {
    return absl::InvalidArgumentError(
        absl::StrCat("the window begins on ", source.first_date,
                     " and ends on ", source.last_date));
  }
  if (!source.tests_path.empty() &&
      source.benchmark != BenchmarkId::kCodeforces) {
    return absl::InvalidArgumentError(
        absl::StrCat("a file of tests goes with codeforces, not with ",
                     NameOf(source.benchmark)));
  }
  return FileRange(source.version).status();
}

absl::StatusOr<bool> InWindow(const BenchmarkSource& source,
                              absl::string_view date) {
  const absl::string_view day = date.substr(0, kDayLength);
  if (!IsDay(day)) {
    return absl::InvalidArgumentError(
        absl::StrCat("contest_date '", date, "' begins with no day"));
  }
  return day >= source.first_date &&
         (source.last_date.empty() || day <= source.last_date);
}

}  // namespace limbeck
