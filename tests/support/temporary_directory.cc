#include "tests/support/temporary_directory.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "gtest/gtest.h"

namespace limbeck {

TemporaryDirectory::TemporaryDirectory()
    : path_(JoinPath(::testing::TempDir(), "limbeck-XXXXXX")) {
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
