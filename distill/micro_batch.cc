// From packed bins to the tensors of one forward and backward pass.
#include "distill/micro_batch.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "distill/topk_targets.h"

namespace limbeck {
namespace {

absl::Status BadData(const PackedBin& bin, int sequence,
                     const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(DescribeSequence(bin, sequence), ": ", what));
}

absl::Status CheckSequence(const PackedBin& bin, int index,
                           const BatchRules& rules) {
  const PackedSequence& sequence = bin.sequences(index);
  const uint64_t end = uint64_t{sequence.start()} + sequence.length();
  const uint64_t expected = index == 0
                                ? 0
                                : uint64_t{bin.sequences(index - 1).start()} +
                                      bin.sequences(index - 1).length();
  const bool last = index + 1 == bin.sequences_size();
  if (sequence.length() == 0 || sequence.start() != expected ||
      (last && end != static_cast<uint64_t>(bin.ids_size()))) {
    return BadData(bin, index,
                   absl::StrCat("covers tokens ", sequence.start(), " to ", end,
                                ", expected from ", expected,
                                " in a bin"
                                " of ",
                                bin.ids_size(), " tokens"));
  }
  if (end > static_cast<uint64_t>(bin.ids_size())) {
    return BadData(bin, index,
                   absl::StrCat("ends at ", end, ", the bin has ",
                                bin.ids_size(), " tokens"));
  }
  if (static_cast<int64_t>(sequence.length()) > rules.max_positions) {
    return BadData(
        bin, index,
        absl::StrCat("has ", sequence.length(), " tokens, the model has ",
                     rules.max_positions, " positions"));
  }
  for (const LossRun& run : sequence.loss_runs()) {
    const uint64_t run_end = uint64_t{run.start()} + run.length();
    if (run.start() == 0 || run_end > sequence.length()) {
      return BadData(
          bin, index,
          absl::StrCat("has loss on tokens ", run.start(), " to ", run_end,
                       ", allowed are 1 to ", sequence.length()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBin(const PackedBin& bin, const BatchRules& rules) {
  if (bin.sequences_size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("bin ", bin.index(), " has no sequence"));
  }
  for (int i = 0; i < bin.sequences_size(); ++i) {
    LIMBECK_RETURN_IF_ERROR(CheckSequence(bin, i, rules));
  }
  for (int i = 0; i < bin.ids_size(); ++i) {
    if (static_cast<int64_t>(bin.ids(i)) >= rules.vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat("bin ", bin.index(), ": token ", i, " is id ",
                       bin.ids(i), ", the vocabulary has ", rules.vocab_size));
    }
  }
  return absl::OkStatus();
}

// The tensors of a micro-batch under construction, as plain memory.
struct Rows {
  int64_t* ids;
  int64_t* target;
  float* token_weight;
  std::vector<int64_t> kept;
};

void FillSequence(const PackedBin& bin, const PackedSequence& sequence,
                  int64_t bin_start, double total_weight, Rows& rows) {
  const auto weight = static_cast<float>(sequence.weight() / total_weight);
  for (const LossRun& run : sequence.loss_runs()) {
    const int64_t first = int64_t{sequence.start()} + run.start();
    for (int64_t token = first; token < first + run.length(); ++token) {
      if (weight == 0.0f) continue;
      // Token `token` is predicted by the row before it.
      const int64_t row = bin_start + token - 1;
      rows.target[row] = bin.ids(static_cast<int>(token));
      rows.token_weight[row] = weight;
      rows.kept.push_back(row);
    }
  }
}

void FillBin(const PackedBin& bin, int64_t bin_start, double total_weight,
             Rows& rows, std::vector<int64_t>& starts) {
  for (int i = 0; i < bin.ids_size(); ++i) {
    rows.ids[bin_start + i] = bin.ids(i);
  }
  for (const PackedSequence& sequence : bin.sequences()) {
    starts.push_back(bin_start + sequence.start());
    FillSequence(bin, sequence, bin_start, total_weight, rows);
  }
}

int64_t CountTokens(absl::Span<const LoadedBin> bins) {
  int64_t tokens = 0;
  for (const LoadedBin& loaded : bins) tokens += loaded.bin.ids_size();
  return tokens;
}

uint64_t LossTokens(const PackedSequence& sequence) {
  uint64_t tokens = 0;
  for (const LossRun& run : sequence.loss_runs()) tokens += run.length();
  return tokens;
}

}  // namespace

std::string DescribeSequence(const PackedBin& bin, int sequence) {
  return absl::StrCat("bin ", bin.index(), ", sequence ", sequence, ", trace ",
                      ToHex(bin.sequences(sequence).sample().trace_id()));
}

absl::StatusOr<double> TotalLossWeight(absl::Span<const LoadedBin> bins) {
  double total = 0.0;
  for (const LoadedBin& loaded : bins) {
    for (int i = 0; i < loaded.bin.sequences_size(); ++i) {
      const PackedSequence& sequence = loaded.bin.sequences(i);
      const double weight = sequence.weight();
      if (!std::isfinite(weight) || weight < 0.0) {
        return BadData(loaded.bin, i,
                       absl::StrCat("has sample weight ", weight,
                                    ", allowed are finite values from 0"));
      }
      total += weight * static_cast<double>(LossTokens(sequence));
    }
  }
  if (total > 0.0) return total;
  return absl::InvalidArgumentError(absl::StrCat(
      "none of the step's ", bins.size(), " bins",
      bins.empty() ? ""
                   : absl::StrCat(" (the first is ", bins[0].bin.index(), ")"),
      " has a token with loss and a sample weight above 0"));
}

absl::StatusOr<MicroBatch> MakeMicroBatch(absl::Span<const LoadedBin> bins,
                                          double total_weight,
                                          const BatchRules& rules) {
  for (const LoadedBin& loaded : bins) {
    LIMBECK_RETURN_IF_ERROR(CheckBin(loaded.bin, rules));
  }
  const int64_t tokens = CountTokens(bins);
  MicroBatch batch;
  batch.ids = at::empty({tokens}, at::kLong);
  batch.target = at::full({tokens}, kernels::kIgnoreIndex, at::kLong);
  batch.token_weight = at::zeros({tokens}, at::kFloat);
  Rows rows{batch.ids.data_ptr<int64_t>(),
            batch.target.data_ptr<int64_t>(),
            batch.token_weight.data_ptr<float>(),
            {}};
  int64_t bin_start = 0;
  for (const LoadedBin& loaded : bins) {
    FillBin(loaded.bin, bin_start, total_weight, rows, batch.starts);
    bin_start += loaded.bin.ids_size();
  }
  batch.starts.push_back(tokens);
  const auto num_kept = static_cast<int64_t>(rows.kept.size());
  batch.kept_rows = at::empty({num_kept}, at::kLong);
  std::memcpy(batch.kept_rows.data_ptr<int64_t>(), rows.kept.data(),
              rows.kept.size() * sizeof(int64_t));
  if (rules.with_signals) {
    LIMBECK_ASSIGN_OR_RETURN(batch.top_k,
                             DecodeTopKTargets(bins, batch, rules));
  }
  return batch;
}

}  // namespace limbeck
