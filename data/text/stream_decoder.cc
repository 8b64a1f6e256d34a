// Only the end of the text can be open: the bytes before it are passed on.
#include "data/text/stream_decoder.h"

#include <array>
#include <cstddef>
#include <utility>

#include "data/base/status_macros.h"
#include "data/base/utf8.h"

namespace limbeck {
namespace {

// Where the open character at the end of the text begins; its size: none.
size_t OpenEnd(absl::string_view text) {
  for (size_t bytes = 1; bytes <= 3 && bytes <= text.size(); ++bytes) {
    const size_t begin = text.size() - bytes;
    if (IsUtf8Prefix(text.substr(begin))) return begin;
  }
  return text.size();
}

}  // namespace

absl::StatusOr<std::string> StreamDecoder::Push(int32_t id) {
  std::string text;
  if (is_first_) {
    const std::array<int32_t, 1> ids = {id};
    LIMBECK_ASSIGN_OR_RETURN(text, tokenizer_.Decode(ids));
    // A byte of a character is told from a character only by its piece.
    LIMBECK_ASSIGN_OR_RETURN(std::string piece, tokenizer_.PieceOf(id));
    if (!IsValidUtf8(piece)) text = std::move(piece);
  } else {
    LIMBECK_ASSIGN_OR_RETURN(text, tokenizer_.PieceOf(id));
  }
  is_first_ = false;
  pending_ += text;
  const size_t open = OpenEnd(pending_);
  std::string certain = pending_.substr(0, open);
  pending_.erase(0, open);
  return certain;
}

std::string StreamDecoder::Finish() {
  is_first_ = true;
  return std::exchange(pending_, std::string());
}

}  // namespace limbeck
