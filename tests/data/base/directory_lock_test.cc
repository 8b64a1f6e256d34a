#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

TEST(DirectoryLock, SecondHolderIsRefusedWithTheFirstOnesNumber) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(auto lock,
                               DirectoryLock::Acquire(directory.path()));
  EXPECT_THAT(DirectoryLock::Acquire(directory.path()),
              IsError(absl::StatusCode::kFailedPrecondition,
                      absl::StrCat("in use by process ", getpid(), " ")));
  lock.reset();
  LIMBECK_EXPECT_OK(DirectoryLock::Acquire(directory.path()));
}

TEST(DirectoryLock, KilledHolderReleasesIt) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(RunAndKill([&] {
    auto lock = DirectoryLock::Acquire(directory.path());
    if (!lock.ok()) _exit(1);
    lock->release();
  }));
  LIMBECK_EXPECT_OK(DirectoryLock::Acquire(directory.path()));
}

TEST(DirectoryLock, ReleasedLockLeavesAnEmptyFile) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(DirectoryLock::Acquire(directory.path()));
  EXPECT_EQ(*ReadFile(directory.File("lock")), "");
}

TEST(DirectoryLock, MissingDirectoryIsNamed) {
  const TemporaryDirectory directory;
  EXPECT_THAT(DirectoryLock::Acquire(directory.File("absent")),
              IsError(absl::StatusCode::kNotFound, "absent/lock"));
}

}  // namespace
}  // namespace limbeck
