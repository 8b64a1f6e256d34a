// Few symbols: the ranks of all pairs in an array, searched anew for each
// merge. Many: a linked list of symbols and a heap of candidates.
#include "data/text/byte_pair_merger.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>

namespace limbeck {
namespace {

constexpr size_t kFew = 32;  // symbols
constexpr int32_t kNoRank = std::numeric_limits<int32_t>::max();

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
  AddRankedMerge(left, right, merged, next_rank_++);
}

void BytePairMerger::AddRankedMerge(int32_t left, int32_t right, int32_t merged,
                                    int32_t rank) {
  merges_.insert_or_assign(PairKey(left, right), Target{rank, merged});
}

const BytePairMerger::Target* BytePairMerger::Find(int32_t left,
                                                   int32_t right) const {
  const auto found = merges_.find(PairKey(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairMerger::Merge(std::vector<int32_t>* symbols) const {
  if (symbols->size() < 2) return;
  if (symbols->size() <= kFew) {
    MergeFew(symbols);
  } else {
    MergeMany(symbols);
  }
}

void BytePairMerger::MergeFew(std::vector<int32_t>* symbols) const {
  std::array<Target, kFew> pairs;  // of symbols i and i + 1
  const auto look_up = [&](size_t i) {
    const Target* found = Find((*symbols)[i], (*symbols)[i + 1]);
    pairs[i] = found == nullptr ? Target{kNoRank, -1} : *found;
  };
  size_t count = symbols->size();
  for (size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoRank) break;
    (*symbols)[best] = pairs[best].merged;
    std::copy(symbols->begin() + static_cast<ptrdiff_t>(best + 2),
              symbols->begin() + static_cast<ptrdiff_t>(count),
              symbols->begin() + static_cast<ptrdiff_t>(best + 1));
    std::copy(pairs.begin() + best + 1, pairs.begin() + count - 1,
              pairs.begin() + best);
    --count;
    if (best > 0) look_up(best - 1);
    if (best + 1 < count) look_up(best);
  }
  symbols->resize(count);
}

void BytePairMerger::MergeMany(std::vector<int32_t>* ids) const {
  std::vector<Symbol> symbols;
  const auto count = static_cast<int32_t>(ids->size());
  symbols.reserve(ids->size());
  for (int32_t i = 0; i < count; ++i) {
    symbols.push_back({(*ids)[static_cast<size_t>(i)], i - 1,
                       i + 1 < count ? i + 1 : -1, true});
  }
  Heap heap;
  const auto offer = [&](int32_t left) {
    if (left < 0 || symbols[left].next < 0) return;
    const Symbol& a = symbols[left];
    const Symbol& b = symbols[a.next];
    if (const Target* target = Find(a.id, b.id)) {
      heap.push({target->rank, left, target->merged, a.id, b.id});
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
  ids->clear();
  for (int32_t i = 0; i >= 0; i = symbols[i].next) {
    ids->push_back(symbols[i].id);
  }
}

}  // namespace limbeck
