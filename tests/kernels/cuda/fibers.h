// Threads of a block on one host thread: each runs until it waits, in an order
// that a seed decides. What hangs or depends on the order is a bug.
#ifndef LIMBECK_TESTS_KERNELS_CUDA_FIBERS_H_
#define LIMBECK_TESTS_KERNELS_CUDA_FIBERS_H_

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace limbeck::kernels::cuda {

class Fibers {
 public:
  // Runs function(0) .. function(count - 1) to their ends.
  Fibers(int count, uint64_t seed, std::function<void(int)> function);
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  // False: they wait for each other forever.
  bool Run();

  // By the running fiber: lets others run until *word differs from `value`.
  void WaitWhile(const uint64_t& word, uint64_t value);
  // By the running fiber: lets others run once.
  void Yield();

 private:
  static void Start(unsigned low, unsigned high);
  void Resume(int fiber);

  struct Fiber {
    ucontext_t context;
    void* stack;
    const uint64_t* watched = nullptr;  // waits while it holds `value`
    uint64_t value = 0;
    bool is_done = false;

    bool CanRun() const {
      return !is_done && (watched == nullptr || *watched != value);
    }
  };

  std::function<void(int)> function_;
  std::vector<Fiber> fibers_;
  ucontext_t scheduler_;
  int current_ = 0;
  uint64_t seed_;
};

// All of `count` fibers arrive before any leaves.
class FiberBarrier {
 public:
  explicit FiberBarrier(int count) : count_(count) {}
  void Wait(Fibers& fibers);

 private:
  int count_;
  int arrived_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_TESTS_KERNELS_CUDA_FIBERS_H_
