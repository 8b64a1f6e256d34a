// Where control groups may be made; the files stand in for the kernel's.
#include "data/judge/sandbox/control_group_folder.h"

#include <fstream>
#include <string>

#include "data/base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kMounts[] =
    "22 27 0:21 / /proc rw - proc proc rw\n"
    "41 31 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

TEST(ControlGroupFolder, PathFromProcess) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      std::string path,
      ControlGroupPath("1:cpu:/old\n0::/user.slice/run-1.scope\n", kMounts));
  EXPECT_EQ(path, "/sys/fs/cgroup/user.slice/run-1.scope");
  LIMBECK_ASSERT_OK_AND_ASSIGN(path, ControlGroupPath("0::/\n", kMounts));
  EXPECT_EQ(path, "/sys/fs/cgroup");
}

// In a container the mount begins below the root of the hierarchy.
TEST(ControlGroupFolder, PathBelowAMountOfAPart) {
  constexpr char kPart[] =
      "41 31 0:38 /docker/1 /sys/fs/cgroup rw shared:1 - cgroup2 cgroup rw\n";
  LIMBECK_ASSERT_OK_AND_ASSIGN(std::string path,
                               ControlGroupPath("0::/docker/1/a\n", kPart));
  EXPECT_EQ(path, "/sys/fs/cgroup/a");
  EXPECT_THAT(
      ControlGroupPath("0::/other\n", kPart),
      IsError(absl::StatusCode::kFailedPrecondition, "/other is not mounted"));
}

TEST(ControlGroupFolder, VersionOneOnlyIsAnError) {
  EXPECT_THAT(ControlGroupPath("3:memory:/a\n1:cpu:/a\n", kMounts),
              IsError(absl::StatusCode::kFailedPrecondition, "no version 2"));
}

void Write(const std::string& path, const char* text) {
  std::ofstream(path) << text;
}

TEST(ControlGroupFolder, MissingControllerIsNamed) {
  const TemporaryDirectory folder;
  Write(folder.File("cgroup.controllers"), "cpu memory\n");
  EXPECT_THAT(DivideControlGroup(folder.path(), 1),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "does not have both the memory and the pids"));
}

TEST(ControlGroupFolder, ControllersAreSwitchedOn) {
  const TemporaryDirectory folder;
  Write(folder.File("cgroup.controllers"), "cpuset cpu io memory pids\n");
  Write(folder.File("cgroup.subtree_control"), "");
  LIMBECK_ASSERT_OK(DivideControlGroup(folder.path(), 1).status());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string text,
                               ReadFile(folder.File("cgroup.subtree_control")));
  EXPECT_EQ(text, "+memory +pids");
  EXPECT_FALSE(IsDirectory(folder.File("limbeck-caller")));
}

}  // namespace
}  // namespace limbeck
