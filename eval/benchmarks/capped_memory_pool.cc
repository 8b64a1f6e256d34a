// See capped_memory_pool.h.
#include "eval/benchmarks/capped_memory_pool.h"

#include <arrow/status.h>

namespace limbeck {

arrow::Status CappedMemoryPool::CheckRoom(int64_t more) const {
  if (more <= max_bytes_ - bytes_allocated()) return arrow::Status::OK();
  return arrow::Status::OutOfMemory("reading it takes more than ", max_bytes_,
                                    " bytes");
}

arrow::Status CappedMemoryPool::Allocate(int64_t size, int64_t alignment,
                                         uint8_t** out) {
  ARROW_RETURN_NOT_OK(CheckRoom(size));
  return pool_.Allocate(size, alignment, out);
}

arrow::Status CappedMemoryPool::Reallocate(int64_t old_size, int64_t new_size,
                                           int64_t alignment,
                                           uint8_t** pointer) {
  ARROW_RETURN_NOT_OK(CheckRoom(new_size - old_size));
  return pool_.Reallocate(old_size, new_size, alignment, pointer);
}

void CappedMemoryPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  pool_.Free(buffer, size, alignment);
}

}  // namespace limbeck
