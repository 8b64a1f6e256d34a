#include "data/stages/signal_index.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/stages/input_records.h"

namespace limbeck {

absl::StatusOr<std::unique_ptr<SignalIndex>> SignalIndex::Build(
    const Artefact& artefact, const std::string& sample_tokenizer) {
  std::unique_ptr<SignalIndex> index(new SignalIndex(artefact));
  for (int part = 0; part < artefact.num_partitions(); ++part) {
    LIMBECK_RETURN_IF_ERROR(index->AddPartition(part, sample_tokenizer));
  }
  for (auto& [trace_id, places] : index->places_) {
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
      return a.first_token < b.first_token;
    });
  }
  index->readers_.resize(static_cast<size_t>(artefact.num_partitions()));
  return index;
}

absl::Status SignalIndex::CheckSignal(const TeacherSignal& signal,
                                      const std::string& tokenizer) {
  if (signal.tokenizer_fingerprint() != tokenizer) {
    return absl::FailedPreconditionError(absl::StrCat(
        "signal of trace ", ToHex(signal.trace_id()), " is of tokenizer ",
        signal.tokenizer_fingerprint(), ", the samples are of ", tokenizer,
        ": soft labels need one vocabulary"));
  }
  if (vocab_size_ == 0) vocab_size_ = signal.vocab_size();
  if (signal.vocab_size() != vocab_size_) {
    return absl::FailedPreconditionError(
        absl::StrCat("signal of trace ", ToHex(signal.trace_id()), " has ",
                     signal.vocab_size(),
                     " vocabulary columns, earlier ones have ", vocab_size_));
  }
  return absl::OkStatus();
}

absl::Status SignalIndex::AddPartition(int partition,
                                       const std::string& tokenizer) {
  uint64_t record = 0;
  return ForEachRecord<TeacherSignal>(
      artefact_.Path(partition, kSignalsFile),
      [&](TeacherSignal& signal) -> absl::Status {
        LIMBECK_RETURN_IF_ERROR(CheckSignal(signal, tokenizer));
        places_[signal.trace_id()].push_back(
            {signal.first_token(), signal.num_tokens(), partition, record++,
             std::move(*signal.mutable_token_ids_hash())});
        return absl::OkStatus();
      });
}

absl::StatusOr<uint64_t> SignalIndex::CountMissing(
    const TokenizedSample& sample) const {
  std::vector<bool> has_signal(static_cast<size_t>(sample.ids_size()), false);
  const auto found = places_.find(sample.trace_id());
  if (found != places_.end()) {
    for (const Place& place : found->second) {
      if (place.token_ids_hash != sample.token_ids_hash()) {
        return absl::FailedPreconditionError(absl::StrCat(
            "trace ", ToHex(sample.trace_id()), ": its signals were computed ",
            "for token ids ", ToHex(place.token_ids_hash), ", the sample has ",
            ToHex(sample.token_ids_hash()),
            "; signals fit only samples of the same ids"));
      }
      for (uint64_t t = 0; t < place.num_tokens; ++t) {
        const uint64_t at =
            sample.output_start() + uint64_t{place.first_token} + t;
        if (at >= has_signal.size() || has_signal[at]) {
          return absl::DataLossError(absl::StrCat(
              "trace ", ToHex(sample.trace_id()), ": signal of output token ",
              place.first_token + t, " is ",
              at >= has_signal.size() ? "beyond the sample's end"
                                      : "there twice"));
        }
        has_signal[at] = true;
      }
    }
  }
  uint64_t missing = 0;
  for (const LossRun& run : sample.loss_runs()) {
    for (uint64_t at = run.start(); at < uint64_t{run.start()} + run.length();
         ++at) {
      if (at >= has_signal.size() || !has_signal[at]) ++missing;
    }
  }
  return missing;
}

absl::StatusOr<std::vector<TeacherSignal>> SignalIndex::Read(
    const TokenizedSample& sample) {
  std::vector<TeacherSignal> signals;
  const auto found = places_.find(sample.trace_id());
  if (found == places_.end()) return signals;
  for (const Place& place : found->second) {
    std::unique_ptr<ShardReader>& reader =
        readers_[static_cast<size_t>(place.partition)];
    if (reader == nullptr) {
      LIMBECK_ASSIGN_OR_RETURN(reader, ShardReader::Open(artefact_.Path(
                                           place.partition, kSignalsFile)));
    }
    TeacherSignal signal;
    LIMBECK_RETURN_IF_ERROR(reader->Read(place.record, &signal));
    signals.push_back(std::move(signal));
  }
  return signals;
}

}  // namespace limbeck
