// Chooses the library's options and turns its refusals into clear errors.
#include "data/text/sentencepiece_trainer.h"

#include <algorithm>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "data/text/reasoning_format.h"
#include "data/text/sentencepiece_model.h"

namespace limbeck {
namespace {

constexpr size_t kMinSentenceLimit = 4192;  // the library's own default

absl::Status CheckOptions(const SentencePieceTrainerOptions& options,
                          const std::vector<std::string>& sentences) {
  if (options.vocab_size < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("vocab_size is ", options.vocab_size, ", at least 1"));
  }
  if (!(options.character_coverage > 0 && options.character_coverage <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("character_coverage is ",
                                                   options.character_coverage,
                                                   ", not in (0, 1]"));
  }
  for (const std::string& symbol : options.user_symbols) {
    if (symbol.empty() || symbol.find_first_of(",\"") != symbol.npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("user symbol '", symbol,
                       "' is empty or holds a comma or a quotation mark"));
    }
  }
  const bool any_text =
      std::any_of(sentences.begin(), sentences.end(),
                  [](const std::string& text) { return !text.empty(); });
  if (!any_text) {
    return absl::InvalidArgumentError(
        absl::StrCat("no text to train a vocabulary from: ", sentences.size(),
                     " sentences, all empty"));
  }
  return absl::OkStatus();
}

std::unordered_map<std::string, std::string> LibraryOptions(
    const SentencePieceTrainerOptions& options, size_t longest_sentence) {
  const bool bpe = options.algorithm == SentencePieceAlgorithm::kBpe;
  return {
      {"model_type", bpe ? "bpe" : "unigram"},
      {"vocab_size", absl::StrCat(options.vocab_size)},
      {"character_coverage", absl::StrCat(options.character_coverage)},
      {"split_digits", options.split_digits ? "true" : "false"},
      {"user_defined_symbols", absl::StrJoin(options.user_symbols, ",")},
      {"byte_fallback", "true"},
      {"allow_whitespace_only_pieces", "true"},
      {"normalization_rule_name", "identity"},
      {"add_dummy_prefix", "false"},
      {"remove_extra_whitespaces", "false"},
      {"unk_id", "0"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"pad_id", "-1"},
      {"num_threads", "1"},
      {"shuffle_input_sentence", "false"},
      {"input_sentence_size", "0"},
      {"max_sentence_length",
       absl::StrCat(std::max(longest_sentence + 1, kMinSentenceLimit))},
      {"model_prefix", ""},
  };
}

// The number after `words` in the library's message; -1: not there.
int64_t NumberAfter(absl::string_view message, absl::string_view words) {
  const size_t at = message.find(words);
  if (at == absl::string_view::npos) return -1;
  absl::string_view digits = message.substr(at + words.size());
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  int64_t number = -1;
  return absl::SimpleAtoi(digits, &number) ? number : -1;
}

absl::Status ExplainRefusal(const SentencePieceTrainerOptions& options,
                            const std::string& message) {
  const int64_t most = NumberAfter(message, "set it to a value <= ");
  if (most >= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("vocab_size is ", options.vocab_size,
                     ", but this text supports at most ", most,
                     " pieces: ask for fewer or give more text"));
  }
  const int64_t least =
      NumberAfter(message, absl::StrCat(options.vocab_size, " vs "));
  if (least >= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("vocab_size is ", options.vocab_size,
                     ", but symbols, bytes and the "
                     "text's characters alone need ",
                     least, " pieces"));
  }
  return absl::InternalError(absl::StrCat("SentencePiece: ", message));
}

}  // namespace

std::vector<std::string> DefaultUserSymbols() {
  std::vector<std::string> symbols = ReasoningFormatTags();
  symbols.push_back("\n");
  return symbols;
}

absl::StatusOr<std::string> TrainSentencePiece(
    const SentencePieceTrainerOptions& options,
    const std::vector<std::string>& sentences) {
  if (absl::Status status = CheckOptions(options, sentences); !status.ok()) {
    return status;
  }
  size_t longest = 0;
  for (const std::string& text : sentences) {
    longest = std::max(longest, text.size());
  }
  std::string model_bytes;
  std::string error;
  if (!TrainSentencePieceModel(LibraryOptions(options, longest), sentences,
                               &model_bytes, &error)) {
    return ExplainRefusal(options, error);
  }
  return model_bytes;
}

}  // namespace limbeck
