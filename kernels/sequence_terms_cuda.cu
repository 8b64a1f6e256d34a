// One thread per token; a few thousand tokens are no load for a GPU.
#include "kernels/sequence_terms_launch.h"

namespace limbeck::kernels {
namespace {

constexpr int kThreads = 128;

__global__ void FillSequenceTerms(int64_t num_rows, PolicyRule rule,
                                  SequenceTerms terms) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (row < num_rows) FillSequenceTerm(rule, terms, row);
}

}  // namespace

LaunchError LaunchSequenceTerms(const SequenceTermsLaunch& launch) {
  if (launch.num_rows == 0) return 0;
  const int64_t blocks = (launch.num_rows + kThreads - 1) / kThreads;
  FillSequenceTerms<<<static_cast<unsigned>(blocks), kThreads, 0,
                      static_cast<cudaStream_t>(launch.stream)>>>(
      launch.num_rows, launch.rule, launch.terms);
  return static_cast<LaunchError>(cudaGetLastError());
}

}  // namespace limbeck::kernels
