#include "data/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "data/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;

TEST(File, ReadGivesAllBytes) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  const std::string content("\0\xFF\n\r\n", 5);
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, content));
  EXPECT_EQ(*ReadFile(path), content);
  EXPECT_EQ(*FileSize(path), 5);
}

TEST(File, ReadRefusesMoreThanTheLimit) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "12345"));
  EXPECT_EQ(*ReadFile(path, 5), "12345");
  EXPECT_THAT(ReadFile(path, 4), IsError(absl::StatusCode::kResourceExhausted,
                                         "has 5 bytes or more, at most 4"));
  // A device has no size to ask for; the limit holds while reading.
  EXPECT_THAT(ReadStream("/dev/zero", 3000000),
              IsError(absl::StatusCode::kResourceExhausted, "at most 3000000"));
}

// Nothing here may wait: the pipe has no writer.
TEST(File, PipesAndDevicesAreRefusedAtOnce) {
  const TemporaryDirectory directory;
  const std::string pipe = directory.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const auto refused = [](const std::string& text) {
    return IsError(absl::StatusCode::kInvalidArgument,
                   text + ", expected a regular file");
  };
  EXPECT_THAT(ReadFile(pipe), refused("pipe is a pipe"));
  EXPECT_THAT(MappedFile::Open(pipe), refused("pipe is a pipe"));
  EXPECT_THAT(Sha256HexOfFile(pipe), refused("pipe is a pipe"));
  EXPECT_THAT(CopyFileAtomically(pipe, directory.File("a")),
              refused("pipe is a pipe"));
  EXPECT_THAT(FileSize(pipe), refused("pipe is a pipe"));
  EXPECT_THAT(ReadFile("/dev/zero"), refused("/dev/zero is a device"));
  EXPECT_THAT(MappedFile::Open("/dev/zero"), refused("/dev/zero is a device"));
  EXPECT_FALSE(FileExists(directory.File("a")));
}

TEST(File, StreamsAreReadToTheirEnd) {
  const TemporaryDirectory directory;
  const std::string pipe = directory.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&pipe] {
    const int descriptor = open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(write(descriptor, "through a pipe", 14), 14);
    close(descriptor);
  });
  EXPECT_EQ(*ReadStream(pipe, 100), "through a pipe");
  writer.join();
}

TEST(File, AbsentFilesAreNotFound) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("absent");
  EXPECT_FALSE(FileExists(path));
  EXPECT_THAT(ReadFile(path), IsError(absl::StatusCode::kNotFound, path));
  EXPECT_THAT(FileSize(path), IsError(absl::StatusCode::kNotFound, path));
  EXPECT_THAT(MappedFile::Open(path),
              IsError(absl::StatusCode::kNotFound, path));
  EXPECT_THAT(ListDirectory(path), IsError(absl::StatusCode::kNotFound, path));
  LIMBECK_EXPECT_OK(RemoveTree(path));
  LIMBECK_EXPECT_OK(RemoveTemporaries(path));
}

TEST(File, DirectoriesAreNoFiles) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(IsDirectory(directory.path()));
  EXPECT_THAT(FileSize(directory.path()),
              IsError(absl::StatusCode::kInvalidArgument, "is a directory"));
  EXPECT_THAT(MappedFile::Open(directory.path()),
              IsError(absl::StatusCode::kInvalidArgument, "is a directory"));
  EXPECT_THAT(ReadFile(directory.path()),
              IsError(absl::StatusCode::kInvalidArgument, "is a directory"));
}

TEST(File, MappedBytesOutliveTheName) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "mapped"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path));
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "other content"));
  EXPECT_EQ(file->bytes(), "mapped");
}

TEST(File, EmptyFileCanBeMapped) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("a"), ""));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto file,
                               MappedFile::Open(directory.File("a")));
  EXPECT_TRUE(file->bytes().empty());
}

TEST(File, CopyIsEqual) {
  const TemporaryDirectory directory;
  const std::string content(3000001, 'c');
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("a"), content));
  LIMBECK_ASSERT_OK(
      CopyFileAtomically(directory.File("a"), directory.File("b")));
  EXPECT_TRUE(*ReadFile(directory.File("b")) == content);
  EXPECT_THAT(CopyFileAtomically(directory.File("x"), directory.File("c")),
              IsError(absl::StatusCode::kNotFound, "x"));
  EXPECT_FALSE(FileExists(directory.File("c")));
}

TEST(File, DirectoriesAreMadeWithParents) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("a/b/c/")));
  EXPECT_TRUE(IsDirectory(directory.File("a/b/c")));
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("a/b")));
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("file"), ""));
  EXPECT_THAT(MakeDirectories(directory.File("file")), testing::Not(IsOk()));
  EXPECT_THAT(MakeDirectories(directory.File("file/a")), testing::Not(IsOk()));
}

TEST(File, ListIsSortedByBytes) {
  const TemporaryDirectory directory;
  for (const char* name : {"b", "a10", "a9", "B", "\xC3\xA4"}) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File(name), ""));
  }
  EXPECT_THAT(*ListDirectory(directory.path()),
              ElementsAre("B", "a10", "a9", "b", "\xC3\xA4"));
}

TEST(File, RenameReplacesFilesButNoDirectories) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("a"), "a"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("b"), "b"));
  LIMBECK_ASSERT_OK(RenameDurably(directory.File("a"), directory.File("b")));
  EXPECT_EQ(*ReadFile(directory.File("b")), "a");
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("d1/x")));
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("d2")));
  EXPECT_THAT(RenameDurably(directory.File("d1"), directory.File("d2")),
              IsError(absl::StatusCode::kAlreadyExists, "that directory"));
  LIMBECK_ASSERT_OK(
      RenameDurably(directory.File("d1/x"), directory.File("d3")));
  EXPECT_TRUE(IsDirectory(directory.File("d3")));
}

TEST(File, RemoveTreeDoesNotFollowLinks) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("kept")));
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("kept/a"), ""));
  LIMBECK_ASSERT_OK(MakeDirectories(directory.File("gone")));
  ASSERT_EQ(symlink(directory.File("kept").c_str(),
                    directory.File("gone/link").c_str()),
            0);
  LIMBECK_ASSERT_OK(RemoveTree(directory.File("gone")));
  EXPECT_FALSE(FileExists(directory.File("gone")));
  EXPECT_TRUE(FileExists(directory.File("kept/a")));
}

TEST(File, TemporariesAloneAreRemoved) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("a"), ""));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory.File("a.1.0.limbeck-tmp"), ""));
  LIMBECK_ASSERT_OK(RemoveTemporaries(directory.path()));
  EXPECT_THAT(*ListDirectory(directory.path()), ElementsAre("a"));
}

TEST(Path, Join) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
}

TEST(Path, BaseAndDirectory) {
  EXPECT_EQ(BaseName("a/b"), "b");
  EXPECT_EQ(BaseName("b"), "b");
  EXPECT_EQ(BaseName("a/b/"), "b");
  EXPECT_EQ(BaseName("/"), "/");
  EXPECT_EQ(BaseName(""), "");
  EXPECT_EQ(DirName("a/b"), "a");
  EXPECT_EQ(DirName("b"), ".");
  EXPECT_EQ(DirName("/b"), "/");
  EXPECT_EQ(DirName("/"), "/");
  EXPECT_EQ(DirName("a//b/"), "a");
}

}  // namespace
}  // namespace limbeck
