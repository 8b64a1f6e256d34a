// The products of a linear head by cuBLAS, through LibTorch's handle and
// workspace: bfloat16 operands, sums in float32, no copy and no
// synchronisation. Row-major matrices are column-major ones transposed.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAContextLight.h>

#include <algorithm>
#include <cstdint>

#include "kernels/gemm_devices.h"

namespace limbeck::kernels::cuda {
namespace {

void Check(cublasStatus_t status) {
  TORCH_CHECK(status == CUBLAS_STATUS_SUCCESS,
              "matrix product failed: ", cublasGetStatusString(status));
}

// LibTorch's handle for a scope, with partial sums and float32 operands kept
// in full precision and alpha and beta where `mode` says.
class Handle {
 public:
  explicit Handle(cublasPointerMode_t mode)
      : handle_(at::cuda::getCurrentCUDABlasHandle()) {
    Check(cublasGetMathMode(handle_, &math_));
    Check(cublasGetPointerMode(handle_, &pointer_));
    Check(cublasSetMathMode(
        handle_, static_cast<cublasMath_t>(
                     CUBLAS_DEFAULT_MATH |
                     CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)));
    Check(cublasSetPointerMode(handle_, mode));
  }
  ~Handle() {
    cublasSetMathMode(handle_, math_);
    cublasSetPointerMode(handle_, pointer_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  cublasHandle_t get() const { return handle_; }

 private:
  cublasHandle_t handle_;
  cublasMath_t math_{};
  cublasPointerMode_t pointer_{};
};

cudaDataType_t TypeOf(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 ? CUDA_R_16BF : CUDA_R_32F;
}

// Elements from row to row; a single row may carry any stride.
int64_t Stride(const at::Tensor& matrix) {
  return std::max(matrix.stride(0), matrix.size(1));
}

// A row-major matrix as cuBLAS sees it: its transpose, column-major.
struct Operand {
  const at::Tensor& matrix;
  bool transposed;
};

// alpha and beta: on the host or the device, as the handle's pointer mode says.
struct Scales {
  const float* alpha;
  const float* beta;
};

// out [m, n] = alpha op(a) op(b) + beta out, all row-major: computed as
// out^T = op(b)^T op(a)^T.
void Multiply(const Handle& handle, const Operand& a, const Operand& b,
              const Scales& scales, const at::Tensor& out) {
  const auto operation = [](const Operand& operand) {
    return operand.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  };
  const int64_t inner = a.matrix.size(a.transposed ? 0 : 1);
  if (out.numel() == 0) return;
  Check(cublasGemmEx_64(
      handle.get(), operation(b), operation(a), out.size(1), out.size(0), inner,
      scales.alpha, b.matrix.const_data_ptr(), TypeOf(b.matrix),
      Stride(b.matrix), a.matrix.const_data_ptr(), TypeOf(a.matrix),
      Stride(a.matrix), scales.beta, out.mutable_data_ptr(), TypeOf(out),
      Stride(out), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

void MultiplyByHost(const Operand& a, const Operand& b, bool accumulate,
                    const at::Tensor& out) {
  const float alpha = 1.0f;
  const float beta = accumulate ? 1.0f : 0.0f;
  Multiply(Handle(CUBLAS_POINTER_MODE_HOST), a, b, {&alpha, &beta}, out);
}

// cuBLAS wants elements of a row side by side, and rows that do not overlap.
at::Tensor Rows(const at::Tensor& matrix) {
  const bool fits = matrix.stride(1) == 1 &&
                    (matrix.size(0) == 1 || matrix.stride(0) >= matrix.size(1));
  return fits ? matrix : matrix.contiguous();
}

}  // namespace

void LogitsGemm(const at::Tensor& hidden, const at::Tensor& weight,
                bool accumulate, at::Tensor& logits) {
  const at::Tensor hidden_rows = Rows(hidden);
  const at::Tensor weight_rows = Rows(weight);
  MultiplyByHost({hidden_rows, false}, {weight_rows, true}, accumulate, logits);
}

void HiddenGradientGemm(const at::Tensor& gradient, const at::Tensor& weight,
                        at::Tensor& out) {
  const at::Tensor weight_rows = Rows(weight);
  MultiplyByHost({gradient, false}, {weight_rows, false}, false, out);
}

void WeightGradientGemm(const at::Tensor& gradient, const at::Tensor& hidden,
                        const at::Tensor& scale, bool accumulate,
                        at::Tensor& out) {
  const at::Tensor hidden_rows = Rows(hidden);
  const Operand left = {gradient, true};
  const Operand right = {hidden_rows, false};
  if (!scale.defined()) {
    MultiplyByHost(left, right, accumulate, out);
    return;
  }
  const at::Tensor beta =
      at::full({1}, accumulate ? 1.0 : 0.0, scale.options());
  Multiply(Handle(CUBLAS_POINTER_MODE_DEVICE), left, right,
           {scale.const_data_ptr<float>(), beta.const_data_ptr<float>()}, out);
}

}  // namespace limbeck::kernels::cuda
