// What run.json says about the program and the machine of each attempt.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "recipes/report/collect.h"

namespace limbeck::report {
namespace {

constexpr absl::string_view kRunRecordFile = "run.json";

std::string TextAt(const Json& attempt, absl::string_view key) {
  const Json* value = attempt.Find(key);
  return value != nullptr && value->is_string() ? value->string() : "?";
}

Build BuildOf(const Json& attempt) {
  Build build;
  build.limbeck = absl::StrCat(TextAt(attempt, "limbeck_version"), ", ",
                               TextAt(attempt, "compiler"));
  build.id = TextAt(attempt, "build_id");
  build.libtorch = absl::StrCat(TextAt(attempt, "libtorch_version"), ", ",
                                TextAt(attempt, "instruction_set"));
  build.processor = absl::StrCat(TextAt(attempt, "processor"), ", ",
                                 CountAt(attempt, "cores"), " cores");
  build.threads = absl::StrCat(CountAt(attempt, "threads"), ", ",
                               TextAt(attempt, "device"));
  return build;
}

}  // namespace

void CollectBuilds(const std::string& stage, const std::string& directory,
                   ReportData* data) {
  const auto record = ReadJsonFile(JoinPath(directory, kRunRecordFile));
  const Json* attempts = record.ok() ? record->Find("attempts") : nullptr;
  if (attempts == nullptr || !attempts->is_array()) return;
  for (const Json& attempt : attempts->array()) {
    Build build = BuildOf(attempt);
    auto known = std::find_if(
        data->builds.begin(), data->builds.end(),
        [&](const Build& other) { return other.key() == build.key(); });
    if (known == data->builds.end()) {
      known = data->builds.insert(known, std::move(build));
    }
    // Attempts of one stage come in a row.
    if (known->stages.empty() || known->stages.back() != stage) {
      known->stages.push_back(stage);
    }
  }
}

}  // namespace limbeck::report
