#include "tests/support/temporary_directory.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "gtest/gtest.h"

namespace limbeck {

namespace {

constexpr char kMemoryFolder[] = "/dev/shm";

std::string Parent(TemporaryPlace place) {
  const bool memory = place == TemporaryPlace::kMemory &&
                      access(kMemoryFolder, W_OK | X_OK) == 0;
  return memory ? kMemoryFolder : ::testing::TempDir();
}

}  // namespace

TemporaryDirectory::TemporaryDirectory(TemporaryPlace place)
    : path_(JoinPath(Parent(place), "limbeck-XXXXXX")) {
  LIMBECK_CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  // A test that fails must not hide behind a failing removal.
  RemoveTree(path_).IgnoreError();
}

std::string TemporaryDirectory::File(absl::string_view name) const {
  return JoinPath(path_, name);
}

}  // namespace limbeck
