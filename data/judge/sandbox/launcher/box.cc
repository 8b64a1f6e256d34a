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

// Empties `name` in the folder `top`: files go, folders inside move up beside
// it, so that no depth needs a deep recursion.
void EmptyInto(int top, const std::string& name, uint64_t& counter) {
  // The program may have taken its own rights away.
  int folder = openat(top, name.c_str(), kOpenFolder);
  if (folder < 0) {
    fchmodat(top, name.c_str(), 0700, 0);
    folder = openat(top, name.c_str(), kOpenFolder);
    if (folder < 0) return;
  }
  fchmod(folder, 0700);
  for (const std::string& inner : NamesIn(dup(folder))) {
    if (unlinkat(folder, inner.c_str(), 0) == 0) continue;
    const std::string up = ".removed-" + std::to_string(counter++);
    fchmodat(folder, inner.c_str(), 0700, 0);  // to move one, write in it
    renameat(folder, inner.c_str(), top, up.c_str());
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
    if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) &&
        ReadFully(descriptor, bytes, plan.file_bytes)) {
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
  const int top = open(path.c_str(), kOpenFolder);
  if (top < 0) return;
  fchmod(top, 0700);
  uint64_t counter = 0;
  for (;;) {
    const int again = openat(top, ".", kOpenFolder);
    const std::vector<std::string> names = NamesIn(again);
    size_t removed = 0;
    for (const std::string& name : names) {
      if (unlinkat(top, name.c_str(), 0) == 0) {
        ++removed;
        continue;
      }
      EmptyInto(top, name, counter);
      if (unlinkat(top, name.c_str(), AT_REMOVEDIR) == 0) ++removed;
    }
    if (removed == 0) break;  // empty, or nothing more to be done
  }
  close(top);
  rmdir(path.c_str());
}

}  // namespace limbeck
