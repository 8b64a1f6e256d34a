#include "data/stages/ngram_index.h"

#include <utility>
#include <vector>

#include "data/stages/words.h"

namespace limbeck {
namespace {

Span SpanOf(const std::vector<Word>& words, size_t first, size_t count) {
  Span span;
  span.set_begin(words[first].begin);
  span.set_end(words[first + count - 1].end);
  return span;
}

}  // namespace

void NgramIndex::Claim(Owners& owners, std::string key,
                       absl::string_view problem_id) {
  auto [owner, is_new] =
      owners.try_emplace(std::move(key), std::string(problem_id));
  if (!is_new && problem_id < owner->second) {
    owner->second = std::string(problem_id);
  }
}

void NgramIndex::Add(absl::string_view text, absl::string_view problem_id) {
  const std::vector<Word> words = ContentWords(text);
  if (words.empty()) return;
  if (words.size() < words_) {
    Claim(short_texts_, JoinWords(words, 0, words.size()), problem_id);
    return;
  }
  for (size_t first = 0; first + words_ <= words.size(); ++first) {
    Claim(ngrams_, JoinWords(words, first, words_), problem_id);
  }
}

std::optional<NgramMatch> NgramIndex::Find(absl::string_view text) const {
  const std::vector<Word> words = ContentWords(text);
  NgramMatch match;
  if (words.empty()) return std::nullopt;
  if (words.size() < words_) {
    const auto owner = short_texts_.find(JoinWords(words, 0, words.size()));
    if (owner == short_texts_.end()) return std::nullopt;
    match.shared_ngrams = 1;
    match.first = SpanOf(words, 0, words.size());
    match.problem_id = owner->second;
    return match;
  }
  for (size_t first = 0; first + words_ <= words.size(); ++first) {
    const auto owner = ngrams_.find(JoinWords(words, first, words_));
    if (owner == ngrams_.end()) continue;
    if (match.shared_ngrams++ > 0) continue;
    match.first = SpanOf(words, first, words_);
    match.problem_id = owner->second;
  }
  if (match.shared_ngrams == 0) return std::nullopt;
  return match;
}

}  // namespace limbeck
