// Ids to text as they come, for a display that must not show half characters.
#ifndef LIMBECK_DATA_TEXT_STREAM_DECODER_H_
#define LIMBECK_DATA_TEXT_STREAM_DECODER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/text/tokenizer.h"

namespace limbeck {

// Not thread-safe. The texts of all calls together are Decode of all ids.
class StreamDecoder {
 public:
  // The tokenizer must outlive the decoder.
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // The text that is certain with one id more: it never ends inside a character
  // that further ids may complete. Errors: an id outside the vocabulary; the
  // stream is as before then.
  absl::StatusOr<std::string> Push(int32_t id);

  // What is left at the end: up to three bytes of a character that was cut.
  std::string Finish();

 private:
  const Tokenizer& tokenizer_;
  std::string pending_;
  bool is_first_ = true;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_STREAM_DECODER_H_
