// A tokenizer one can check by eye: tags are ids 0..5, every byte b is id
// 10 + b.
#ifndef LIMBECK_TESTS_DATA_STAGES_BYTE_TOKENIZER_H_
#define LIMBECK_TESTS_DATA_STAGES_BYTE_TOKENIZER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "data/text/tokenizer.h"

namespace limbeck {

class ByteTokenizer : public Tokenizer {
 public:
  static constexpr int32_t kFirstByte = 10;

  explicit ByteTokenizer(bool has_end_tag = true) : has_end_tag_(has_end_tag) {}

  absl::StatusOr<std::vector<int32_t>> Encode(
      absl::string_view text) const override;
  absl::StatusOr<std::vector<int32_t>> EncodeWithSpecial(
      absl::string_view text) const override {
    return Encode(text);
  }
  absl::StatusOr<std::string> Decode(
      absl::Span<const int32_t> ids) const override;
  int32_t vocab_size() const override { return kFirstByte + 256; }
  int32_t IdOf(absl::string_view piece) const override;
  absl::StatusOr<std::string> PieceOf(int32_t id) const override {
    return Decode({id});
  }
  const std::vector<int32_t>& end_ids() const override { return end_ids_; }
  const std::string& fingerprint() const override { return fingerprint_; }
  const std::vector<std::string>& files() const override { return files_; }

 private:
  const bool has_end_tag_;
  const std::vector<int32_t> end_ids_ = {3};
  const std::string fingerprint_ = "byte-tokenizer";
  const std::vector<std::string> files_;
};

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_STAGES_BYTE_TOKENIZER_H_
