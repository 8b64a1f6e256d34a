#include "data/base/atomic_directory.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes one file of that name.
absl::Status Write(const std::string& directory, const std::string& name) {
  return WriteDirectoryAtomically(directory, [&](const std::string& folder) {
    return WriteFileAtomically(JoinPath(folder, name), name);
  });
}

TEST(AtomicDirectory, TrailingSlashesMeanNothing) {
  const TemporaryDirectory directory;
  for (const char* slashes : {"", "/", "//"}) {
    const std::string path = directory.File("a/b");
    LIMBECK_ASSERT_OK(Write(path + slashes, "x"));
    EXPECT_THAT(*ListDirectory(directory.File("a")), ElementsAre("b"));
    EXPECT_THAT(*ListDirectory(path), ElementsAre("x"));
    LIMBECK_ASSERT_OK(RemoveTree(directory.File("a")));
  }
}

TEST(AtomicDirectory, AnOldFolderIsReplacedAsAWhole) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(Write(path, "x"));
  LIMBECK_ASSERT_OK(Write(path + "/", "y"));
  EXPECT_THAT(*ListDirectory(path), ElementsAre("y"));
  EXPECT_THAT(*ListDirectory(directory.path()), ElementsAre("a"));
}

TEST(AtomicDirectory, AFailureLeavesWhatWasThere) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  const auto fail = [](const std::string& folder) {
    EXPECT_THAT(WriteFileAtomically(JoinPath(folder, "half"), ""), IsOk());
    return absl::DataLossError("half a file");
  };
  EXPECT_THAT(WriteDirectoryAtomically(path + "/", fail),
              IsError(absl::StatusCode::kDataLoss, "half a file"));
  EXPECT_THAT(*ListDirectory(directory.path()), IsEmpty());
  LIMBECK_ASSERT_OK(Write(path, "x"));
  EXPECT_FALSE(WriteDirectoryAtomically(path, fail).ok());
  EXPECT_THAT(*ListDirectory(path), ElementsAre("x"));
  EXPECT_THAT(*ListDirectory(directory.path()), ElementsAre("a"));
}

TEST(AtomicDirectory, AFileInThePlaceIsRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.File("a");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "x"));
  for (const char* slashes : {"", "/"}) {
    EXPECT_THAT(Write(path + slashes, "y"),
                IsError(absl::StatusCode::kAlreadyExists, "a is a file"));
  }
  EXPECT_EQ(*ReadFile(path), "x");
  EXPECT_THAT(*ListDirectory(directory.path()), ElementsAre("a"));
}

}  // namespace
}  // namespace limbeck
