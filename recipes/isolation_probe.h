// What this machine offers to isolate code that is not trusted.
#ifndef LIMBECK_RECIPES_ISOLATION_PROBE_H_
#define LIMBECK_RECIPES_ISOLATION_PROBE_H_

#include <string>

namespace limbeck {

struct IsolationFacts {
  bool namespaces = false;  // new user, mount, network and process namespaces
  bool seccomp_filter = false;
  bool landlock = false;
  bool cgroup_writable = false;  // version 2, delegated to this user
  bool root = false;
};

// Tries each in a child process that ends at once.
IsolationFacts ProbeIsolation();

// Strongest level that the facts allow. "A": namespaces, seccomp and cgroups;
// "B": namespaces, seccomp and resource limits; "C": seccomp, Landlock, limits
// and a user of its own; "D": seccomp and limits; "none".
std::string IsolationLevel(const IsolationFacts& facts);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_ISOLATION_PROBE_H_
