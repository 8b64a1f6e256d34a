// The buffer's rows start at multiples of 32 bytes on the GPU, whatever the
// number of columns: bulk copies and vector loads need that.
#include "kernels/logit_reader.h"

#include <ATen/ATen.h>

#include <cstring>

#include "kernels/gemm.h"
#include "kernels/large_buffer.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kDeviceAlignment = 32;  // bytes

at::Tensor MakeBuffer(const LogitFormat& format, const at::Tensor& like) {
  const auto options = like.options().dtype(format.type);
  if (!like.is_cuda()) {
    return LargeBuffer({format.chunk_tokens, format.num_columns}, format.type,
                       like.device());
  }
  const int64_t unit =
      kDeviceAlignment / static_cast<int64_t>(c10::elementSize(format.type));
  const int64_t stride = (format.num_columns + unit - 1) / unit * unit;
  return at::empty({format.chunk_tokens, stride}, options)
      .narrow(1, 0, format.num_columns);
}

}  // namespace

LogitReader::LogitReader(const LogitSource& source, const LogitFormat& format)
    : source_(source), format_(format) {
  if (source.hidden.defined()) {
    weight_ = Operand(source.weight.narrow(0, 0, format.num_columns));
    if (source.bias.defined()) {
      bias_ = source.bias.narrow(0, 0, format.num_columns).to(format.type);
    }
  }
}

at::Tensor LogitReader::Read(const ChunkRows& rows) {
  if (!source_.hidden.defined() && source_.logits.is_cuda()) {
    return source_.logits.stride(1) == 1 ? source_.logits
                                         : source_.logits.contiguous();
  }
  if (!buffer_.defined()) {
    buffer_ = MakeBuffer(
        format_, source_.hidden.defined() ? source_.hidden : source_.logits);
  }
  at::Tensor logits = buffer_.narrow(0, 0, rows.count());
  if (source_.hidden.defined()) {
    hidden_ = Operand(rows.Read(source_.hidden));
    Multiply(logits);
  } else {
    logits.copy_(rows.Read(source_.logits).narrow(1, 0, format_.num_columns));
  }
  return logits;
}

at::Tensor LogitReader::Reuse(const ChunkRows& rows, const KeptChunk& kept) {
  hidden_ = Operand(rows.Read(source_.hidden));
  buffer_ = kept.logits;
  const int64_t row_bytes = kept.logits.stride(0) * kept.logits.element_size();
  auto* const logits = static_cast<char*>(kept.logits.mutable_data_ptr());
  const int64_t* wanted = rows.index().const_data_ptr<int64_t>();
  const int64_t* next = kept.rows.const_data_ptr<int64_t>();
  int64_t from = 0;
  for (int64_t i = 0; i < rows.count(); ++i, ++from) {
    while (next[from] != wanted[i]) ++from;
    if (from == i) continue;
    std::memcpy(logits + i * row_bytes, logits + from * row_bytes,
                static_cast<size_t>(row_bytes));
  }
  return kept.logits.narrow(0, 0, rows.count());
}

// A teacher's dtype may be wider or narrower than the student's.
at::Tensor LogitReader::Operand(const at::Tensor& stored) const {
  const at::ScalarType type = GemmResultType(format_.type);
  const bool fits = GemmResultType(stored.scalar_type()) == type;
  return GemmOperand(fits ? stored : stored.to(type), format_.products);
}

void LogitReader::Multiply(at::Tensor& logits) {
  if (bias_.defined()) logits.copy_(bias_.expand_as(logits));
  if (format_.exact && source_.hidden.scalar_type() == at::kFloat) {
    ExactLogitsGemm(hidden_, weight_, bias_.defined(), logits);
  } else {
    LogitsGemm(hidden_, weight_, bias_.defined(), logits);
  }
  if (format_.rounded && logits.scalar_type() != at::kBFloat16) {
    logits.copy_(logits.to(at::kBFloat16));
  }
}

}  // namespace limbeck::kernels
