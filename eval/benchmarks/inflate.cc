// zlib, a block at a time.
#include "eval/benchmarks/inflate.h"

#include <zlib.h>

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

constexpr size_t kBlockBytes = 256 << 10;
// zlib counts its input in 32 bits.
constexpr uint64_t kMaxStreamBytes = uint64_t{1} << 31;

absl::Status Damaged(const z_stream& stream) {
  return absl::InvalidArgumentError(absl::StrCat(
      "zlib stream: ", stream.msg == nullptr ? "damaged" : stream.msg,
      " at byte ", stream.total_in));
}

}  // namespace

absl::StatusOr<std::string> InflateZlib(absl::string_view stream,
                                        uint64_t max_bytes) {
  if (stream.size() > kMaxStreamBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("zlib stream of ", stream.size(), " bytes, at most ",
                     kMaxStreamBytes, " are read"));
  }
  z_stream state = {};
  if (inflateInit(&state) != Z_OK) {
    return absl::ResourceExhaustedError("zlib could not start");
  }
  const absl::Cleanup end = [&state] { inflateEnd(&state); };
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stream.data()));
  state.avail_in = static_cast<uInt>(stream.size());
  std::string out, block(kBlockBytes, '\0');
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    state.next_out = reinterpret_cast<Bytef*>(block.data());
    state.avail_out = static_cast<uInt>(block.size());
    result = inflate(&state, Z_NO_FLUSH);
    if (result == Z_BUF_ERROR && state.avail_in == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "zlib stream ends too early, after ", stream.size(), " bytes"));
    }
    if (result != Z_OK && result != Z_STREAM_END) return Damaged(state);
    const size_t made = block.size() - state.avail_out;
    if (made > max_bytes - out.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "zlib stream inflates to more than ", max_bytes, " bytes"));
    }
    out.append(block, 0, made);
  }
  if (state.avail_in != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        state.avail_in, " bytes follow the end of the zlib stream"));
  }
  return out;
}

}  // namespace limbeck
