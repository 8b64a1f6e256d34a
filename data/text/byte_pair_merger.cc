// A linked list of symbols and a heap of candidate merges.
#include "data/text/byte_pair_merger.h"

#include <functional>
#include <queue>
#include <tuple>

namespace limbeck {
namespace {

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 |
         static_cast<uint32_t>(right);
}

struct Symbol {
  int32_t id;
  int32_t previous;  // -1: none
  int32_t next;      // -1: none
  bool alive;
};

struct Candidate {
  int32_t rank;
  int32_t left;  // symbol index
  int32_t merged;
  int32_t left_id;  // as they were when the candidate was found
  int32_t right_id;

  bool operator>(const Candidate& other) const {
    return std::tie(rank, left) > std::tie(other.rank, other.left);
  }
};

using Heap = std::priority_queue<Candidate, std::vector<Candidate>,
                                 std::greater<Candidate>>;

}  // namespace

void BytePairMerger::AddMerge(int32_t left, int32_t right, int32_t merged) {
  merges_.insert_or_assign(PairKey(left, right), Merge{next_rank_++, merged});
}

const BytePairMerger::Merge* BytePairMerger::Find(int32_t left,
                                                  int32_t right) const {
  const auto found = merges_.find(PairKey(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairMerger::Encode(absl::string_view piece,
                            std::vector<int32_t>* ids) const {
  std::vector<Symbol> symbols;
  const auto count = static_cast<int32_t>(piece.size());
  for (int32_t i = 0; i < count; ++i) {
    symbols.push_back({byte_ids_[static_cast<uint8_t>(piece[i])], i - 1,
                       i + 1 < count ? i + 1 : -1, true});
  }
  Heap heap;
  const auto offer = [&](int32_t left) {
    if (left < 0 || symbols[left].next < 0) return;
    const Symbol& a = symbols[left];
    const Symbol& b = symbols[a.next];
    if (const Merge* merge = Find(a.id, b.id)) {
      heap.push({merge->rank, left, merge->merged, a.id, b.id});
    }
  };
  for (int32_t i = 0; i < count; ++i) offer(i);
  while (!heap.empty()) {
    const Candidate top = heap.top();
    heap.pop();
    Symbol& left = symbols[top.left];
    if (!left.alive || left.id != top.left_id || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    if (right.id != top.right_id) continue;
    right.alive = false;
    left.id = top.merged;
    left.next = right.next;
    if (left.next >= 0) symbols[left.next].previous = top.left;
    offer(left.previous);
    offer(top.left);
  }
  for (int32_t i = count > 0 ? 0 : -1; i >= 0; i = symbols[i].next) {
    ids->push_back(symbols[i].id);
  }
}

}  // namespace limbeck
