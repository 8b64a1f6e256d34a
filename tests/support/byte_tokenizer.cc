// See byte_tokenizer.h.
#include "tests/support/byte_tokenizer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/text/reasoning_format.h"

namespace limbeck {
namespace {

constexpr int32_t kBytes = 256;

class ByteTokenizer : public Tokenizer {
 public:
  ByteTokenizer() : end_ids_({IdOf(kEndTag)}) {}

  absl::StatusOr<std::vector<int32_t>> Encode(
      absl::string_view text) const override {
    std::vector<int32_t> ids;
    while (!text.empty()) {
      int32_t id = static_cast<unsigned char>(text.front());
      size_t length = 1;
      for (size_t tag = 0; tag < tags_.size(); ++tag) {
        if (!absl::StartsWith(text, tags_[tag])) continue;
        id = kBytes + static_cast<int32_t>(tag);
        length = tags_[tag].size();
      }
      ids.push_back(id);
      text.remove_prefix(length);
    }
    return ids;
  }

  absl::StatusOr<std::vector<int32_t>> EncodeWithSpecial(
      absl::string_view text) const override {
    return Encode(text);
  }

  absl::StatusOr<std::string> Decode(
      absl::Span<const int32_t> ids) const override {
    std::string text;
    for (const int32_t id : ids) {
      const absl::StatusOr<std::string> piece = PieceOf(id);
      if (!piece.ok()) return piece.status();
      text += *piece;
    }
    return text;
  }

  int32_t vocab_size() const override {
    return kBytes + static_cast<int32_t>(tags_.size());
  }

  int32_t IdOf(absl::string_view piece) const override {
    for (size_t tag = 0; tag < tags_.size(); ++tag) {
      if (piece == tags_[tag]) return kBytes + static_cast<int32_t>(tag);
    }
    if (piece.size() != 1) return -1;
    return static_cast<unsigned char>(piece.front());
  }

  absl::StatusOr<std::string> PieceOf(int32_t id) const override {
    if (id < 0 || id >= vocab_size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("id ", id, ", the vocabulary has ", vocab_size()));
    }
    if (id >= kBytes) return tags_[static_cast<size_t>(id - kBytes)];
    return std::string(1, static_cast<char>(id));
  }

  const std::vector<int32_t>& end_ids() const override { return end_ids_; }
  const std::string& fingerprint() const override { return fingerprint_; }
  const std::vector<std::string>& files() const override { return files_; }

 private:
  const std::vector<std::string> tags_ = ReasoningFormatTags();
  const std::vector<int32_t> end_ids_;
  const std::string fingerprint_ = "byte-tokenizer";
  const std::vector<std::string> files_;
};

}  // namespace

std::shared_ptr<const Tokenizer> MakeByteTokenizer() {
  return std::make_shared<const ByteTokenizer>();
}

}  // namespace limbeck
