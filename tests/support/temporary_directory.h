// A directory of its own for each test, removed at the end.
#ifndef LIMBECK_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
#define LIMBECK_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// kMemory is a small file system in memory where there is one: flushing costs
// nothing there, for tests that write thousands of small files.
enum class TemporaryPlace { kDisk, kMemory };

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(TemporaryPlace place = TemporaryPlace::kDisk);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Path of `name` inside the directory; nothing is created.
  std::string File(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
