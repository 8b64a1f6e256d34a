// Which reference problem holds a word n-gram.
#ifndef LIMBECK_DATA_STAGES_NGRAM_INDEX_H_
#define LIMBECK_DATA_STAGES_NGRAM_INDEX_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

struct NgramMatch {
  uint64_t shared_ngrams = 0;  // places of the text; 1 for a whole short item
  Span first;                  // bytes of the first place
  std::string problem_id;      // smallest id of the first place's owners
};

// N-grams are kept as text, so a match is a match. An item shorter than n
// words is found only by texts that consist of the same words.
class NgramIndex {
 public:
  explicit NgramIndex(int words) : words_(static_cast<size_t>(words)) {}

  void Add(absl::string_view text, absl::string_view problem_id);
  std::optional<NgramMatch> Find(absl::string_view text) const;

 private:
  using Owners = std::unordered_map<std::string, std::string>;
  static void Claim(Owners& owners, std::string key,
                    absl::string_view problem_id);

  const size_t words_;
  Owners ngrams_;       // n-gram -> smallest problem id
  Owners short_texts_;  // all words -> smallest problem id
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_NGRAM_INDEX_H_
