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
#include "data/text/chat_format.h"
#include "data/text/reasoning_format.h"
#include "data/text/tokenizer.h"

namespace limbeck {

struct TokenizedTrace {
  TokenizedSample sample;              // meaningful without rejection
  std::optional<Rejection> rejection;  // stage and record left to the caller
  // The captured prompt is not the one that the format writes.
  bool other_prompt = false;
};

// Thread-safe.
class TraceTokenizer {
 public:
  // Refuses a tokenizer without the token that ends a turn.
  static absl::StatusOr<TraceTokenizer> Create(
      std::shared_ptr<const Tokenizer> tokenizer, TokenizeOptions resolved,
      ChatFormat format = ChatFormat::BuiltIn());

  // Prompt, output and end token; loss on the output, its end token included.
  // A trace that was cut off gets no end token. Plain text carries loss from
  // its second token on, since nothing predicts the first. Errors are for what
  // makes the whole run wrong: captured ids of another tokenizer, thoughts for
  // a prompt that leaves them out.
  absl::StatusOr<TokenizedTrace> Tokenize(const Trace& trace) const;

 private:
  using Ids = std::vector<uint32_t>;

  TraceTokenizer(std::shared_ptr<const Tokenizer> tokenizer,
                 TokenizeOptions options, ChatFormat format, uint32_t end_id)
      : tokenizer_(std::move(tokenizer)),
        options_(std::move(options)),
        format_(std::move(format)),
        end_id_(end_id) {}

  // Text of this trace; the error names it.
  absl::StatusOr<Ids> Encode(absl::string_view text, const Trace& trace) const;
  bool HasCapturedIds(const Trace& trace) const;
  absl::Status CheckCapturedIds(const Trace& trace) const;
  absl::StatusOr<TokenizedTrace> TokenizePlainText(const Trace& trace) const;
  absl::StatusOr<TokenizedTrace> TakeCapturedIds(const Trace& trace) const;
  absl::StatusOr<ChatPrompt> PromptOf(const Trace& trace) const;
  // What follows a prompt that left its thought so.
  absl::StatusOr<std::string> OutputText(const Trace& trace,
                                         ThoughtState state) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  TokenizeOptions options_;
  ChatFormat format_;
  uint32_t end_id_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_TOKENIZE_TRACE_H_
