// A fixed set of worker threads for independent pieces of work.
#ifndef LIMBECK_DATA_BASE_THREAD_POOL_H_
#define LIMBECK_DATA_BASE_THREAD_POOL_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace limbeck {

class ThreadPool {
 public:
  // num_threads >= 1; 1 still runs work on one worker.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();  // finishes queued work
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return static_cast<int>(threads_.size()); }
  void Schedule(std::function<void()> work);

  // Calls body(i) for i in [0, count), any order, and waits. Returns the error
  // of the smallest i that failed, so the outcome does not depend on timing.
  // Not from inside a body of the same pool: it would wait for itself.
  absl::Status ParallelFor(int64_t count,
                           const std::function<absl::Status(int64_t)>& body);

 private:
  void RunWorker();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// As ThreadPool::ParallelFor; runs in place when pool is null.
absl::Status ParallelFor(ThreadPool* pool, int64_t count,
                         const std::function<absl::Status(int64_t)>& body);

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_THREAD_POOL_H_
