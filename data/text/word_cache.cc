// A direct-mapped table of 64-byte slots.
#include "data/text/word_cache.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

namespace limbeck {

uint64_t WordCache::Hash(absl::string_view piece) {
  return absl::Hash<absl::string_view>{}(piece);
}

void WordCache::Insert(absl::string_view piece, uint64_t hash,
                       absl::Span<const int32_t> ids) {
  if (piece.size() > kMaxBytes || ids.empty() || ids.size() > kMaxIds) return;
  Slot& slot = slots_[hash % kSlots];
  slot.bytes = static_cast<uint8_t>(piece.size());
  slot.count = static_cast<uint8_t>(ids.size());
  std::copy(piece.begin(), piece.end(), slot.key);
  std::copy(ids.begin(), ids.end(), slot.ids);
}

std::unique_ptr<WordCache> WordCachePool::Take() {
  {
    absl::MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<WordCache> cache = std::move(idle_.back());
      idle_.pop_back();
      return cache;
    }
  }
  return std::make_unique<WordCache>();
}

void WordCachePool::GiveBack(std::unique_ptr<WordCache> cache) {
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(cache));
}

}  // namespace limbeck
