// Deals packed bins to training steps: a keyed permutation per epoch, exact
// resume, the same global order for any number of ranks.
#ifndef LIMBECK_DATA_LOAD_LOADER_H_
#define LIMBECK_DATA_LOAD_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/load/loader_state.pb.h"
#include "data/records.pb.h"

namespace limbeck {

// Position `index` of a permutation of [0, size) chosen by key, in O(1)
// memory: a Feistel cipher on the next power of four, walked until inside.
uint64_t PermuteIndex(uint64_t index, uint64_t size, uint64_t key);

struct LoadedBin {
  PackedBin bin;
  PackedSignals signals;         // empty without signals
  uint64_t global_position = 0;  // bins dealt before this one, all ranks
};

struct LoaderOptions {
  uint64_t seed = 0;
  int rank = 0;
  int world_size = 1;
  bool with_signals = false;
};

class BinLoader {
 public:
  // Opens a pack artefact. An artefact without bins is an error.
  static absl::StatusOr<std::unique_ptr<BinLoader>> Open(
      const std::string& artefact_directory, const LoaderOptions& options);
  ~BinLoader();

  uint64_t num_bins() const;         // of one epoch
  uint64_t num_loss_tokens() const;  // of one epoch
  uint64_t num_tokens() const;

  // The bins of the next global batch that belong to this rank: positions
  // rank, rank + world_size, ... of its `global_batch` bins.
  absl::StatusOr<std::vector<LoadedBin>> NextBatch(int global_batch);
  // Bin by its number in the artefact (evaluation walks 0 .. num_bins - 1).
  absl::StatusOr<LoadedBin> Get(uint64_t bin);

  LoaderState State() const;
  // Refuses the state of other data or another seed.
  absl::Status Restore(const LoaderState& state);

 private:
  class Impl;
  explicit BinLoader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Tokens that carry loss in a bin.
uint64_t CountLossTokens(const PackedBin& bin);

}  // namespace limbeck

#endif  // LIMBECK_DATA_LOAD_LOADER_H_
