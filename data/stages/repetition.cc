#include "data/stages/repetition.h"

#include <functional>
#include <unordered_map>
#include <vector>

#include "absl/strings/ascii.h"

namespace limbeck {
namespace {

constexpr uint64_t kHashBase = 0x9E3779B97F4A7C15u;  // odd: 2^64 / golden ratio

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

std::vector<absl::string_view> SplitAtSpace(absl::string_view text) {
  std::vector<absl::string_view> words;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = at;
    while (at < text.size() && !IsSpace(text[at])) ++at;
    if (at > begin) words.push_back(text.substr(begin, at - begin));
    while (at < text.size() && IsSpace(text[at])) ++at;
  }
  return words;
}

uint64_t HashWord(absl::string_view word) {
  return std::hash<std::string_view>()(
      std::string_view(word.data(), word.size()));
}

Span MakeSpan(absl::string_view text, absl::string_view first,
              absl::string_view last) {
  Span span;
  span.set_begin(static_cast<uint64_t>(first.data() - text.data()));
  span.set_end(static_cast<uint64_t>(last.data() + last.size() - text.data()));
  return span;
}

// Counts n-grams by their first occurrence; words are compared, so equal
// hashes of different n-grams do no harm.
class NgramCounter {
 public:
  NgramCounter(const std::vector<absl::string_view>& words, size_t length)
      : words_(words), length_(length) {}

  // Counts the n-gram that begins at `begin`.
  void Add(size_t begin, uint64_t hash) {
    while (true) {
      auto [entry, is_new] = counts_.try_emplace(hash, Entry{begin, 0});
      if (is_new || Same(entry->second.first, begin)) {
        const uint64_t count = ++entry->second.count;
        if (count > best_count_ ||
            (count == best_count_ && entry->second.first < best_first_)) {
          best_count_ = count;
          best_first_ = entry->second.first;
        }
        return;
      }
      ++hash;
    }
  }

  uint64_t best_count() const { return best_count_; }
  size_t best_first() const { return best_first_; }

 private:
  struct Entry {
    size_t first;
    uint64_t count;
  };

  bool Same(size_t a, size_t b) const {
    for (size_t i = 0; i < length_; ++i) {
      if (words_[a + i] != words_[b + i]) return false;
    }
    return true;
  }

  const std::vector<absl::string_view>& words_;
  const size_t length_;
  std::unordered_map<uint64_t, Entry> counts_;
  uint64_t best_count_ = 0;
  size_t best_first_ = 0;
};

}  // namespace

Repetition MostFrequentNgram(absl::string_view text, int words) {
  const std::vector<absl::string_view> all = SplitAtSpace(text);
  const size_t length = static_cast<size_t>(words);
  Repetition repetition;
  if (all.size() < length) return repetition;
  uint64_t highest_power = 1;  // kHashBase ^ (length - 1)
  for (size_t i = 1; i < length; ++i) highest_power *= kHashBase;
  NgramCounter counter(all, length);
  uint64_t hash = 0;
  for (size_t end = 0; end < all.size(); ++end) {
    if (end >= length) hash -= HashWord(all[end - length]) * highest_power;
    hash = hash * kHashBase + HashWord(all[end]);
    if (end + 1 >= length) counter.Add(end + 1 - length, hash);
  }
  const size_t first = counter.best_first();
  repetition.count = counter.best_count();
  repetition.first = MakeSpan(text, all[first], all[first + length - 1]);
  return repetition;
}

Repetition MostFrequentParagraph(absl::string_view text) {
  std::vector<absl::string_view> paragraphs;
  absl::string_view open;  // lines so far of the paragraph being read
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t found = text.find('\n', begin);
    const size_t end = found == text.npos ? text.size() : found;
    const absl::string_view line = text.substr(begin, end - begin);
    const bool blank = absl::StripAsciiWhitespace(line).empty();
    if (!blank) {
      const char* start = open.empty() ? line.data() : open.data();
      open = absl::string_view(
          start, static_cast<size_t>(line.data() + line.size() - start));
    }
    if ((blank || end == text.size()) && !open.empty()) {
      paragraphs.push_back(absl::StripAsciiWhitespace(open));
      open = absl::string_view();
    }
    begin = end + 1;
  }
  NgramCounter counter(paragraphs, 1);
  for (size_t i = 0; i < paragraphs.size(); ++i) {
    counter.Add(i, HashWord(paragraphs[i]));
  }
  Repetition repetition;
  if (paragraphs.empty()) return repetition;
  const absl::string_view first = paragraphs[counter.best_first()];
  repetition.count = counter.best_count();
  repetition.first = MakeSpan(text, first, first);
  return repetition;
}

uint64_t CountWords(absl::string_view text) {
  return SplitAtSpace(text).size();
}

}  // namespace limbeck
