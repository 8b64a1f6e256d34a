#include "data/judge/sandbox/launcher/box.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace limbeck {
namespace {

constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Names in an open folder, without "." and "..". Takes the descriptor over.
std::vector<std::string> NamesIn(int folder) {
  std::vector<std::string> names;
  DIR* directory = fdopendir(folder);
  if (directory == nullptr) {
    close(folder);
    return names;
  }
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(directory);
  return names;
}

// A folder on the way down, with the folders in it that are still to be
// removed.
struct Level {
  std::string name;
  std::vector<std::string> folders;
};

// Removes all but the folders of the open folder and returns those.
Level RemoveFilesIn(int folder, std::string name) {
  Level level = {std::move(name), {}};
  for (std::string& inner : NamesIn(openat(folder, ".", kOpenFolder))) {
    if (unlinkat(folder, inner.c_str(), 0) != 0) {
      level.folders.push_back(std::move(inner));
    }
  }
  return level;
}

// -1 where it cannot be opened, such as for what is no folder.
int OpenInner(int folder, const std::string& name) {
  const int inner = openat(folder, name.c_str(), kOpenFolder);
  if (inner >= 0) {
    // The program may have taken its own rights away.
    fchmod(inner, 0700);
    return inner;
  }
  fchmodat(folder, name.c_str(), 0700, 0);
  return openat(folder, name.c_str(), kOpenFolder);
}

// Empties an open folder and closes it. Goes down and up one step at a time,
// so that no depth is too deep.
void Empty(int folder) {
  std::vector<Level> way = {RemoveFilesIn(folder, "")};
  for (;;) {
    if (!way.back().folders.empty()) {
      std::string name = std::move(way.back().folders.back());
      way.back().folders.pop_back();
      const int inner = OpenInner(folder, name);
      if (inner < 0) continue;
      close(folder);
      folder = inner;
      way.push_back(RemoveFilesIn(folder, std::move(name)));
      continue;
    }
    const std::string done = std::move(way.back().name);
    way.pop_back();
    if (way.empty()) break;
    const int outer = openat(folder, "..", kOpenFolder);
    close(folder);
    if (outer < 0) return;
    folder = outer;
    unlinkat(folder, done.c_str(), AT_REMOVEDIR);
  }
  close(folder);
}

}  // namespace

Failure PutFilesHere(const LaunchPlan& plan, uid_t user) {
  for (const LaunchFile& file : plan.files) {
    Failure f =
        CreateFile(file.name, file.content, file.executable ? 0755 : 0644);
    if (!f.empty()) return f;
    if (chown(file.name.c_str(), user, user) != 0) {
      return SystemFailure("chown " + file.name);
    }
  }
  return "";
}

void CollectFilesHere(const LaunchPlan& plan, LaunchReport& report) {
  for (const std::string& name : plan.collect) {
    // A pipe must not keep us waiting, a link not lead us out.
    const int descriptor =
        open(name.c_str(),
             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) continue;
    struct stat about = {};
    std::string bytes;
    // With a second name it may be somebody else's file.
    if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) &&
        about.st_nlink == 1 && ReadFully(descriptor, bytes, plan.file_bytes)) {
      report.collected.emplace_back(name, std::move(bytes));
    }
    close(descriptor);
  }
}

Failure MakeScratchBox(const LaunchPlan& plan, uid_t user, std::string& path) {
  std::string name = plan.scratch_directory + "/limbeck-box-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return SystemFailure("mkdtemp " + name);
  path = name;
  if (chdir(path.c_str()) != 0) return SystemFailure("chdir " + path);
  if (Failure f = PutFilesHere(plan, user); !f.empty()) return f;
  // Handed over last: until then nobody else writes into it.
  if (chown(path.c_str(), user, user) != 0) {
    return SystemFailure("chown " + path);
  }
  return "";
}

void RemoveScratchBox(const std::string& path) {
  const int folder = open(path.c_str(), kOpenFolder);
  if (folder < 0) return;
  fchmod(folder, 0700);
  Empty(folder);
  rmdir(path.c_str());
}

}  // namespace limbeck
