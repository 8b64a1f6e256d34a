#include "data/base/thread_pool.h"

#include <algorithm>
#include <utility>

#include "data/base/check.h"

namespace limbeck {

ThreadPool::ThreadPool(int num_threads) {
  LIMBECK_CHECK_GE(num_threads, 1);
  threads_.reserve(static_cast<size_t>(num_threads));
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this] { RunWorker(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Schedule(std::function<void()> work) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void ThreadPool::RunWorker() {
  while (true) {
    std::function<void()> work;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

namespace {

// What the workers of one ParallelFor share.
struct LoopState {
  std::mutex mutex;
  std::condition_variable finished;
  int64_t next = 0;
  int active_workers = 0;
  int64_t failed_index = -1;
  absl::Status failure;
};

void RunLoop(LoopState& state, int64_t count,
             const std::function<absl::Status(int64_t)>& body) {
  std::unique_lock<std::mutex> lock(state.mutex);
  // Indices are dealt in order, so all below a failed one have been started.
  while (state.next < count && state.failed_index < 0) {
    const int64_t index = state.next++;
    lock.unlock();
    absl::Status status = body(index);
    lock.lock();
    if (status.ok()) continue;
    if (state.failed_index < 0 || index < state.failed_index) {
      state.failed_index = index;
      state.failure = std::move(status);
    }
  }
  --state.active_workers;
  state.finished.notify_all();
}

}  // namespace

absl::Status ThreadPool::ParallelFor(
    int64_t count, const std::function<absl::Status(int64_t)>& body) {
  LIMBECK_CHECK_GE(count, 0);
  LoopState state;
  const int workers = static_cast<int>(std::min<int64_t>(count, num_threads()));
  state.active_workers = workers;
  for (int i = 0; i < workers; ++i) {
    Schedule([&state, count, &body] { RunLoop(state, count, body); });
  }
  std::unique_lock<std::mutex> lock(state.mutex);
  state.finished.wait(lock, [&state] { return state.active_workers == 0; });
  return state.failure;
}

absl::Status ParallelFor(ThreadPool* pool, int64_t count,
                         const std::function<absl::Status(int64_t)>& body) {
  if (pool != nullptr) return pool->ParallelFor(count, body);
  for (int64_t i = 0; i < count; ++i) {
    absl::Status status = body(i);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace limbeck
