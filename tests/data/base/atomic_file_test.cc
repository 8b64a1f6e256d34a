// Writing files: whole or absent, also on a full disk and after kills.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Names(const TemporaryDirectory& directory) {
  return *ListDirectory(directory.path());
}

TEST(AtomicFile, AppearsOnlyAtCommit) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto file, AtomicFile::Create(path));
  LIMBECK_ASSERT_OK(file->Append("one "));
  LIMBECK_ASSERT_OK(file->Append("two"));
  EXPECT_EQ(file->bytes_written(), 7);
  EXPECT_FALSE(FileExists(path));
  LIMBECK_ASSERT_OK(file->Commit());
  EXPECT_EQ(*ReadFile(path), "one two");
  EXPECT_THAT(Names(directory), ElementsAre("a"));
}

TEST(AtomicFile, DroppedFileLeavesTheOldOne) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "old"));
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto file, AtomicFile::Create(path));
    LIMBECK_ASSERT_OK(file->Append("new"));
  }
  EXPECT_EQ(*ReadFile(path), "old");
  EXPECT_THAT(Names(directory), ElementsAre("a"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "new"));
  EXPECT_EQ(*ReadFile(path), "new");
}

TEST(AtomicFile, LargeAndSmallAppendsKeepTheirOrder) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto file,
                               AtomicFile::Create(directory.File("a")));
  std::string expected;
  for (const size_t size : {1, 300000, 5, 262143, 262144, 262145, 7, 0, 9}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    LIMBECK_ASSERT_OK(file->Append(piece));
    expected += piece;
  }
  EXPECT_EQ(file->bytes_written(), expected.size());
  LIMBECK_ASSERT_OK(file->Commit());
  EXPECT_TRUE(*ReadFile(directory.File("a")) == expected);
}

TEST(AtomicFile, TwoWritersOfOnePathDoNotMix) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto first, AtomicFile::Create(path));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto second, AtomicFile::Create(path));
  LIMBECK_ASSERT_OK(first->Append("first"));
  LIMBECK_ASSERT_OK(second->Append("second"));
  LIMBECK_ASSERT_OK(second->Commit());
  LIMBECK_ASSERT_OK(first->Commit());
  EXPECT_EQ(*ReadFile(path), "first");
  EXPECT_THAT(Names(directory), ElementsAre("a"));
}

TEST(AtomicFile, IsClosedAfterCommit) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto file,
                               AtomicFile::Create(directory.File("a")));
  LIMBECK_ASSERT_OK(file->Commit());
  EXPECT_THAT(file->Append("x"),
              IsError(absl::StatusCode::kFailedPrecondition, "closed"));
  EXPECT_THAT(file->Commit(),
              IsError(absl::StatusCode::kFailedPrecondition, "closed"));
}

TEST(AtomicFile, MissingDirectoryIsNamed) {
  const TemporaryDirectory directory;
  EXPECT_THAT(AtomicFile::Create(directory.File("absent/a")),
              IsError(absl::StatusCode::kNotFound, "absent/a"));
}

TEST(AtomicFile, DirectoryInItsPlaceIsAnErrorAndLeavesNothing) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("a/b")));
  EXPECT_THAT(WriteFileAtomically(directory.File("a"), "x"),
              testing::Not(IsOk()));
  EXPECT_THAT(Names(directory), ElementsAre("a"));
}

TEST(AtomicFile, FullDiskLeavesTheOldFileAndNothingElse) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "old"));
  const std::string content(1 << 20, 'x');
  for (const size_t limit : {size_t{0}, size_t{10}, content.size() - 1}) {
    const absl::Status status = RunWithFileSizeLimit(
        limit, [&] { return WriteFileAtomically(path, content); });
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr("File too large"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_EQ(*ReadFile(path), "old");
    EXPECT_THAT(Names(directory), ElementsAre("a"));
  }
  LIMBECK_EXPECT_OK(RunWithFileSizeLimit(
      content.size(), [&] { return WriteFileAtomically(path, content); }));
  EXPECT_EQ(*FileSize(path), content.size());
}

TEST(AtomicFile, FailedWriteCannotBeCommitted) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  const absl::Status status = RunWithFileSizeLimit(10, [&]() -> absl::Status {
    LIMBECK_ASSIGN_OR_RETURN(const auto file, AtomicFile::Create(path));
    if (file->Append(std::string(1 << 20, 'x')).ok()) {
      return absl::InternalError("the write did not fail");
    }
    return file->Commit();
  });
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition,
                              "an earlier write failed"));
  EXPECT_THAT(Names(directory), IsEmpty());
}

TEST(AtomicFile, KillLeavesOnlyATemporary) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "old"));
  EXPECT_TRUE(RunAndKill([&] {
    auto file = AtomicFile::Create(path);
    (*file)->Append(std::string(1 << 20, 'x')).IgnoreError();
    file->release();
  }));
  EXPECT_EQ(*ReadFile(path), "old");
  const std::vector<std::string> names = Names(directory);
  ASSERT_EQ(names.size(), 2);
  EXPECT_TRUE(absl::EndsWith(names[1], kTemporarySuffix));
  LIMBECK_ASSERT_OK(RemoveTemporaries(directory.path()));
  EXPECT_THAT(Names(directory), ElementsAre("a"));
}

TEST(AppendFile, GrowsAndIsCutOnResume) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("log");
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto log, AppendFile::Open(path));
    LIMBECK_ASSERT_OK(log->Append("one\n"));
    LIMBECK_ASSERT_OK(log->Append("two\n"));
    LIMBECK_ASSERT_OK(log->Sync());
    EXPECT_EQ(log->size(), 8);
  }
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto log, AppendFile::Open(path));
    EXPECT_EQ(log->size(), 8);
    LIMBECK_ASSERT_OK(log->Append("three\n"));
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto log,
                               AppendFile::Open(path, /*truncate_to=*/4));
  EXPECT_EQ(log->size(), 4);
  LIMBECK_ASSERT_OK(log->Append("2\n"));
  EXPECT_EQ(*ReadFile(path), "one\n2\n");
}

TEST(AppendFile, TruncateToZeroEmpties) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("log");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "old"));
  LIMBECK_ASSERT_OK(AppendFile::Open(path, /*truncate_to=*/0));
  EXPECT_EQ(*ReadFile(path), "");
}

TEST(AppendFile, LostBytesAreAnError) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("log");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "abc"));
  EXPECT_THAT(
      AppendFile::Open(path, /*truncate_to=*/5),
      IsError(absl::StatusCode::kDataLoss, "has 3 bytes, but 5 were written"));
}

TEST(AppendFile, DevicesAndDirectoriesAreRefused) {
  EXPECT_THAT(AppendFile::Open("/dev/full"),
              IsError(absl::StatusCode::kInvalidArgument, "a device"));
  const TemporaryDirectory directory;
  EXPECT_THAT(AppendFile::Open(directory.path()), testing::Not(IsOk()));
}

TEST(AppendFile, FullDiskCutsTheTornLineOff) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("log");
  const absl::Status status = RunWithFileSizeLimit(10, [&]() -> absl::Status {
    LIMBECK_ASSIGN_OR_RETURN(const auto log, AppendFile::Open(path));
    LIMBECK_RETURN_IF_ERROR(log->Append("12345678\n"));
    const absl::Status torn = log->Append("a long line\n");
    if (log->size() != 9) return absl::InternalError("the size is wrong");
    return torn;
  });
  EXPECT_THAT(std::string(status.message()), HasSubstr("File too large"));
  EXPECT_EQ(*ReadFile(path), "12345678\n");
}

}  // namespace
}  // namespace limbeck
