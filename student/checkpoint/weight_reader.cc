// Reads weights piece by piece from their mapped files.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/check.h"
#include "data/base/status_macros.h"
#include "student/checkpoint/mapped_pages.h"
#include "student/checkpoint/weight_sources.h"

namespace limbeck {
namespace {

constexpr int64_t kDecodeGrain = 32768;  // elements
// Elements: stays in the cache, and in memory that the heap has already.
constexpr int64_t kConvertedAtOnce = 16384;

absl::Status NotFinite(const WeightSource& source, int64_t element) {
  const int64_t columns = source.tensor->shape()[1];
  const int64_t row = element / columns;
  const int64_t column = element % columns;
  const absl::string_view codes = source.tensor->bytes();
  const int code =
      static_cast<unsigned char>(codes[static_cast<size_t>(element)]);
  return absl::DataLossError(absl::StrFormat(
      "%s: \"%s\" is not a finite number in row %d, column %d: float8 code "
      "0x%02X times the factor in row %d, column %d of \"%s\"",
      source.tensor->file->path(), source.tensor->name, row, column, code,
      row / source.block.rows, column / source.block.columns,
      source.factors->name));
}

absl::Status ReadFp8(const WeightSource& source, int64_t first,
                     at::Tensor& out) {
  const int64_t count = out.numel();
  const absl::string_view codes = source.tensor->bytes().substr(
      static_cast<size_t>(first), static_cast<size_t>(count));
  FetchPages(source.tensor->bytes().substr(static_cast<size_t>(first),
                                           2 * static_cast<size_t>(count)));
  const Fp8Matrix matrix{
      reinterpret_cast<const uint8_t*>(source.tensor->bytes().data()),
      source.tensor->shape()[0], source.tensor->shape()[1],
      source.factors->bytes().data(), source.block};
  const bool is_direct = out.scalar_type() == at::kFloat;
  const at::Tensor values = is_direct ? out : at::empty({count}, at::kFloat);
  float* data = values.mutable_data_ptr<float>();
  std::atomic<int64_t> worst = INT64_MAX;
  at::parallel_for(0, count, kDecodeGrain, [&](int64_t begin, int64_t end) {
    const int64_t bad =
        DecodeFp8(matrix, first + begin, end - begin, data + begin);
    int64_t seen = worst;
    while (bad >= 0 && bad < seen && !worst.compare_exchange_weak(seen, bad)) {
    }
  });
  if (worst != INT64_MAX) return NotFinite(source, worst);
  if (!is_direct) out.copy_(values);
  DropPages(codes);
  DropPages(source.factors->bytes());
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadElements(const WeightSource& source, int64_t first,
                          at::Tensor out) {
  LIMBECK_CHECK(out.is_contiguous());
  out = out.view(-1);
  if (out.numel() == 0) return absl::OkStatus();
  first += source.first;
  if (source.factors != nullptr) return ReadFp8(source, first, out);
  const size_t width = c10::elementSize(source.type);
  const uint64_t offset = static_cast<uint64_t>(first) * width;
  const uint64_t bytes = static_cast<uint64_t>(out.numel()) * width;
  FetchPages(source.tensor->bytes().substr(offset + bytes, bytes));
  // Read, not copied from the mapping: a page of the mapping that is met for
  // the first time costs as much as copying it.
  if (out.scalar_type() == source.type) {
    return source.tensor->file->Read(*source.tensor->entry, offset, bytes,
                                     out.mutable_data_ptr());
  }
  const at::Tensor stored = at::empty({std::min(kConvertedAtOnce, out.numel())},
                                      at::TensorOptions().dtype(source.type));
  for (int64_t i = 0; i < out.numel(); i += kConvertedAtOnce) {
    const int64_t count = std::min(kConvertedAtOnce, out.numel() - i);
    LIMBECK_RETURN_IF_ERROR(source.tensor->file->Read(
        *source.tensor->entry, offset + static_cast<uint64_t>(i) * width,
        static_cast<uint64_t>(count) * width, stored.mutable_data_ptr()));
    out.narrow(0, i, count).copy_(stored.narrow(0, 0, count));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
