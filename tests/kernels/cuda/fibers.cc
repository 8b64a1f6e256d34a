#include "tests/kernels/cuda/fibers.h"

#include <sys/mman.h>

#include <utility>

#include "data/base/random.h"

namespace limbeck::kernels::cuda {
namespace {

constexpr size_t kStackBytes = size_t{256} << 10;

}  // namespace

Fibers::Fibers(int count, uint64_t seed, std::function<void(int)> function)
    : function_(std::move(function)),
      fibers_(static_cast<size_t>(count)),
      seed_(seed) {
  const uintptr_t self = reinterpret_cast<uintptr_t>(this);
  for (Fiber& fiber : fibers_) {
    fiber.stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = &scheduler_;
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&Fibers::Start), 2,
                static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
  }
}

Fibers::~Fibers() {
  for (const Fiber& fiber : fibers_) munmap(fiber.stack, kStackBytes);
}

void Fibers::Start(unsigned low, unsigned high) {
  Fibers* self =
      reinterpret_cast<Fibers*>(static_cast<uintptr_t>(high) << 32 | low);
  const int fiber = self->current_;
  self->function_(fiber);
  self->fibers_[static_cast<size_t>(fiber)].is_done = true;
}

void Fibers::Resume(int fiber) {
  current_ = fiber;
  swapcontext(&scheduler_, &fibers_[static_cast<size_t>(fiber)].context);
}

bool Fibers::Run() {
  const int count = static_cast<int>(fibers_.size());
  int num_done = 0;
  for (uint64_t round = 0; num_done < count; ++round) {
    bool some_ran = false;
    const int first = static_cast<int>(
        RandomBelow(static_cast<uint64_t>(count), seed_, round));
    const bool backwards = RandomBits(seed_, round, 1) % 2 == 1;
    for (int i = 0; i < count; ++i) {
      const int index = (first + (backwards ? count - i : i)) % count;
      const Fiber& fiber = fibers_[static_cast<size_t>(index)];
      if (!fiber.CanRun()) continue;
      Resume(index);
      some_ran = true;
      num_done += fiber.is_done ? 1 : 0;
    }
    if (!some_ran && num_done < count) return false;
  }
  return true;
}

void Fibers::WaitWhile(const uint64_t& word, uint64_t value) {
  Fiber& own = fibers_[static_cast<size_t>(current_)];
  own.watched = &word;
  own.value = value;
  swapcontext(&own.context, &scheduler_);
  own.watched = nullptr;
}

void Fibers::Yield() {
  swapcontext(&fibers_[static_cast<size_t>(current_)].context, &scheduler_);
}

void FiberBarrier::Wait(Fibers& fibers) {
  const uint64_t generation = generation_;
  if (++arrived_ == count_) {
    arrived_ = 0;
    ++generation_;
    fibers.Yield();
  } else {
    fibers.WaitWhile(generation_, generation);
  }
}

}  // namespace limbeck::kernels::cuda
