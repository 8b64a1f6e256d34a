#include "recipes/run/torch_boundary.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <exception>
#include <new>
#include <thread>

#include "absl/strings/str_cat.h"

namespace limbeck {

absl::Status CatchLibTorch(const std::function<absl::Status()>& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("LibTorch: ", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

int ConfigureLibTorch(int threads) {
  if (threads <= 0) {
    threads = static_cast<int>(std::thread::hardware_concurrency());
    if (threads <= 0) threads = 1;
  }
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  // That would also fill every new tensor: nothing here reads one unwritten.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  return threads;
}

LibTorchFacts DescribeLibTorch() {
  LibTorchFacts facts;
  facts.version = TORCH_VERSION;
  facts.instruction_set = at::get_cpu_capability();
  facts.threads = at::get_num_threads();
  facts.has_mkl = at::hasMKL();
  facts.has_cuda = at::hasCUDA();
  return facts;
}

}  // namespace limbeck
