#include "data/judge/sandbox/launcher/root_view.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "data/judge/sandbox/launcher/box.h"

namespace limbeck {
namespace {

// Linux 5.12; the C library's headers may lack it.
constexpr long kMountSetattrCall = 442;
constexpr uint64_t kReadOnly = 1, kNoSetuid = 2, kNoDevices = 4;
constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE

struct MountAttributes {
  uint64_t set = 0;
  uint64_t clear = 0;
  uint64_t propagation = 0;
  uint64_t user_namespace = 0;
};

// Any folder does: the new root covers it and then takes its place.
constexpr char kStaging[] = "/tmp";
constexpr uint64_t kMaxInodes = 16384;

// What programs, interpreters and compilers read. Absent ones are left out.
constexpr const char* kSystemPaths[] = {"/usr",
                                        "/bin",
                                        "/sbin",
                                        "/lib",
                                        "/lib32",
                                        "/lib64",
                                        "/libx32",
                                        "/etc/alternatives",
                                        "/etc/ld.so.cache",
                                        "/etc/ld.so.conf",
                                        "/etc/ld.so.conf.d"};

// No /dev/zero: a shared mapping of it is memory that no count sees.
constexpr const char* kDevices[] = {"/dev/null", "/dev/full", "/dev/random",
                                    "/dev/urandom"};

struct Source {
  std::string path;
  int descriptor = -1;
  std::string link;  // where a symbolic link leads; empty: none
  bool is_folder = false;
};

// Opened before anything is mounted, since the new root may cover them.
Failure OpenSource(const std::string& path, bool required,
                   std::vector<Source>& sources) {
  Source source;
  source.path = path;
  source.descriptor =
      open(path.c_str(), O_PATH | O_CLOEXEC | (required ? 0 : O_NOFOLLOW));
  struct stat about = {};
  if (source.descriptor < 0 || fstat(source.descriptor, &about) != 0) {
    return required ? SystemFailure("open " + path) : "";
  }
  source.is_folder = S_ISDIR(about.st_mode);
  if (S_ISLNK(about.st_mode)) {
    char target[PATH_MAX];
    const ssize_t size = readlink(path.c_str(), target, sizeof(target));
    if (size < 0) return SystemFailure("readlink " + path);
    source.link.assign(target, static_cast<size_t>(size));
  }
  sources.push_back(source);
  return "";
}

Failure OpenSources(const LaunchPlan& plan, std::vector<Source>& sources) {
  for (const char* path : kSystemPaths) {
    if (Failure f = OpenSource(path, false, sources); !f.empty()) return f;
  }
  for (const char* path : kDevices) {
    if (Failure f = OpenSource(path, true, sources); !f.empty()) return f;
  }
  for (const std::string& path : plan.read_only_folders) {
    if (Failure f = OpenSource(path, true, sources); !f.empty()) return f;
  }
  return "";
}

Failure MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return SystemFailure("mkdir " + path);
  }
  return "";
}

// The folders above the last component of `path`, below the staging folder.
Failure MakeParents(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    Failure f = MakeFolder(kStaging + path.substr(0, slash));
    if (!f.empty()) return f;
  }
  return "";
}

Failure SetReadOnly(const std::string& path, unsigned flags,
                    uint64_t attributes) {
  MountAttributes change;
  change.set = attributes;
  if (syscall(kMountSetattrCall, AT_FDCWD, path.c_str(), flags, &change,
              sizeof(change)) != 0) {
    return SystemFailure("mount_setattr " + path);
  }
  return "";
}

Failure ShowSource(const Source& source) {
  if (Failure f = MakeParents(source.path); !f.empty()) return f;
  const std::string place = kStaging + source.path;
  struct stat about = {};
  if (!source.link.empty()) {
    return symlink(source.link.c_str(), place.c_str()) == 0 || errno == EEXIST
               ? ""
               : SystemFailure("symlink " + place);
  }
  // A folder that lies below one shown before has its place already.
  if (stat(place.c_str(), &about) != 0) {
    Failure f =
        source.is_folder ? MakeFolder(place) : CreateFile(place, "", 0644);
    if (!f.empty()) return f;
  }
  const std::string from = "/proc/self/fd/" + std::to_string(source.descriptor);
  if (mount(from.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) !=
      0) {
    return SystemFailure("bind " + source.path);
  }
  const bool device = source.path.rfind("/dev/", 0) == 0;
  return SetReadOnly(place, kRecursive,
                     kNoSetuid | (device ? 0 : kReadOnly | kNoDevices));
}

// One file system of bounded size behind both folders that can be written.
Failure MountBox(const LaunchPlan& plan, uid_t user) {
  const std::string space = std::string(kStaging) + "/space";
  if (Failure f = MakeFolder(space); !f.empty()) return f;
  const std::string options =
      "mode=0755,size=" + std::to_string(plan.file_bytes) +
      ",nr_inodes=" + std::to_string(kMaxInodes);
  if (mount("box", space.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
            options.c_str()) != 0) {
    return SystemFailure("mount a tmpfs for the box");
  }
  for (const char* path : {kBoxPath, kBoxTemporaryPath}) {
    const std::string folder = space + path;
    const std::string place = std::string(kStaging) + path;
    if (Failure f = MakeFolder(folder); !f.empty()) return f;
    if (Failure f = MakeFolder(place); !f.empty()) return f;
    if (chown(folder.c_str(), user, user) != 0) {
      return SystemFailure("chown " + folder);
    }
    if (mount(folder.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return SystemFailure("bind " + place);
    }
  }
  if (umount2(space.c_str(), MNT_DETACH) != 0 || rmdir(space.c_str()) != 0) {
    return SystemFailure("remove " + space);
  }
  return "";
}

// The old root ends under the new one and is let go.
Failure PivotToStaging() {
  if (chdir(kStaging) != 0) return SystemFailure("chdir to the new root");
  if (syscall(SYS_pivot_root, ".", ".") != 0) {
    return SystemFailure("pivot_root");
  }
  if (umount2(".", MNT_DETACH) != 0) {
    return SystemFailure("let go of the old root");
  }
  if (chdir("/") != 0) return SystemFailure("chdir /");
  return SetReadOnly("/", 0, kReadOnly | kNoSetuid | kNoDevices);
}

}  // namespace

Failure EnterRootView(const LaunchPlan& plan, uid_t user) {
  std::vector<Source> sources;
  if (Failure f = OpenSources(plan, sources); !f.empty()) return f;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return SystemFailure("make all mounts private");
  }
  if (mount("root", kStaging, "tmpfs", MS_NOSUID | MS_NODEV,
            "mode=0755,size=1m,nr_inodes=1024") != 0) {
    return SystemFailure("mount a tmpfs for the new root");
  }
  // First, since folders to be shown may lie below /tmp.
  if (Failure f = MountBox(plan, user); !f.empty()) return f;
  for (const Source& source : sources) {
    if (Failure f = ShowSource(source); !f.empty()) return f;
    close(source.descriptor);
  }
  if (Failure f = PivotToStaging(); !f.empty()) return f;
  if (chdir(kBoxPath) != 0) return SystemFailure("chdir to the box");
  return PutFilesHere(plan, user);
}

}  // namespace limbeck
