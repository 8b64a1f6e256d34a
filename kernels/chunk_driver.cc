// GEMMs run in float32 (float64 for float64 inputs): bfloat16 operands are
// widened, so that logits and gradients are never rounded to bfloat16 between.
#include "kernels/chunk_driver.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace limbeck::kernels {
namespace {

// Rows of a chunk when the caller does not choose: as many as fill this many
// bytes of logits. Fewer than 256 and rereading dW costs more than its GEMM;
// more than 512 gain nothing (limbeck_loss_bench, two cores).
constexpr int64_t kChunkBytes = int64_t{64} << 20;
constexpr int64_t kSmallestChunk = 256;
constexpr int64_t kLargestChunk = 512;

// Less than this is not worth waking a second thread for.
constexpr int64_t kColumnsPerTask = 32768;

at::ScalarType ComputeType(const LogitSource& source) {
  const at::Tensor& first =
      source.hidden.defined() ? source.hidden : source.logits;
  return first.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

// The rows of one chunk: a range when they are consecutive, so that no copy is
// needed, else an index.
struct ChunkRows {
  at::Tensor index;  // [rows]
  int64_t first = 0;
  int64_t count = 0;
  bool consecutive = false;

  at::Tensor Read(const at::Tensor& all) const {
    return consecutive ? all.narrow(0, first, count)
                       : all.index_select(0, index);
  }
  void Write(const at::Tensor& values, at::Tensor& all) const {
    if (consecutive) {
      all.narrow(0, first, count).copy_(values);
    } else {
      all.index_copy_(0, index, values.to(all.scalar_type()));
    }
  }
};

ChunkRows Slice(const at::Tensor& rows, int64_t begin, int64_t count) {
  ChunkRows chunk;
  chunk.index = rows.narrow(0, begin, count);
  const int64_t* data = rows.const_data_ptr<int64_t>() + begin;
  chunk.first = data[0];
  chunk.count = count;
  chunk.consecutive = data[count - 1] - data[0] + 1 == count;
  return chunk;
}

// One side's logits, chunk by chunk, in compute precision.
class LogitReader {
 public:
  LogitReader(const LogitSource& source, int64_t num_columns,
              at::ScalarType type)
      : source_(source), num_columns_(num_columns), type_(type) {
    if (!source.hidden.defined()) return;
    weight_ = source.weight.narrow(0, 0, num_columns).to(type);
    if (source.bias.defined()) {
      bias_ = source.bias.narrow(0, 0, num_columns).to(type);
    }
  }

  bool exists() const {
    return source_.hidden.defined() || source_.logits.defined();
  }
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& hidden() const { return hidden_; }

  // Fills logits [rows, columns].
  void Read(const ChunkRows& rows, at::Tensor logits) {
    if (!source_.hidden.defined()) {
      logits.copy_(rows.Read(source_.logits).narrow(1, 0, num_columns_));
      return;
    }
    hidden_ = rows.Read(source_.hidden).to(type_);
    if (bias_.defined()) {
      at::addmm_out(logits, bias_, hidden_, weight_.t());
    } else {
      at::mm_out(logits, hidden_, weight_.t());
    }
  }

 private:
  LogitSource source_;
  int64_t num_columns_;
  at::ScalarType type_;
  at::Tensor weight_;  // [columns, H]
  at::Tensor bias_;    // [columns]
  at::Tensor hidden_;  // [rows, H] of the last chunk read
};

// Takes the gradient of each chunk's logits.
class GradientWriter {
 public:
  GradientWriter(const LossJob& job, const WantedGradients& wanted,
                 at::ScalarType type)
      : job_(job), wanted_(wanted), type_(type) {
    const LogitSource& student = job.student;
    const at::Tensor& input =
        student.hidden.defined() ? student.hidden : student.logits;
    if (wanted.hidden)
      hidden_ = at::zeros_like(input, at::MemoryFormat::Contiguous);
    if (wanted.weight && !job.accumulator.weight.defined()) {
      weight_ = at::zeros(student.weight.sizes(), type);
    }
    if (wanted.bias) bias_ = at::zeros(student.bias.sizes(), type);
  }

  // gradient [rows, columns].
  void Add(const ChunkRows& rows, const LogitReader& reader,
           const at::Tensor& gradient) {
    if (!job_.student.hidden.defined()) {
      at::Tensor columns = hidden_.narrow(1, 0, job_.num_columns);
      rows.Write(gradient, columns);
      return;
    }
    if (wanted_.hidden) AddHidden(rows, reader, gradient);
    if (wanted_.weight) AddWeight(reader, gradient);
    if (wanted_.bias) {
      bias_.narrow(0, 0, job_.num_columns).add_(gradient.sum(0));
    }
  }

  void Finish(LossGradients& result) {
    result.hidden = hidden_;
    if (weight_.defined()) {
      result.weight = weight_.to(job_.student.weight.scalar_type());
    }
    if (bias_.defined()) {
      result.bias = bias_.to(job_.student.bias.scalar_type());
    }
  }

 private:
  void AddHidden(const ChunkRows& rows, const LogitReader& reader,
                 const at::Tensor& gradient) {
    if (rows.consecutive && hidden_.scalar_type() == type_) {
      at::Tensor part = hidden_.narrow(0, rows.first, rows.count);
      at::mm_out(part, gradient, reader.weight());
    } else {
      rows.Write(at::mm(gradient, reader.weight()), hidden_);
    }
  }

  void AddWeight(const LogitReader& reader, const at::Tensor& gradient) {
    const bool shared = job_.accumulator.weight.defined();
    at::Tensor rows = (shared ? job_.accumulator.weight : weight_)
                          .narrow(0, 0, job_.num_columns);
    const double scale = shared ? job_.accumulator.scale : 1.0;
    rows.addmm_(gradient.t(), reader.hidden(), 1, scale);
  }

  const LossJob& job_;
  WantedGradients wanted_;
  at::ScalarType type_;
  at::Tensor hidden_;
  at::Tensor weight_;
  at::Tensor bias_;
};

int64_t ChunkTokens(const LossJob& job, int64_t element_bytes) {
  if (job.chunk_tokens > 0) return job.chunk_tokens;
  const int64_t row_bytes = element_bytes * job.num_columns;
  return std::clamp(kChunkBytes / row_bytes, kSmallestChunk, kLargestChunk);
}

template <typename Real>
void RunRowKernel(const LossJob& job, const RowFunction<Real>& function,
                  const ChunkRows& rows, at::Tensor& student,
                  const at::Tensor& teacher, double* token_loss,
                  bool with_gradient) {
  const RowBatch<Real> batch = {
      student.mutable_data_ptr<Real>(),
      job.num_columns,
      rows.index.const_data_ptr<int64_t>(),
      job.selection.target.defined()
          ? job.selection.target.const_data_ptr<int64_t>()
          : nullptr,
      job.selection.weight.const_data_ptr<double>(),
      token_loss,
      with_gradient};
  const Real* other =
      teacher.defined() ? teacher.const_data_ptr<Real>() : nullptr;
  const int64_t rows_per_task = 1 + kColumnsPerTask / job.num_columns;
  at::parallel_for(0, rows.count, rows_per_task,
                   [&](int64_t begin, int64_t end) {
                     function(other, batch, {begin, end});
                   });
}

// Summed in row order, so that chunks and threads do not matter.
at::Tensor SumLoss(const RowSelection& selection,
                   const at::Tensor& token_loss) {
  const int64_t* rows = selection.rows.const_data_ptr<int64_t>();
  const double* weight = selection.weight.const_data_ptr<double>();
  const double* loss = token_loss.const_data_ptr<double>();
  double sum = 0.0;
  for (int64_t i = 0; i < selection.rows.numel(); ++i) {
    sum += weight[rows[i]] * loss[rows[i]];
  }
  return at::scalar_tensor(sum, at::kDouble);
}

}  // namespace

LossGradients RunChunks(const LossJob& job, const WantedGradients& wanted) {
  const at::ScalarType type = ComputeType(job.student);
  const at::Tensor& rows = job.selection.rows;
  const at::Tensor token_loss =
      at::zeros({job.selection.weight.size(0)}, at::kDouble);
  const int64_t chunk_tokens =
      std::min(rows.numel(), ChunkTokens(job, type == at::kDouble ? 8 : 4));
  const at::Tensor student_buffer =
      at::empty({chunk_tokens, job.num_columns}, type);
  LogitReader student_reader(job.student, job.num_columns, type);
  LogitReader teacher_reader(job.teacher, job.num_columns, type);
  const at::Tensor teacher_buffer =
      teacher_reader.exists() ? at::empty_like(student_buffer) : at::Tensor();
  GradientWriter writer(job, wanted, type);
  for (int64_t begin = 0; begin < rows.numel(); begin += chunk_tokens) {
    const ChunkRows chunk =
        Slice(rows, begin, std::min(chunk_tokens, rows.numel() - begin));
    at::Tensor student = student_buffer.narrow(0, 0, chunk.count);
    at::Tensor teacher;
    student_reader.Read(chunk, student);
    if (teacher_reader.exists()) {
      teacher = teacher_buffer.narrow(0, 0, chunk.count);
      teacher_reader.Read(chunk, teacher);
    }
    double* losses = token_loss.mutable_data_ptr<double>();
    if (type == at::kDouble) {
      RunRowKernel(job, job.rows.double_precision, chunk, student, teacher,
                   losses, wanted.any());
    } else {
      RunRowKernel(job, job.rows.single_precision, chunk, student, teacher,
                   losses, wanted.any());
    }
    if (wanted.any()) writer.Add(chunk, student_reader, student);
  }
  LossGradients result;
  result.loss = SumLoss(job.selection, token_loss).to(type);
  result.token_loss = token_loss.to(type);
  writer.Finish(result);
  return result;
}

}  // namespace limbeck::kernels
