// LibTorch's errors carry a backtrace, which no test wants.
#include "tests/kernels/error_of.h"

#include <c10/util/Exception.h>

namespace limbeck::kernels {

std::string ErrorOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

}  // namespace limbeck::kernels
