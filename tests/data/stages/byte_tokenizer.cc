#include "tests/data/stages/byte_tokenizer.h"

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "data/text/reasoning_format.h"

namespace limbeck {

absl::StatusOr<std::vector<int32_t>> ByteTokenizer::Encode(
    absl::string_view text) const {
  const std::vector<std::string>& tags = ReasoningFormatTags();
  std::vector<int32_t> ids;
  while (!text.empty()) {
    bool is_tag = false;
    for (size_t i = 0; i < tags.size() && !is_tag; ++i) {
      is_tag = absl::ConsumePrefix(&text, tags[i]);
      if (is_tag) ids.push_back(static_cast<int32_t>(i));
    }
    if (is_tag) continue;
    ids.push_back(kFirstByte + static_cast<unsigned char>(text[0]));
    text.remove_prefix(1);
  }
  return ids;
}

absl::StatusOr<std::string> ByteTokenizer::Decode(
    absl::Span<const int32_t> ids) const {
  std::string text;
  for (const int32_t id : ids) {
    if (id < kFirstByte) {
      text += ReasoningFormatTags()[static_cast<size_t>(id)];
    } else {
      text.push_back(static_cast<char>(id - kFirstByte));
    }
  }
  return text;
}

int32_t ByteTokenizer::IdOf(absl::string_view piece) const {
  const std::vector<std::string>& tags = ReasoningFormatTags();
  for (size_t i = 0; i < tags.size(); ++i) {
    if (tags[i] != piece) continue;
    if (piece == kEndTag && !has_end_tag_) return -1;
    return static_cast<int32_t>(i);
  }
  return -1;
}

}  // namespace limbeck
