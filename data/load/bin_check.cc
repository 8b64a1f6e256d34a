#include "data/load/bin_check.h"

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

absl::Status CheckSequence(const PackedSequence& sequence,
                           const std::string& name) {
  if (sequence.length() == 0) {
    return absl::DataLossError(absl::StrCat(name, " has length 0"));
  }
  if (sequence.output_start() > sequence.length()) {
    return absl::DataLossError(
        absl::StrCat(name, " has length ", sequence.length(),
                     ", its output starts at ", sequence.output_start()));
  }
  uint64_t end = 1;  // nothing predicts the first token
  for (const LossRun& run : sequence.loss_runs()) {
    const uint64_t run_end = uint64_t{run.start()} + run.length();
    if (run.start() < end || run_end > sequence.length()) {
      return absl::DataLossError(absl::StrCat(
          name, " has a loss run [", run.start(), ", ", run_end,
          "); it may lie in [", end, ", ", sequence.length(), ")"));
    }
    end = run_end;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckBin(const PackedBin& bin, uint64_t index,
                      const std::string& path) {
  const std::string name = absl::StrCat(path, ", bin ", index);
  if (bin.index() != index) {
    return absl::DataLossError(
        absl::StrCat(name, " says that it is bin ", bin.index()));
  }
  uint64_t next = 0;
  for (int i = 0; i < bin.sequences_size(); ++i) {
    const PackedSequence& sequence = bin.sequences(i);
    const std::string place = absl::StrCat(name, ", sequence ", i);
    if (sequence.start() != next) {
      return absl::DataLossError(absl::StrCat(
          place, " starts at ", sequence.start(), ", expected ", next));
    }
    LIMBECK_RETURN_IF_ERROR(CheckSequence(sequence, place));
    next += sequence.length();
  }
  if (next != static_cast<uint64_t>(bin.ids_size())) {
    return absl::DataLossError(absl::StrCat(name, " has ", bin.ids_size(),
                                            " ids, its sequences have ", next,
                                            " together"));
  }
  return absl::OkStatus();
}

absl::Status CheckSignals(const PackedBin& bin, const PackedSignals& signals) {
  const std::string name = absl::StrCat("signals of bin ", bin.index());
  if (signals.bin_index() != bin.index()) {
    return absl::DataLossError(
        absl::StrCat(name, " say that they are of bin ", signals.bin_index()));
  }
  if (signals.signals_size() != signals.sequence_of_signal_size()) {
    return absl::DataLossError(
        absl::StrCat(name, ": ", signals.signals_size(), " signals, but ",
                     signals.sequence_of_signal_size(), " sequence numbers"));
  }
  uint32_t previous = 0;
  for (int i = 0; i < signals.signals_size(); ++i) {
    const uint32_t number = signals.sequence_of_signal(i);
    if (number < previous ||
        number >= static_cast<uint32_t>(bin.sequences_size())) {
      return absl::DataLossError(absl::StrCat(
          name, ": signal ", i, " is of sequence ", number, "; it may be ",
          previous, " to ", bin.sequences_size() - 1));
    }
    previous = number;
    const PackedSequence& sequence = bin.sequences(static_cast<int>(number));
    const TeacherSignal& signal = signals.signals(i);
    const uint64_t end = uint64_t{sequence.output_start()} +
                         signal.first_token() + signal.num_tokens();
    if (end > sequence.length()) {
      return absl::DataLossError(absl::StrCat(
          name, ": signal ", i, " ends at token ", end, " of sequence ", number,
          ", which has ", sequence.length()));
    }
  }
  return absl::OkStatus();
}

}  // namespace limbeck
