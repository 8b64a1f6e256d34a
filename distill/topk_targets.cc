// Decodes packed top-k signals into the padded tensors of the loss operators.
#include "distill/topk_targets.h"

#include <ATen/ATen.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr float kNoMass = -std::numeric_limits<float>::infinity();

// Reading as below assumes the byte order of the format.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

// One signal with the place of its first output token in the micro-batch.
struct PlacedSignal {
  const TeacherSignal* signal;
  std::string place;  // for messages
  int64_t first_row;  // row that predicts its first token
};

size_t BytesPerLogprob(LogprobCodec codec) {
  switch (codec) {
    case LOGPROB_CODEC_FLOAT32:
      return 4;
    case LOGPROB_CODEC_FLOAT16:
      return 2;
    default:
      return 0;
  }
}

float ReadLogprob(const TopKSignal& top_k, size_t entry) {
  const char* bytes = top_k.logprobs().data();
  if (top_k.codec() == LOGPROB_CODEC_FLOAT16) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes + 2 * entry, sizeof(bits));
    return static_cast<float>(c10::Half(bits, c10::Half::from_bits()));
  }
  float value = 0.0f;
  std::memcpy(&value, bytes + 4 * entry, sizeof(value));
  return value;
}

absl::Status CheckShape(const TopKSignal& top_k, uint32_t num_tokens,
                        const std::string& place) {
  uint64_t entries = 0;
  for (uint32_t count : top_k.counts()) entries += count;
  const size_t width = BytesPerLogprob(top_k.codec());
  if (width == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": its signal has log-prob codec ",
                     static_cast<int>(top_k.codec()), ", known are 1 and 2"));
  }
  if (top_k.counts_size() == static_cast<int>(num_tokens) &&
      entries == static_cast<uint64_t>(top_k.ids_size()) &&
      top_k.logprobs().size() == entries * width &&
      top_k.tail_logprobs().size() == size_t{num_tokens} * 4) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat(place, ": its signal of ", num_tokens, " tokens has ",
                   top_k.counts_size(), " counts that sum to ", entries, ", ",
                   top_k.ids_size(), " ids, ", top_k.logprobs().size(),
                   " bytes of log-probs and ", top_k.tail_logprobs().size(),
                   " bytes of tails"));
}

absl::Status CheckSignal(const PlacedSignal& placed, const BatchRules& rules) {
  const TeacherSignal& signal = *placed.signal;
  if (!signal.has_top_k()) {
    return absl::InvalidArgumentError(
        absl::StrCat(placed.place, ": its signal holds no top-k"));
  }
  if (!rules.tokenizer_fingerprint.empty() &&
      signal.tokenizer_fingerprint() != rules.tokenizer_fingerprint) {
    return absl::FailedPreconditionError(
        absl::StrCat(placed.place, ": its signal is of tokenizer ",
                     signal.tokenizer_fingerprint(), ", the student's is ",
                     rules.tokenizer_fingerprint,
                     ": score the data with a teacher of the "
                     "same tokenizer"));
  }
  LIMBECK_RETURN_IF_ERROR(
      CheckShape(signal.top_k(), signal.num_tokens(), placed.place));
  for (uint32_t count : signal.top_k().counts()) {
    if (static_cast<int64_t>(count) > rules.vocab_size) {
      return absl::InvalidArgumentError(absl::StrCat(
          placed.place, ": its signal has ", count,
          " entries for one token, the vocabulary has ", rules.vocab_size));
    }
  }
  for (uint32_t id : signal.top_k().ids()) {
    if (static_cast<int64_t>(id) >= rules.vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat(placed.place, ": its signal names id ", id,
                       ", the vocabulary has ", rules.vocab_size));
    }
  }
  return absl::OkStatus();
}

