#include "data/stages/pack.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/bin_packing.h"
#include "data/stages/input_records.h"
#include "data/stages/pack_plan.h"
#include "data/stages/rejections.h"
#include "data/stages/signal_index.h"

namespace limbeck {
namespace {

// A sample with its place in the tokenize artefact.
struct PlacedSample {
  TokenizedSample sample;
  SampleReference reference;
};

void AppendSequence(const PlacedSample& placed, PackedBin& bin) {
  const TokenizedSample& sample = placed.sample;
  PackedSequence* sequence = bin.add_sequences();
  *sequence->mutable_sample() = placed.reference;
  sequence->set_start(static_cast<uint32_t>(bin.ids_size()));
  sequence->set_length(static_cast<uint32_t>(sample.ids_size()));
  *sequence->mutable_loss_runs() = sample.loss_runs();
  sequence->set_weight(sample.weight());
  sequence->set_output_start(sample.output_start());
  bin.mutable_ids()->MergeFrom(sample.ids());
}

class BinWriter {
 public:
  BinWriter(const PackOptions& options, SignalIndex* signals,
            PartitionWriter& writer)
      : options_(options), signals_(signals), writer_(writer) {}

  absl::Status Add(PlacedSample placed) {
    window_.push_back(std::move(placed));
    const size_t limit = static_cast<size_t>(options_.window_samples());
    return window_.size() < limit ? absl::OkStatus() : Flush();
  }

  // Packs and writes the window.
  absl::Status Flush() {
    std::vector<uint32_t> lengths;
    for (const PlacedSample& placed : window_) {
      lengths.push_back(static_cast<uint32_t>(placed.sample.ids_size()));
    }
    const uint32_t capacity = static_cast<uint32_t>(options_.bin_tokens());
    for (const auto& members : PackBestFitDecreasing(lengths, capacity)) {
      LIMBECK_RETURN_IF_ERROR(WriteBin(members));
    }
    window_.clear();
    return absl::OkStatus();
  }

  Json Summary() const {
    const double capacity =
        static_cast<double>(num_bins_) * options_.bin_tokens();
    Json json = Json::Object();
    json.Set("bins", num_bins_)
        .Set("bin_tokens", options_.bin_tokens())
        .Set("sequences", num_sequences_)
        .Set("tokens", num_tokens_)
        .Set("loss_tokens", num_loss_tokens_)
        .Set("fill", num_bins_ == 0
                         ? 0.0
                         : static_cast<double>(num_tokens_) / capacity);
    return json;
  }

 private:
  absl::Status WriteBin(const std::vector<size_t>& members) {
    PackedBin bin;
    bin.set_index(num_bins_);
    PackedSignals signals;
    signals.set_bin_index(num_bins_++);
    for (const size_t member : members) {
      const PlacedSample& placed = window_[member];
      num_loss_tokens_ += CountLossTokens(placed.sample);
      AppendSequence(placed, bin);
      LIMBECK_RETURN_IF_ERROR(
          AppendSignals(placed.sample, bin.sequences_size() - 1, signals));
    }
    num_sequences_ += static_cast<uint64_t>(bin.sequences_size());
    const uint64_t tokens = static_cast<uint64_t>(bin.ids_size());
    num_tokens_ += tokens;
    writer_.CountOut(static_cast<uint64_t>(bin.sequences_size()));
    LIMBECK_RETURN_IF_ERROR(writer_.Write(kBinsFile, bin, tokens));
    return signals_ == nullptr ? absl::OkStatus()
                               : writer_.Write(kSignalsFile, signals, tokens);
  }

  absl::Status AppendSignals(const TokenizedSample& sample, int sequence,
                             PackedSignals& signals) {
    if (signals_ == nullptr) return absl::OkStatus();
    LIMBECK_ASSIGN_OR_RETURN(std::vector<TeacherSignal> found,
                             signals_->Read(sample));
    for (TeacherSignal& signal : found) {
      *signals.add_signals() = std::move(signal);
      signals.add_sequence_of_signal(static_cast<uint32_t>(sequence));
    }
    return absl::OkStatus();
  }

