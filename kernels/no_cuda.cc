// Stands for all device code in a build without CUDA. Tensors on a GPU are
// refused before any of this is reached.
#include <ATen/ATen.h>

#include "kernels/cross_entropy_launch.h"
#include "kernels/device.h"
#include "kernels/distillation_launch.h"
#include "kernels/gemm_devices.h"
#include "kernels/policy_rows_launch.h"
#include "kernels/row_selection_launch.h"
#include "kernels/sequence_terms_launch.h"
#include "kernels/topk_distillation_launch.h"

namespace limbeck::kernels {
namespace {

// cudaErrorNotSupported
constexpr LaunchError kNotSupported = 801;

[[noreturn]] void Refuse() {
  TORCH_CHECK_NOT_IMPLEMENTED(false, "this build has no device code");
}

}  // namespace

bool CudaBuilt() { return false; }

DeviceScope::DeviceScope(const at::Tensor& tensor) {
  if (tensor.is_cuda()) Refuse();
}
DeviceScope::~DeviceScope() = default;

void* CurrentStream() { Refuse(); }

void CheckLaunch(std::string_view what, LaunchError error) {
  TORCH_CHECK(error == 0, what, " failed: this build has no device code");
}

LaunchError LaunchSelectRows(const SelectRowsLaunch&) { return kNotSupported; }
LaunchError LaunchGatherRows(const CopyRowsLaunch&) { return kNotSupported; }
LaunchError LaunchScatterRows(const CopyRowsLaunch&) { return kNotSupported; }
LaunchError LaunchSumLoss(const SumLossLaunch&) { return kNotSupported; }

LaunchError LaunchCrossEntropy(const CrossEntropyLaunch&) {
  return kNotSupported;
}
LaunchError LaunchDistillation(const DistillationLaunch&) {
  return kNotSupported;
}
LaunchError LaunchTopKDistillation(const TopKDistillationLaunch&) {
  return kNotSupported;
}
LaunchError LaunchLogprob(const LogprobLaunch&) { return kNotSupported; }
LaunchError LaunchPolicy(const PolicyLaunch&) { return kNotSupported; }
LaunchError LaunchCachedDistillation(const CachedDistillationLaunch&) {
  return kNotSupported;
}
LaunchError LaunchSequenceTerms(const SequenceTermsLaunch&) {
  return kNotSupported;
}

namespace cuda {

void LogitsGemm(const at::Tensor&, const at::Tensor&, bool, at::Tensor&) {
  Refuse();
}
void HiddenGradientGemm(const at::Tensor&, const at::Tensor&, at::Tensor&) {
  Refuse();
}
void WeightGradientGemm(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                        bool, at::Tensor&) {
  Refuse();
}

}  // namespace cuda
}  // namespace limbeck::kernels
