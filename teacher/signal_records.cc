// See signal_records.h. Numbers are little-endian whatever the machine.
#include "teacher/signal_records.h"

#include <c10/util/Half.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the codecs below copy little-endian numbers");

template <typename Number>
std::string PackNumbers(absl::Span<const float> values) {
  std::string bytes(values.size() * sizeof(Number), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const Number value = static_cast<Number>(values[i]);
    std::memcpy(bytes.data() + i * sizeof(Number), &value, sizeof(Number));
  }
  return bytes;
}

template <typename Number>
std::vector<float> UnpackNumbers(const std::string& bytes) {
  std::vector<float> values(bytes.size() / sizeof(Number));
  for (size_t i = 0; i < values.size(); ++i) {
    Number value;
    std::memcpy(&value, bytes.data() + i * sizeof(Number), sizeof(Number));
    values[i] = static_cast<float>(value);
  }
  return values;
}

absl::Status Contradiction(const TeacherSignal& signal, absl::string_view first,
                           uint64_t first_value, absl::string_view second,
                           uint64_t second_value) {
  return absl::DataLossError(absl::StrCat(
      "teacher signal at output token ", signal.first_token(), " has ",
      first_value, " ", first, ", ", second_value, " ", second));
}

// Bytes of one log-probability; 0 for an unknown codec.
size_t CodecBytes(LogprobCodec codec) {
  if (codec == LOGPROB_CODEC_FLOAT32) return sizeof(float);
  if (codec == LOGPROB_CODEC_FLOAT16) return sizeof(c10::Half);
  return 0;
}

absl::Status CheckSizes(const TeacherSignal& signal) {
  const TopKSignal& top_k = signal.top_k();
  const uint64_t tokens = signal.num_tokens();
  const uint64_t entries = static_cast<uint64_t>(top_k.ids_size());
  const size_t width = CodecBytes(top_k.codec());
  if (width == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("teacher signal has codec ", top_k.codec(),
                     ", known are 1 (float32) and 2 (float16)"));
  }
  if (static_cast<uint64_t>(top_k.counts_size()) != tokens) {
    return Contradiction(signal, "tokens", tokens, "counts",
                         static_cast<uint64_t>(top_k.counts_size()));
  }
  const uint64_t counted = std::accumulate(top_k.counts().begin(),
                                           top_k.counts().end(), uint64_t{0});
  if (counted != entries) {
    return Contradiction(signal, "counted entries", counted, "ids", entries);
  }
  if (top_k.logprobs().size() != entries * width) {
    return Contradiction(signal, "ids", entries, "bytes of log-probabilities",
                         top_k.logprobs().size());
  }
  if (top_k.tail_logprobs().size() != tokens * sizeof(float)) {
    return Contradiction(signal, "tokens", tokens, "bytes of tails",
                         top_k.tail_logprobs().size());
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const TeacherSignal& signal,
                         const TopKColumns& columns) {
  for (const uint32_t id : columns.ids) {
    if (id >= signal.vocab_size()) {
      return absl::DataLossError(absl::StrCat("teacher signal names token ", id,
                                              ", its vocabulary has ",
                                              signal.vocab_size()));
    }
  }
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::any_of(columns.logprobs.begin(), columns.logprobs.end(), is_nan) ||
      std::any_of(columns.tail_logprobs.begin(), columns.tail_logprobs.end(),
                  is_nan)) {
    return absl::DataLossError(
        absl::StrCat("teacher signal at output token ", signal.first_token(),
                     " holds a log-probability that is not a number"));
  }
  return absl::OkStatus();
}

}  // namespace

void TopKColumns::Append(absl::Span<const uint32_t> token_ids,
                         absl::Span<const float> token_logprobs,
                         float tail_logprob) {
  counts.push_back(static_cast<uint32_t>(token_ids.size()));
  ids.insert(ids.end(), token_ids.begin(), token_ids.end());
  logprobs.insert(logprobs.end(), token_logprobs.begin(), token_logprobs.end());
  tail_logprobs.push_back(tail_logprob);
}

std::vector<TeacherSignal> MakeTopKSignals(const TopKColumns& columns,
                                           const TeacherSignal& identity,
                                           LogprobCodec codec) {
  std::vector<TeacherSignal> signals;
  size_t entry = 0;
  for (size_t first = 0; first < columns.counts.size();
       first += kMaxSignalTokens) {
    const size_t tokens =
        std::min<size_t>(kMaxSignalTokens, columns.counts.size() - first);
    TeacherSignal& signal = signals.emplace_back(identity);
    signal.set_first_token(identity.first_token() +
                           static_cast<uint32_t>(first));
    signal.set_num_tokens(static_cast<uint32_t>(tokens));
    TopKSignal& top_k = *signal.mutable_top_k();
    top_k.set_codec(codec);
    const auto counts =
        absl::MakeConstSpan(columns.counts).subspan(first, tokens);
    top_k.mutable_counts()->Add(counts.begin(), counts.end());
    const size_t entries =
        std::accumulate(counts.begin(), counts.end(), size_t{0});
    const auto ids = absl::MakeConstSpan(columns.ids).subspan(entry, entries);
    top_k.mutable_ids()->Add(ids.begin(), ids.end());
    const auto logprobs =
        absl::MakeConstSpan(columns.logprobs).subspan(entry, entries);
    top_k.set_logprobs(codec == LOGPROB_CODEC_FLOAT16
                           ? PackNumbers<c10::Half>(logprobs)
                           : PackNumbers<float>(logprobs));
    top_k.set_tail_logprobs(PackNumbers<float>(
        absl::MakeConstSpan(columns.tail_logprobs).subspan(first, tokens)));
    entry += entries;
  }
  return signals;
}

void SetSignalKeys(absl::string_view trace_id,
                   absl::Span<TeacherSignal> signals) {
  for (TeacherSignal& signal : signals) {
    signal.set_trace_id(std::string(trace_id));
    signal.set_key(SignalKey(signal));
  }
}

absl::StatusOr<TopKColumns> ReadTopKSignal(const TeacherSignal& signal) {
  if (signal.kind_case() != TeacherSignal::kTopK) {
    return absl::InvalidArgumentError(
        absl::StrCat("teacher signal is of kind ", signal.kind_case(),
                     ", top-k is kind ", TeacherSignal::kTopK));
  }
  absl::Status sizes = CheckSizes(signal);
  if (!sizes.ok()) return sizes;
  const TopKSignal& top_k = signal.top_k();
  TopKColumns columns;
  columns.counts.assign(top_k.counts().begin(), top_k.counts().end());
  columns.ids.assign(top_k.ids().begin(), top_k.ids().end());
  columns.logprobs = top_k.codec() == LOGPROB_CODEC_FLOAT16
                         ? UnpackNumbers<c10::Half>(top_k.logprobs())
                         : UnpackNumbers<float>(top_k.logprobs());
  columns.tail_logprobs = UnpackNumbers<float>(top_k.tail_logprobs());
  absl::Status values = CheckValues(signal, columns);
  if (!values.ok()) return values;
  return columns;
}

}  // namespace limbeck
