// Text to ids and loss mask: what one trace becomes for training.
#ifndef LIMBECK_DATA_STAGES_TOKENIZE_TRACE_H_
#define LIMBECK_DATA_STAGES_TOKENIZE_TRACE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/records.pb.h"
#include "data/stages/options.pb.h"
#include "data/text/tokenizer.h"

namespace limbeck {

struct TokenizedTrace {
  TokenizedSample sample;              // meaningful without rejection
  std::optional<Rejection> rejection;  // stage and record left to the caller
};

// Thread-safe.
class TraceTokenizer {
 public:
  // Refuses a tokenizer without the format's end tag.
  static absl::StatusOr<TraceTokenizer> Create(
      std::shared_ptr<const Tokenizer> tokenizer, TokenizeOptions resolved);

  // Prompt, output and end token; loss on the output, its end token included.
  // A trace that was cut off gets no end token. Plain text carries loss from
  // its second token on, since nothing predicts the first. Errors are for what
  // makes the whole run wrong: captured ids of another tokenizer.
  absl::StatusOr<TokenizedTrace> Tokenize(const Trace& trace) const;

 private:
  using Ids = std::vector<uint32_t>;

  TraceTokenizer(std::shared_ptr<const Tokenizer> tokenizer,
                 TokenizeOptions options, uint32_t end_id)
      : tokenizer_(std::move(tokenizer)),
        options_(std::move(options)),
        end_id_(end_id) {}

  // Text of this trace; the error names it.
  absl::StatusOr<Ids> Encode(absl::string_view text, const Trace& trace) const;
  bool HasCapturedIds(const Trace& trace) const;
  absl::Status CheckCapturedIds(const Trace& trace) const;
  absl::StatusOr<TokenizedTrace> TokenizePlainText(const Trace& trace) const;
  absl::StatusOr<Ids> EncodeOutput(const Trace& trace) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  TokenizeOptions options_;
  uint32_t end_id_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_TOKENIZE_TRACE_H_
