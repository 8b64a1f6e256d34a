// Memory for Arrow up to a cap: a small file can inflate to any size.
#ifndef LIMBECK_EVAL_BENCHMARKS_CAPPED_MEMORY_POOL_H_
#define LIMBECK_EVAL_BENCHMARKS_CAPPED_MEMORY_POOL_H_

#include <arrow/memory_pool.h>

#include <cstdint>
#include <string>

namespace limbeck {

// Arrow's own pool; asking for more than max_bytes in all is out of memory.
class CappedMemoryPool : public arrow::MemoryPool {
 public:
  explicit CappedMemoryPool(int64_t max_bytes)
      : pool_(arrow::default_memory_pool()), max_bytes_(max_bytes) {}

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  arrow::Status Allocate(int64_t size, int64_t alignment,
                         uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size,
                           int64_t alignment, uint8_t** pointer) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;

  int64_t bytes_allocated() const override { return pool_.bytes_allocated(); }
  int64_t max_memory() const override { return pool_.max_memory(); }
  int64_t total_bytes_allocated() const override {
    return pool_.total_bytes_allocated();
  }
  int64_t num_allocations() const override { return pool_.num_allocations(); }
  std::string backend_name() const override { return pool_.backend_name(); }

 private:
  arrow::Status CheckRoom(int64_t more) const;

  arrow::ProxyMemoryPool pool_;  // counts what this one gave out
  const int64_t max_bytes_;
};

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_CAPPED_MEMORY_POOL_H_
