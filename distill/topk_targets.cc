// Decodes packed top-k signals into the padded tensors of the loss operators.
#include "distill/topk_targets.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "teacher/signal_records.h"

namespace limbeck {
namespace {

constexpr float kNoMass = -std::numeric_limits<float>::infinity();

// One signal with the place of its first output token in the micro-batch.
struct PlacedSignal {
  const TeacherSignal* signal;
  std::string place;  // for messages
  int64_t first_row;  // row that predicts its first token
  TopKColumns columns;
};

// The student's vocabulary may be smaller than the one the signal is for.
absl::Status CheckColumns(const PlacedSignal& placed, int64_t vocab_size) {
  for (uint32_t count : placed.columns.counts) {
    if (static_cast<int64_t>(count) > vocab_size) {
      return absl::InvalidArgumentError(absl::StrCat(
          placed.place, ": its signal has ", count,
          " entries for one token, the vocabulary has ", vocab_size));
    }
  }
  for (uint32_t id : placed.columns.ids) {
    if (static_cast<int64_t>(id) >= vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat(placed.place, ": its signal names id ", id,
                       ", the vocabulary has ", vocab_size));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadColumns(const BatchRules& rules, PlacedSignal& placed) {
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
  absl::StatusOr<TopKColumns> columns = ReadTopKSignal(signal);
  if (!columns.ok()) {
    return absl::Status(
        columns.status().code(),
        absl::StrCat(placed.place, ": ", columns.status().message()));
  }
  placed.columns = *std::move(columns);
  return CheckColumns(placed, rules.vocab_size);
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
         bin_start + sequence.start() + static_cast<int64_t>(first) - 1,
         TopKColumns()});
  }
  return absl::OkStatus();
}

int64_t LargestCount(const std::vector<PlacedSignal>& placed) {
  uint32_t largest = 1;
  for (const PlacedSignal& entry : placed) {
    for (uint32_t count : entry.columns.counts) {
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
  const TopKColumns& columns = placed.columns;
  size_t entry = 0;
  for (size_t token = 0; token < columns.counts.size(); ++token) {
    const size_t count = columns.counts[token];
    const int64_t row = placed.first_row + static_cast<int64_t>(token);
    if (token_weight[row] != 0.0f) {
      for (size_t k = 0; k < count; ++k) {
        const int64_t at = row * padded.width + static_cast<int64_t>(k);
        padded.ids[at] = columns.ids[entry + k];
        padded.logprobs[at] = columns.logprobs[entry + k];
      }
      padded.tail[row] = columns.tail_logprobs[token];
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
  for (PlacedSignal& entry : placed) {
    LIMBECK_RETURN_IF_ERROR(ReadColumns(rules, entry));
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
