// Byte-pair merges inside one piece of text.
#ifndef LIMBECK_DATA_TEXT_BYTE_PAIR_MERGER_H_
#define LIMBECK_DATA_TEXT_BYTE_PAIR_MERGER_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace limbeck {

class BytePairMerger {
 public:
  // Merges are ranked by the order of the calls; a pair given again keeps the
  // later rank and id, as the reference library's map does.
  void AddMerge(int32_t left, int32_t right, int32_t merged);
  // With a rank of its own; several pairs may have the same.
  void AddRankedMerge(int32_t left, int32_t right, int32_t merged,
                      int32_t rank);

  // Merges the symbols in place: the pair of lowest rank first, of equal ones
  // the leftmost. n log n.
  void Merge(std::vector<int32_t>* symbols) const;

 private:
  struct Target {
    int32_t rank;
    int32_t merged;
  };
  const Target* Find(int32_t left, int32_t right) const;
  void MergeFew(std::vector<int32_t>* symbols) const;
  void MergeMany(std::vector<int32_t>* symbols) const;

  absl::flat_hash_map<uint64_t, Target> merges_;
  int32_t next_rank_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BYTE_PAIR_MERGER_H_
