// See source_settings.h.
#include "eval/source_settings.h"

#include <utility>
#include <vector>

#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

absl::Status SetDigest(absl::string_view name, const std::string& path,
                       Json* settings) {
  if (path.empty()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(std::string digest, DigestOfPath(path));
  if (!digest.empty()) settings->Set(name, std::move(digest));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DigestOfPath(const std::string& path) {
  if (!IsDirectory(path)) {
    if (!FileSize(path).ok()) return std::string();
    return Sha256HexOfFile(path);
  }
  FieldHasher hasher("limbeck.data_folder.v1");
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(path));
  for (const std::string& name : names) {
    const std::string file = JoinPath(path, name);
    if (IsDirectory(file)) continue;
    LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(file));
    hasher.Bytes(name).Bytes(digest);
  }
  return hasher.Hex();
}

absl::Status AddSourceSettings(const BenchmarkSource& source,
                               const BenchmarkSet& set,
                               const RatingSource& rating, Json* settings) {
  if (!set.sha256.empty()) settings->Set("data_sha256", set.sha256);
  LIMBECK_RETURN_IF_ERROR(
      SetDigest("tests_sha256", source.tests_path, settings));
  LIMBECK_RETURN_IF_ERROR(
      SetDigest("standings_sha256", rating.standings_path, settings));
  for (const auto& [key, value] : {std::pair("version", source.version),
                                   std::pair("first_date", source.first_date),
                                   std::pair("last_date", source.last_date)}) {
    if (!value.empty()) settings->Set(key, value);
  }
  if (!set.left_out.empty()) {
    settings->Set("problems_left_out",
                  static_cast<int64_t>(set.left_out.size()));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
