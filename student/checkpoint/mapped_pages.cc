// Advice to the kernel; where it is not taken, all works the same but slower.
#include "student/checkpoint/mapped_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace limbeck {
namespace {

// The whole pages around [begin, end): a page shared with a neighbour would
// else stay for good.
void AdviseAround(absl::string_view mapped, int advice) {
  if (mapped.empty()) return;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin =
      reinterpret_cast<uintptr_t>(mapped.data()) / page * page;
  const uintptr_t end =
      reinterpret_cast<uintptr_t>(mapped.data()) + mapped.size();
  madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

void FetchPages(absl::string_view mapped) {
  AdviseAround(mapped, MADV_WILLNEED);
}

void DropPages(absl::string_view mapped) {
  AdviseAround(mapped, MADV_DONTNEED);
}

}  // namespace limbeck
