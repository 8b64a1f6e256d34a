// dX and dW are the second and third product of a chunk; dW goes straight into
// the caller's accumulator when there is one.
#include "kernels/gradient_writer.h"

#include <ATen/ATen.h>

#include "kernels/gemm.h"
#include "kernels/large_buffer.h"

namespace limbeck::kernels {
namespace {

const at::Tensor& InputOf(const LogitSource& source) {
  return source.hidden.defined() ? source.hidden : source.logits;
}

at::Tensor Stored(const at::Tensor& gradient, at::ScalarType type) {
  if (gradient.scalar_type() == type) return gradient;
  at::Tensor rounded = LargeBuffer(gradient.sizes(), type, gradient.device());
  return rounded.copy_(gradient);
}

}  // namespace

GradientWriter::GradientWriter(const LossJob& job,
                               const WantedGradients& wanted)
    : job_(job),
      wanted_(wanted),
      compute_type_(GemmResultType(InputOf(job.student).scalar_type())),
      on_device_(InputOf(job.student).is_cuda()),
      rows_left_(job.selection.rows.numel()) {
  const at::Tensor& input = InputOf(job.student);
  if (wanted.hidden) {
    // Skipped rows are written too where the device alone knows them.
    hidden_ = on_device_ && job.selection.covers_all
                  ? at::empty_like(input, at::MemoryFormat::Contiguous)
                  : at::zeros_like(input, at::MemoryFormat::Contiguous);
  }
  const auto options = input.options().dtype(compute_type_);
  if (wanted.bias) bias_ = at::zeros(job.student.bias.sizes(), options);
}

at::Tensor GradientWriter::Target(const at::Tensor& logits) const {
  if (!wanted_.any()) return {};
  if (!on_device_) return logits;
  if (!job_.student.hidden.defined()) return hidden_;
  const at::ScalarType type = job_.student.hidden.scalar_type();
  if (type == logits.scalar_type()) return logits;
  // bfloat16 inside the float32 rows, which then lie twice as far apart.
  return logits
      .as_strided({logits.size(0), logits.stride(0)}, {logits.stride(0), 1})
      .view(type)
      .narrow(1, 0, logits.size(1));
}

void GradientWriter::Add(const ChunkRows& rows, const LogitReader& reader,
                         const at::Tensor& gradient) {
  if (!job_.student.hidden.defined()) {
    if (on_device_) return;
    at::Tensor columns = hidden_.narrow(1, 0, job_.num_columns);
    rows.Write(gradient, columns);
    return;
  }
  rows_left_ -= rows.count();
  if (wanted_.bias) AddBias(gradient);
  if (wanted_.hidden) AddHidden(rows, reader, gradient);
  if (wanted_.weight) AddWeight(reader, gradient);
  first_ = false;
}

void GradientWriter::AddHidden(const ChunkRows& rows, const LogitReader& reader,
                               const at::Tensor& gradient) {
  const bool adjusted = static_cast<bool>(job_.adjust_hidden);
  const at::ScalarType stored = hidden_.scalar_type();
  // The GPU's products round to the stored dtype themselves.
  const at::ScalarType type = on_device_ && !adjusted ? stored : compute_type_;
  at::Tensor place = rows.Place(hidden_);
  const bool direct = place.defined() && type == stored;
  at::Tensor part;
  if (direct) {
    part = place;
  } else {
    if (!hidden_part_.defined() || hidden_part_.size(0) < gradient.size(0)) {
      hidden_part_ = at::empty({gradient.size(0), hidden_.size(1)},
                               hidden_.options().dtype(type));
    }
    part = hidden_part_.narrow(0, 0, gradient.size(0));
  }
  HiddenGradientGemm(gradient, reader.weight(), part);
  if (adjusted) job_.adjust_hidden(rows.index(), part);
  if (!direct) rows.Write(part, hidden_);
}

void GradientWriter::AddWeight(const LogitReader& reader,
                               const at::Tensor& gradient) {
  const WeightAccumulator& shared = job_.accumulator;
  if (!shared.weight.defined()) {
    AddFreshWeight(reader, gradient);
    return;
  }
  at::Tensor rows = shared.weight.narrow(0, 0, job_.num_columns);
  WeightGradientGemm(gradient, reader.hidden(), shared.scale, true, rows);
}

void GradientWriter::AddFreshWeight(const LogitReader& reader,
                                    const at::Tensor& gradient) {
  const at::Tensor& head = job_.student.weight;
  at::Tensor sums;
  if (!first_) sums = weight_.narrow(0, 0, job_.num_columns);
  if (rows_left_ == 0 && RoundsWeightGradient(reader.hidden())) {
    weight_ = LargeBuffer(head.sizes(), head.scalar_type(), head.device());
    at::Tensor rows = weight_.narrow(0, 0, job_.num_columns);
    RoundedWeightGradientGemm(gradient, reader.hidden(), sums, rows);
    return;
  }
  if (first_) {
    weight_ = LargeBuffer(head.sizes(), compute_type_, head.device());
    sums = weight_.narrow(0, 0, job_.num_columns);
  }
  WeightGradientGemm(gradient, reader.hidden(), {}, !first_, sums);
}

void GradientWriter::AddBias(const at::Tensor& gradient) {
  bias_.narrow(0, 0, job_.num_columns)
      .add_(gradient.sum(at::IntArrayRef{0}, false, compute_type_));
}

void GradientWriter::Finish(LossGradients& result) {
  result.hidden = hidden_;
  if (wanted_.weight && !job_.accumulator.weight.defined()) {
    const at::Tensor& head = job_.student.weight;
    if (first_) {
      weight_ = LargeBuffer(head.sizes(), head.scalar_type(), head.device());
    }
    // Columns that no chunk wrote: padding, or all when no row is kept.
    const int64_t written = first_ ? 0 : job_.num_columns;
    weight_.narrow(0, written, weight_.size(0) - written).zero_();
    result.weight = Stored(weight_, head.scalar_type());
  }
  if (bias_.defined()) {
    result.bias = bias_.to(job_.student.bias.scalar_type());
  }
}

}  // namespace limbeck::kernels
