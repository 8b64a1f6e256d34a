// Ids of pieces that were encoded before: most words of a text are frequent.
#ifndef LIMBECK_DATA_TEXT_WORD_CACHE_H_
#define LIMBECK_DATA_TEXT_WORD_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"

namespace limbeck {

// One place per hash, the later piece stays: 2 MiB. Not thread-safe.
class WordCache {
 public:
  static constexpr size_t kMaxBytes = 26;
  static constexpr size_t kMaxIds = 8;

  WordCache() : slots_(kSlots) {}

  static uint64_t Hash(absl::string_view piece);

  // Empty: not there. hash: Hash(piece).
  absl::Span<const int32_t> Find(absl::string_view piece, uint64_t hash) const {
    const Slot& slot = slots_[hash % kSlots];
    const bool found = slot.bytes == piece.size() &&
                       std::memcmp(slot.key, piece.data(), piece.size()) == 0;
    return {slot.ids, found ? slot.count : size_t{0}};
  }

  // Longer pieces, and those of more ids, are not kept.
  void Insert(absl::string_view piece, uint64_t hash,
              absl::Span<const int32_t> ids);

 private:
  static constexpr size_t kSlots = 1 << 15;
  struct Slot {
    int32_t ids[kMaxIds];
    char key[kMaxBytes];
    uint8_t bytes = 0;
    uint8_t count = 0;
  };

  std::vector<Slot> slots_;
};

// Caches for as many threads as encode at one time.
class WordCachePool {
 public:
  // Gives its cache back when it goes.
  class Lease {
   public:
    explicit Lease(WordCachePool& pool) : pool_(pool), cache_(pool.Take()) {}
    ~Lease() { pool_.GiveBack(std::move(cache_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    WordCache& operator*() { return *cache_; }

   private:
    WordCachePool& pool_;
    std::unique_ptr<WordCache> cache_;
  };

 private:
  std::unique_ptr<WordCache> Take();
  void GiveBack(std::unique_ptr<WordCache> cache);

  absl::Mutex mutex_;
  std::vector<std::unique_ptr<WordCache>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_WORD_CACHE_H_
