// Reads weights piece by piece from their mapped files.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/check.h"
#include "student/mapped_pages.h"
#include "student/weight_sources.h"

namespace limbeck {
namespace {

constexpr int64_t kDecodeGrain = 32768;  // elements

// The bytes of these elements, and those after them on their way.
absl::string_view FetchElements(const StoredTensor& tensor, int64_t first,
                                int64_t count, size_t width) {
  const absl::string_view bytes = tensor.bytes();
  const size_t begin = static_cast<size_t>(first) * width;
  const size_t length = static_cast<size_t>(count) * width;
  FetchPages(bytes.substr(begin, 2 * length));
  return bytes.substr(begin, length);
}

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
  const absl::string_view codes =
      FetchElements(*source.tensor, first, count, 1);
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
  const absl::string_view bytes = FetchElements(
      *source.tensor, first, out.numel(), c10::elementSize(source.type));
  const auto options = at::TensorOptions().dtype(source.type);
  const bool is_aligned = reinterpret_cast<uintptr_t>(bytes.data()) %
                              c10::elementSize(source.type) ==
                          0;
  if (is_aligned) {
    out.copy_(
        at::from_blob(const_cast<char*>(bytes.data()), {out.numel()}, options));
  } else {
    const at::Tensor copy = at::empty({out.numel()}, options);
    std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
    out.copy_(copy);
  }
  DropPages(bytes);
  return absl::OkStatus();
}

}  // namespace limbeck
