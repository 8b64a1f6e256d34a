#include "data/load/loader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"
#include "data/load/bin_check.h"
#include "data/record/shard.h"
#include "data/stages/artefact.h"

namespace limbeck {

// Bins of all partitions, numbered through.
class BinLoader::Impl {
 public:
  Impl(Artefact artefact, const LoaderOptions& options)
      : artefact_(std::move(artefact)), options_(options) {}

  absl::Status Open() {
    for (int part = 0; part < artefact_.num_partitions(); ++part) {
      LIMBECK_RETURN_IF_ERROR(OpenPartition(part));
    }
    if (num_bins_ > 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        artefact_.directory(), " holds 0 bins: nothing to load; its stage had ",
        artefact_.manifest().counts().in(), " samples and rejected ",
        artefact_.manifest().counts().rejected()));
  }

  absl::StatusOr<LoadedBin> Read(uint64_t bin) {
    if (bin >= num_bins_) {
      return absl::OutOfRangeError(absl::StrCat(artefact_.directory(), " has ",
                                                num_bins_, " bins, bin ", bin,
                                                " was asked for"));
    }
    const auto after = std::upper_bound(
        parts_.begin(), parts_.end(), bin,
        [](uint64_t wanted, const Part& part) { return wanted < part.first; });
    Part& part = *(after - 1);
    LoadedBin loaded;
    LIMBECK_RETURN_IF_ERROR(part.bins->Read(bin - part.first, &loaded.bin));
    if (part.signals != nullptr) {
      LIMBECK_RETURN_IF_ERROR(
          part.signals->Read(bin - part.first, &loaded.signals));
      LIMBECK_RETURN_IF_ERROR(CheckSignals(loaded.bin, loaded.signals));
    }
    return loaded;
  }

  // Bin at a position of the endless sequence of epochs.
  absl::StatusOr<LoadedBin> ReadAt(uint64_t position) {
    const uint64_t epoch = position / num_bins_;
    const uint64_t key =
        MixKey(MixKey(options_.seed,
                      static_cast<uint64_t>(RandomPurpose::kEpochOrder)),
               epoch);
    LIMBECK_ASSIGN_OR_RETURN(
        LoadedBin loaded,
        Read(PermuteIndex(position % num_bins_, num_bins_, key)));
    loaded.global_position = position;
    return loaded;
  }

  absl::Status Restore(const LoaderState& state) {
    const std::string& digest = artefact_.manifest().content_digest();
    if (state.data_digest() != digest) {
      return absl::FailedPreconditionError(
          absl::StrCat("loader state is of data ", state.data_digest(), ", ",
                       artefact_.directory(), " has digest ", digest));
    }
    if (state.seed() != options_.seed) {
      return absl::FailedPreconditionError(
          absl::StrCat("loader state is of seed ", state.seed(),
                       ", this run has seed ", options_.seed));
    }
    consumed_ = state.consumed_bins();
    return absl::OkStatus();
  }

  const Artefact& artefact() const { return artefact_; }
  const LoaderOptions& options() const { return options_; }
  uint64_t num_bins() const { return num_bins_; }
  uint64_t num_tokens() const { return num_tokens_; }
  uint64_t num_loss_tokens() const { return num_loss_tokens_; }
  uint64_t consumed() const { return consumed_; }
  void Consume(uint64_t bins) { consumed_ += bins; }

 private:
  struct Part {
    uint64_t first;  // bin
    std::unique_ptr<ShardReader> bins;
    std::unique_ptr<ShardReader> signals;  // may be null
  };

  absl::Status OpenPartition(int number) {
    Part part;
    part.first = num_bins_;
    const std::string path = artefact_.Path(number, kBinsFile);
    LIMBECK_ASSIGN_OR_RETURN(part.bins, ShardReader::Open(path));
    LIMBECK_RETURN_IF_ERROR(part.bins->ExpectType(*PackedBin::descriptor()));
    LIMBECK_RETURN_IF_ERROR(CountBins(*part.bins, path));
    if (options_.with_signals) {
      LIMBECK_RETURN_IF_ERROR(OpenSignals(number, part));
    }
    parts_.push_back(std::move(part));
    return absl::OkStatus();
  }

