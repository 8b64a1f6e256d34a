// Digests of files from outside the workspace. Large files are not read again
// while size, time and inode stay the same.
#ifndef LIMBECK_RECIPES_RUN_FILE_DIGESTS_H_
#define LIMBECK_RECIPES_RUN_FILE_DIGESTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace limbeck {

class FileDigests {
 public:
  // `cache_path`: JSON beside the artefacts; empty: remember in memory only.
  // Files below `cached_from_bytes` are read again by every program.
  explicit FileDigests(std::string cache_path,
                       uint64_t cached_from_bytes = uint64_t{64} << 20);

  // SHA-256 (hex) of a file.
  absl::StatusOr<std::string> OfFile(const std::string& path);
  // Over names and digests of what makes a model: weights, configuration,
  // tokenizer (*.safetensors, *.json, *.model, *.tiktoken, *.jinja). A folder
  // without any is an error.
  absl::StatusOr<std::string> OfModel(const std::string& directory);

  // Writes the cache when it has changed.
  absl::Status Save();

 private:
  struct Entry {
    std::string state;  // size, times and inode
    std::string sha256;
  };

  const std::string cache_path_;
  const uint64_t cached_from_bytes_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Entry> stored_;
  bool changed_ = false;
};

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_FILE_DIGESTS_H_
