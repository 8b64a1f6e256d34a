// One loop for both devices: what differs lies behind the readers, the writer
// and gemm.h. On the GPU nothing in it waits for the device.
#include "kernels/chunk_driver.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "kernels/chunk_rows.h"
#include "kernels/device.h"
#include "kernels/gemm.h"
#include "kernels/gradient_writer.h"
#include "kernels/logit_reader.h"
#include "kernels/parallel/parallel_for.h"
#include "kernels/row_selection_launch.h"

namespace limbeck::kernels {
namespace {

// Rows of a chunk when the caller does not choose: as many as fill this many
// bytes of logits. Fewer than 256 and rereading dW costs more than its GEMM;
// more than 512 gain nothing (limbeck_loss_bench, two cores).
constexpr int64_t kChunkBytes = int64_t{64} << 20;
constexpr int64_t kSmallestChunk = 256;
constexpr int64_t kLargestChunk = 512;

// The same on the GPU, of both sides' logits together. Accumulating dW costs
// 733 / rows of its GEMM there, at most (float32, 4.3 TB/s, 788 TFLOP/s): 2048
// rows with a dense teacher of 151,936 columns, 4096 without.
constexpr int64_t kDeviceBytes = 2'500'000'000;
constexpr int64_t kDeviceUnit = 128;  // rows of a GEMM tile
constexpr int64_t kDeviceLargest = 4096;
constexpr int64_t kDeviceLargestFrozen = 1024;  // no dW to accumulate

// Less than this is not worth waking a second thread for.
constexpr int64_t kColumnsPerTask = 32768;

const at::Tensor& InputOf(const LogitSource& source) {
  return source.hidden.defined() ? source.hidden : source.logits;
}

int64_t RoundUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

int64_t HostChunk(const LossJob& job, int64_t element_bytes) {
  const int64_t row_bytes = element_bytes * job.num_columns;
  return std::clamp(kChunkBytes / row_bytes, kSmallestChunk, kLargestChunk);
}

// Chunks of equal size, so that the last one is no remainder.
int64_t DeviceChunk(const LossJob& job, bool with_weight_gradient,
                    int64_t element_bytes) {
  const int64_t sides = job.teacher.hidden.defined() ? 2 : 1;
  const int64_t row_bytes = sides * element_bytes * job.num_columns;
  const int64_t largest =
      with_weight_gradient ? kDeviceLargest : kDeviceLargestFrozen;
  const int64_t limit =
      std::clamp(kDeviceBytes / row_bytes / kDeviceUnit * kDeviceUnit,
                 kDeviceUnit, largest);
  const int64_t rows = job.selection.rows.numel();
  const int64_t chunks = std::max<int64_t>(1, (rows + limit - 1) / limit);
  return RoundUp((rows + chunks - 1) / chunks, kDeviceUnit);
}

LogitFormat FormatOf(const LossJob& job, const WantedGradients& wanted) {
  const at::Tensor& input = InputOf(job.student);
  LogitFormat format;
  format.num_columns = job.num_columns;
  format.rounded = job.bf16_logits;
  format.exact = job.exact_logits;
  format.products = job.bfloat16_products;
  format.type = job.bf16_logits && input.is_cuda()
                    ? at::kBFloat16
                    : GemmResultType(input.scalar_type());
  const int64_t rows = job.selection.rows.numel();
  const auto bytes = static_cast<int64_t>(c10::elementSize(format.type));
  if (input.is_cuda() && !job.student.hidden.defined()) {
    format.chunk_tokens = rows;  // nothing is copied
  } else if (job.chunk_tokens > 0) {
    format.chunk_tokens = job.chunk_tokens;
  } else {
    format.chunk_tokens = input.is_cuda()
                              ? DeviceChunk(job, wanted.weight, bytes)
                              : HostChunk(job, bytes);
  }
  format.chunk_tokens = std::min(rows, format.chunk_tokens);
  return format;
}

// Logits of a chunk, and where their gradient goes (undefined: unwanted).
struct ChunkLogits {
  at::Tensor student;
  at::Tensor teacher;
  at::Tensor gradient;
};

template <typename Real>
void RunOnHost(const LossJob& job, const RowFunction<Real>& function,
               const ChunkRows& rows, const ChunkLogits& logits,
               const at::Tensor& token_loss) {
  const at::Tensor& target = job.selection.target;
  const RowBatch<Real> batch = {
      logits.student.mutable_data_ptr<Real>(),
      job.num_columns,
      rows.index().const_data_ptr<int64_t>(),
      target.defined() ? target.const_data_ptr<int64_t>() : nullptr,
      job.selection.weight.const_data_ptr<double>(),
      token_loss.mutable_data_ptr<double>(),
      logits.gradient.defined()};
  const Real* teacher = logits.teacher.defined()
                            ? logits.teacher.const_data_ptr<Real>()
                            : nullptr;
  const int64_t rows_per_task = 1 + kColumnsPerTask / job.num_columns;
  ParallelFor(0, rows.count(), rows_per_task, [&](int64_t begin, int64_t end) {
    function(teacher, batch, {begin, end});
  });
}

LogitType TypeOf(const at::Tensor& logits) {
  return logits.scalar_type() == at::kBFloat16 ? LogitType::kBfloat16
                                               : LogitType::kFloat32;
}

LogitRows RowsOf(const at::Tensor& logits) {
  if (!logits.defined()) return {};
  return {logits.const_data_ptr(), TypeOf(logits), logits.stride(0)};
}

void RunOnDevice(const LossJob& job, const ChunkRows& rows,
                 const ChunkLogits& logits, const at::Tensor& token_loss) {
  TORCH_CHECK_NOT_IMPLEMENTED(job.device_rows,
                              "this loss has no device code, move its tensors "
                              "to the cpu");
  const RowSelection& selection = job.selection;
  RowLaunch launch;
  launch.logits = RowsOf(logits.student);
  launch.teacher = RowsOf(logits.teacher);
  launch.num_columns = job.num_columns;
  launch.given = !job.student.hidden.defined();
  if (logits.gradient.defined()) {
    launch.gradient = {logits.gradient.mutable_data_ptr(),
                       TypeOf(logits.gradient), logits.gradient.stride(0)};
    launch.gradient_columns = logits.gradient.size(1);
  }
  launch.num_rows = rows.count();
  launch.first_entry = rows.first();
  launch.row_index = selection.rows.const_data_ptr<int64_t>();
  launch.kept_count = KeptCount(selection);
  if (selection.target.defined()) {
    launch.target = selection.target.const_data_ptr();
    launch.target_is_int32 = selection.target.scalar_type() == at::kInt;
  }
  launch.weight = selection.weight.const_data_ptr<float>();
  launch.token_loss = token_loss.mutable_data_ptr<double>();
  launch.stream = CurrentStream();
  CheckLaunch("row kernel", job.device_rows(launch));
}

void RunRows(const LossJob& job, const ChunkRows& rows,
             const ChunkLogits& logits, const at::Tensor& token_loss) {
  if (token_loss.is_cuda()) {
    RunOnDevice(job, rows, logits, token_loss);
  } else if (logits.student.scalar_type() == at::kDouble) {
    RunOnHost(job, job.rows.double_precision, rows, logits, token_loss);
  } else {
    RunOnHost(job, job.rows.single_precision, rows, logits, token_loss);
  }
}

// Summed in row order, so that chunks and threads do not matter.
at::Tensor SumOnHost(const RowSelection& selection,
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

void SumOnDevice(const RowSelection& selection, const at::Tensor& token_loss,
                 LossGradients& result) {
  const auto options = token_loss.options().dtype(at::kFloat);
  result.loss = at::empty({}, options);
  result.token_loss = at::empty(token_loss.sizes(), options);
  SumLossLaunch launch;
  launch.num_rows = token_loss.numel();
  launch.token_loss = token_loss.const_data_ptr<double>();
  launch.weight = selection.weight.const_data_ptr<float>();
  launch.kept_count = KeptCount(selection);
  launch.loss = result.loss.mutable_data_ptr<float>();
  launch.rounded_token_loss = result.token_loss.mutable_data_ptr<float>();
  launch.stream = CurrentStream();
  CheckLaunch("sum of losses", LaunchSumLoss(launch));
}

LossGradients SumLoss(const LossJob& job, const at::Tensor& token_loss) {
  LossGradients result;
  if (token_loss.is_cuda()) {
    SumOnDevice(job.selection, token_loss, result);
    return result;
  }
  const at::ScalarType type =
      GemmResultType(InputOf(job.student).scalar_type());
  result.loss = SumOnHost(job.selection, token_loss).to(type);
  result.token_loss = token_loss.to(type);
  return result;
}

// One call's walk, chunk by chunk.
class ChunkWalk {
 public:
  ChunkWalk(const LossJob& job, const WantedGradients& wanted)
      : job_(job),
        wanted_(wanted),
        format_(FormatOf(job, wanted)),
        token_loss_(
            at::zeros(job.selection.weight.sizes(),
                      job.selection.weight.options().dtype(at::kDouble))),
        student_(job.student, format_),
        teacher_(job.teacher, format_),
        writer_(job, wanted) {}

  void Run() {
    const int64_t known = KnownEntries();
    const int64_t unknown = job_.selection.rows.numel() - known;
    if (known > 0) RunKnown(unknown, known);
    // A chunk to keep is the last, so the remainder comes first.
    int64_t count = format_.chunk_tokens;
    if (job_.keep != nullptr && unknown > 0) count = 1 + (unknown - 1) % count;
    for (int64_t begin = 0; begin < unknown;) {
      count = std::min(count, unknown - begin);
      const ChunkRows rows(job_.selection, begin, count);
      RunChunk(rows, student_.Read(rows));
      begin += count;
      count = format_.chunk_tokens;
    }
  }

  LossGradients Finish() {
    LossGradients result = SumLoss(job_, token_loss_);
    writer_.Finish(result);
    return result;
  }

 private:
  // How many of the last rows are among those of the known chunk.
  int64_t KnownEntries() const {
    if (!job_.known.rows.defined()) return 0;
    const at::Tensor& rows = job_.selection.rows;
    const int64_t* end = rows.const_data_ptr<int64_t>() + rows.numel();
    const int64_t* known = job_.known.rows.const_data_ptr<int64_t>();
    const int64_t* tail = std::lower_bound(end - rows.numel(), end, *known);
    // The caller may have changed kept_rows since.
    const bool has_all =
        std::includes(known, known + job_.known.rows.numel(), tail, end);
    return has_all ? end - tail : 0;
  }

  void RunKnown(int64_t first, int64_t count) {
    const ChunkRows rows(job_.selection, first, count);
    RunChunk(rows, student_.Reuse(rows, job_.known));
  }

  void RunChunk(const ChunkRows& rows, const at::Tensor& student) {
    ChunkLogits logits;
    logits.student = student;
    if (teacher_.exists()) logits.teacher = teacher_.Read(rows);
    logits.gradient = writer_.Target(student);
    RunRows(job_, rows, logits, token_loss_);
    if (wanted_.any()) writer_.Add(rows, student_, logits.gradient);
    if (job_.keep != nullptr) *job_.keep = {rows.index().clone(), student};
  }

  const LossJob& job_;
  const WantedGradients wanted_;
  const LogitFormat format_;
  const at::Tensor token_loss_;
  LogitReader student_;
  LogitReader teacher_;
  GradientWriter writer_;
};

}  // namespace

LossGradients RunChunks(const LossJob& job, const WantedGradients& wanted) {
  const DeviceScope scope(job.selection.rows);
  ChunkWalk walk(job, wanted);
  walk.Run();
  return walk.Finish();
}

}  // namespace limbeck::kernels
