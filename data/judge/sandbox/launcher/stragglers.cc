#include "data/judge/sandbox/launcher/stragglers.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "data/judge/sandbox/launcher/process_sampler.h"

namespace limbeck {
namespace {

// All processes of the user at once, so that none can start another meanwhile.
void KillAllOf(uid_t user) {
  const pid_t killer = fork();
  if (killer == 0) {
    if (setresuid(user, user, user) == 0) kill(-1, SIGKILL);
    _exit(0);
  }
  if (killer > 0) {
    while (waitpid(killer, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

}  // namespace

void EndAllChildren(uid_t private_user) {
  for (;;) {
    if (private_user != 0) KillAllOf(private_user);
    ProcessSampler tree(getpid());
    tree.Sample();
    for (const pid_t process : tree.processes()) kill(process, SIGKILL);
    pid_t ended = 0;
    // What is killed takes a moment; what it leaves comes to us.
    while ((ended = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (ended < 0 && errno == ECHILD) return;
    usleep(200);
  }
}

uint64_t CountTasksOf(uid_t user) {
  uint64_t count = 0;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return count;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const std::string tasks = std::string("/proc/") + entry->d_name + "/task";
    struct stat about = {};
    if (stat(tasks.c_str(), &about) == 0 && about.st_uid == user) {
      count += about.st_nlink - 2;  // one folder per thread
    }
  }
  closedir(directory);
  return count;
}

}  // namespace limbeck
