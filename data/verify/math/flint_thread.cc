#include "data/verify/math/flint_thread.h"

#include <flint/flint.h>

namespace limbeck {
namespace {

struct CleanUp {
  ~CleanUp() { flint_cleanup(); }
};

}  // namespace

FlintThread::FlintThread() {
  // Thread-local because FLINT's caches are; it holds no state of ours.
  static thread_local CleanUp at_thread_end;
  (void)at_thread_end;
}

}  // namespace limbeck