absl::Status PlaceSignals(const LoadedBin& loaded, int64_t bin_start,
                          std::vector<PlacedSignal>& placed) {
  const PackedSignals& signals = loaded.signals;
  const PackedBin& bin = loaded.bin;
  if (signals.bin_index() != bin.index() ||
      signals.signals_size() != signals.sequence_of_signal_size()) {
    return absl::DataLossError(absl::StrCat(
        "bin ", bin.index(), ": its signals are of bin ", signals.bin_index(),
        ", ", signals.signals_size(), " of them for ",
        signals.sequence_of_signal_size(), " places"));
  }
  for (int i = 0; i < signals.signals_size(); ++i) {
    const uint32_t owner = signals.sequence_of_signal(i);
    if (owner >= static_cast<uint32_t>(bin.sequences_size())) {
      return absl::DataLossError(absl::StrCat(
          "bin ", bin.index(), ": signal ", i, " belongs to sequence ", owner,
          ", the bin has ", bin.sequences_size()));
    }
    const PackedSequence& sequence = bin.sequences(static_cast<int>(owner));
    const TeacherSignal& signal = signals.signals(i);
    const std::string place = DescribeSequence(bin, static_cast<int>(owner));
    const uint64_t first =
        uint64_t{sequence.output_start()} + signal.first_token();
    if (first == 0 || first + signal.num_tokens() > sequence.length()) {
      return absl::DataLossError(
          absl::StrCat(place, ": its signal speaks about tokens ", first,
                       " to ", first + signal.num_tokens(),
                       ", allowed are 1 to ", sequence.length()));
    }
    placed.push_back(
        {&signal, place,
         bin_start + sequence.start() + static_cast<int64_t>(first) - 1});
  }
  return absl::OkStatus();
}

int64_t LargestCount(const std::vector<PlacedSignal>& placed) {
  uint32_t largest = 1;
  for (const PlacedSignal& entry : placed) {
    for (uint32_t count : entry.signal->top_k().counts()) {
      largest = std::max(largest, count);
    }
  }
  return largest;
}

// Pointers into the padded tensors.
struct Padded {
  int64_t width;
  int64_t* ids;
  float* logprobs;
  float* tail;
};

void FillSignal(const PlacedSignal& placed, const float* token_weight,
                std::vector<bool>& covered, Padded& padded) {
  const TopKSignal& top_k = placed.signal->top_k();
  size_t entry = 0;
  for (int token = 0; token < top_k.counts_size(); ++token) {
    const size_t count = top_k.counts(token);
    const int64_t row = placed.first_row + token;
    if (token_weight[row] != 0.0f) {
      for (size_t k = 0; k < count; ++k) {
        const int64_t at = row * padded.width + static_cast<int64_t>(k);
        padded.ids[at] = top_k.ids(static_cast<int>(entry + k));
        padded.logprobs[at] = ReadLogprob(top_k, entry + k);
      }
      std::memcpy(&padded.tail[row], top_k.tail_logprobs().data() + 4 * token,
                  4);
      covered[static_cast<size_t>(row)] = true;
    }
    entry += count;
  }
}

// Names the first row with loss that no signal speaks about.
absl::Status CheckCovered(absl::Span<const LoadedBin> bins,
                          const MicroBatch& batch,
                          const std::vector<bool>& covered) {
  const float* weight = batch.token_weight.const_data_ptr<float>();
  int64_t row = 0;
  for (const LoadedBin& loaded : bins) {
    for (int s = 0; s < loaded.bin.sequences_size(); ++s) {
      const int64_t first = row;
      const int64_t end = row + loaded.bin.sequences(s).length();
      for (; row < end; ++row) {
        if (weight[row] == 0.0f || covered[static_cast<size_t>(row)]) continue;
        return absl::InvalidArgumentError(absl::StrCat(
            DescribeSequence(loaded.bin, s), ": token ", row - first + 1,
            " carries loss, but no teacher signal covers it"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<kernels::TopKTeacher> DecodeTopKTargets(
    absl::Span<const LoadedBin> bins, const MicroBatch& batch,
    const BatchRules& rules) {
  std::vector<PlacedSignal> placed;
  int64_t tokens = 0;
  for (const LoadedBin& loaded : bins) {
    LIMBECK_RETURN_IF_ERROR(PlaceSignals(loaded, tokens, placed));
    tokens += loaded.bin.ids_size();
  }
  for (const PlacedSignal& entry : placed) {
    LIMBECK_RETURN_IF_ERROR(CheckSignal(entry, rules));
  }
  const int64_t width = LargestCount(placed);
  kernels::TopKTeacher targets{at::full({tokens, width}, -1, at::kLong),
                               at::full({tokens, width}, kNoMass, at::kFloat),
                               at::full({tokens}, kNoMass, at::kFloat)};
  Padded padded{width, targets.ids.data_ptr<int64_t>(),
                targets.logprobs.data_ptr<float>(),
                targets.tail_logprob.data_ptr<float>()};
  const float* weight = batch.token_weight.const_data_ptr<float>();
  std::vector<bool> covered(static_cast<size_t>(tokens), false);
  for (const PlacedSignal& entry : placed) {
    FillSignal(entry, weight, covered, padded);
  }
  LIMBECK_RETURN_IF_ERROR(CheckCovered(bins, batch, covered));
  return targets;
}

}  // namespace limbeck