  // Looks at each bin once, so that damage shows before training starts.
  absl::Status CountBins(ShardReader& reader, const std::string& path) {
    PackedBin bin;
    while (true) {
      LIMBECK_ASSIGN_OR_RETURN(const bool more, reader.Next(&bin));
      if (!more) return absl::OkStatus();
      LIMBECK_RETURN_IF_ERROR(CheckBin(bin, num_bins_, path));
      ++num_bins_;
      num_tokens_ += static_cast<uint64_t>(bin.ids_size());
      num_loss_tokens_ += CountLossTokens(bin);
    }
  }

  absl::Status OpenSignals(int number, Part& part) {
    const std::string path = artefact_.Path(number, kSignalsFile);
    LIMBECK_ASSIGN_OR_RETURN(part.signals, ShardReader::Open(path));
    LIMBECK_RETURN_IF_ERROR(
        part.signals->ExpectType(*PackedSignals::descriptor()));
    if (part.signals->num_records() == part.bins->num_records()) {
      return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat(path, " has ", part.signals->num_records(),
                     " records, the bins are ", part.bins->num_records()));
  }

  const Artefact artefact_;
  const LoaderOptions options_;
  std::vector<Part> parts_;
  uint64_t num_bins_ = 0;
  uint64_t num_tokens_ = 0;
  uint64_t num_loss_tokens_ = 0;
  uint64_t consumed_ = 0;
};

BinLoader::BinLoader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BinLoader::~BinLoader() = default;

absl::StatusOr<std::unique_ptr<BinLoader>> BinLoader::Open(
    const std::string& artefact_directory, const LoaderOptions& options) {
  LIMBECK_CHECK_GE(options.world_size, 1);
  LIMBECK_CHECK_GE(options.rank, 0);
  LIMBECK_CHECK_LT(options.rank, options.world_size);
  LIMBECK_ASSIGN_OR_RETURN(Artefact artefact,
                           Artefact::Open(artefact_directory));
  auto impl = std::make_unique<Impl>(std::move(artefact), options);
  LIMBECK_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<BinLoader>(new BinLoader(std::move(impl)));
}

uint64_t BinLoader::num_bins() const { return impl_->num_bins(); }
uint64_t BinLoader::num_loss_tokens() const { return impl_->num_loss_tokens(); }
uint64_t BinLoader::num_tokens() const { return impl_->num_tokens(); }

absl::StatusOr<std::vector<LoadedBin>> BinLoader::NextBatch(int global_batch) {
  LIMBECK_CHECK_GE(global_batch, 1);
  const LoaderOptions& options = impl_->options();
  std::vector<LoadedBin> batch;
  for (int i = options.rank; i < global_batch; i += options.world_size) {
    LIMBECK_ASSIGN_OR_RETURN(
        LoadedBin loaded,
        impl_->ReadAt(impl_->consumed() + static_cast<uint64_t>(i)));
    batch.push_back(std::move(loaded));
  }
  impl_->Consume(static_cast<uint64_t>(global_batch));
  return batch;
}

absl::StatusOr<LoadedBin> BinLoader::Get(uint64_t bin) {
  return impl_->Read(bin);
}

LoaderState BinLoader::State() const {
  LoaderState state;
  state.set_data_digest(impl_->artefact().manifest().content_digest());
  state.set_seed(impl_->options().seed);
  state.set_consumed_bins(impl_->consumed());
  return state;
}

absl::Status BinLoader::Restore(const LoaderState& state) {
  return impl_->Restore(state);
}

uint64_t CountLossTokens(const PackedBin& bin) {
  uint64_t tokens = 0;
  for (const PackedSequence& sequence : bin.sequences()) {
    for (const LossRun& run : sequence.loss_runs()) tokens += run.length();
  }
  return tokens;
}

}  // namespace limbeck
