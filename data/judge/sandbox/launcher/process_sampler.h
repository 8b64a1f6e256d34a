// Counts what a tree of living processes uses, from outside and while it runs.
#ifndef LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_PROCESS_SAMPLER_H_
#define LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_PROCESS_SAMPLER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace limbeck {

// The processes below `root`, itself excluded. Reads /proc of the caller's own
// process namespace.
class ProcessSampler {
 public:
  explicit ProcessSampler(pid_t root) : root_(root) {}

  // Looks once. A few system calls per process.
  void Sample();

  // Of all processes seen so far, those that are gone included: catches what
  // wait() does not count, such as children that nobody waited for.
  uint64_t cpu_nanoseconds() const { return cpu_nanoseconds_; }
  // At the last look; memory that processes share counts once for each.
  uint64_t resident_bytes() const { return resident_bytes_; }
  const std::vector<pid_t>& processes() const { return processes_; }
  // The same with shared memory divided among its users; slower, for when the
  // sum above is over a limit. The sum where the system does not tell.
  uint64_t ProportionalBytes() const;
  // Of all threads at the last look, the longest time one was ready to run but
  // had no core; 0 where the system does not tell.
  uint64_t LongestWaitNanoseconds() const;

 private:
  void AddChildrenOf(pid_t parent);
  void CountCpu(pid_t process);

  const pid_t root_;
  std::vector<pid_t> processes_;
  std::unordered_map<pid_t, uint64_t> last_cpu_nanoseconds_;
  uint64_t cpu_nanoseconds_ = 0;
  uint64_t resident_bytes_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_SANDBOX_LAUNCHER_PROCESS_SAMPLER_H_
