// Byte-pair merges inside one piece of text.
#ifndef LIMBECK_DATA_TEXT_BYTE_PAIR_MERGER_H_
#define LIMBECK_DATA_TEXT_BYTE_PAIR_MERGER_H_

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

class BytePairMerger {
 public:
  // byte_ids: id of each single byte.
  explicit BytePairMerger(const std::array<int32_t, 256>& byte_ids)
      : byte_ids_(byte_ids) {}

  // Merges are ranked by the order of the calls; a pair given again keeps the
  // later rank and id, as the reference library's map does.
  void AddMerge(int32_t left, int32_t right, int32_t merged);

  // Appends the ids of `piece`: the pair of lowest rank is merged first, of
  // equal ones the leftmost. n log n.
  void Encode(absl::string_view piece, std::vector<int32_t>* ids) const;

 private:
  struct Merge {
    int32_t rank;
    int32_t merged;
  };
  const Merge* Find(int32_t left, int32_t right) const;

  std::array<int32_t, 256> byte_ids_;
  std::unordered_map<uint64_t, Merge> merges_;
  int32_t next_rank_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_BYTE_PAIR_MERGER_H_