  const PackOptions& options_;
  SignalIndex* const signals_;
  PartitionWriter& writer_;
  std::vector<PlacedSample> window_;
  uint64_t num_bins_ = 0;
  uint64_t num_sequences_ = 0;
  uint64_t num_tokens_ = 0;
  uint64_t num_loss_tokens_ = 0;
};

// Calls visit(placed sample) for all samples in order.
absl::Status ForEachSample(
    const Artefact& input,
    const std::function<absl::Status(PlacedSample)>& visit) {
  for (int part = 0; part < input.num_partitions(); ++part) {
    uint64_t record = 0;
    LIMBECK_RETURN_IF_ERROR(ForEachRecord<TokenizedSample>(
        input.Path(part, kSamplesFile),
        [&](TokenizedSample& sample) -> absl::Status {
          PlacedSample placed;
          placed.reference.set_trace_id(sample.trace_id());
          placed.reference.set_problem_id(sample.problem_id());
          placed.reference.set_partition(static_cast<uint32_t>(part));
          placed.reference.set_record(record++);
          placed.sample = std::move(sample);
          return visit(std::move(placed));
        }));
  }
  return absl::OkStatus();
}

absl::Status RejectSample(TokenizedSample sample, const PackDecision& decision,
                          PartitionWriter& writer) {
  Rejection rejection =
      MakeRejection(decision.reason, decision.value, decision.threshold);
  SetRejected(std::move(sample), rejection);
  return writer.Reject(std::move(rejection));
}

absl::Status WriteBins(const PackPlan& plan, const Artefact& input,
                       const StageRun& run, BinWriter& bins,
                       PartitionWriter& writer) {
  StageProgress progress(run.context, "pack: write", plan.size(), "samples");
  size_t number = 0;
  LIMBECK_RETURN_IF_ERROR(
      ForEachSample(input, [&](PlacedSample placed) -> absl::Status {
        if (run.context.cancelled()) {
          return absl::CancelledError("stopped while packing");
        }
        writer.CountIn();
        progress.Add(1);
        const PackDecision& decision = plan.decision(number++);
        if (decision.reason != REJECTION_REASON_UNSPECIFIED) {
          return RejectSample(std::move(placed.sample), decision, writer);
        }
        return bins.Add(std::move(placed));
      }));
  LIMBECK_RETURN_IF_ERROR(bins.Flush());
  const std::string path = JoinPath(writer.directory(), kPackingFile);
  LIMBECK_RETURN_IF_ERROR(
      WriteFileAtomically(path, WriteJsonIndented(bins.Summary())));
  return writer.AddFile(std::string(kPackingFile));
}

absl::Status Pack(const PackOptions& options, const StageRun& run,
                  PartitionWriter& writer) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input,
                           OpenInputWith(run, kSamplesFile));
  const std::string& tokenizer = input.manifest().tokenizer_fingerprint();
  const RecordMap map = {
      kSamplesFile, kBinsFile, PackedBin::descriptor(),
      "samples",    tokenizer, input.manifest().template_fingerprint()};
  LIMBECK_RETURN_IF_ERROR(TouchOutput(map, writer));
  std::unique_ptr<SignalIndex> signals;
  if (run.inputs.size() > 1) {
    LIMBECK_ASSIGN_OR_RETURN(const Artefact source,
                             OpenInputWith(run, kSignalsFile));
    LIMBECK_ASSIGN_OR_RETURN(signals, SignalIndex::Build(source, tokenizer));
    LIMBECK_RETURN_IF_ERROR(
        writer.Touch(kSignalsFile, *PackedSignals::descriptor()));
  }
  PackPlan plan(options, run.identity.seed, signals.get());
  LIMBECK_RETURN_IF_ERROR(ForEachSample(
      input, [&](PlacedSample placed) { return plan.Add(placed.sample); }));
  plan.ApplyBudget();
  BinWriter bins(options, signals.get(), writer);
  return WriteBins(plan, input, run, bins, writer);
}

}  // namespace

absl::Status RunPackStage(const PackOptions& options, const StageRun& run) {
  if (run.inputs.empty() || run.inputs.size() > 2) {
    return WrongNumberOfInputs(run, "samples and at most one input of signals");
  }
  return MapPartitions(run, 1, [&](int, PartitionWriter& writer) {
    return Pack(options, run, writer);
  });
}

}  // namespace limbeck
