// Finds added tokens ("<|end|>") inside a text.
#ifndef LIMBECK_DATA_TEXT_ADDED_TOKENS_H_
#define LIMBECK_DATA_TEXT_ADDED_TOKENS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

class AddedTokenMatcher {
 public:
  // Empty contents never match.
  void Add(absl::string_view content, int32_t id);

  // A stretch of the text: an added token (id >= 0) or what lies between.
  struct Segment {
    absl::string_view text;
    int32_t id = -1;
  };
  // The text in order; leftmost matches win, of those at one place the longest.
  // At most the longest content's length steps per byte.
  std::vector<Segment> Split(absl::string_view text) const;

 private:
  struct Node {
    std::map<char, size_t> children;
    int32_t id = -1;
  };
  // Longest match at the start of `text`: its length and id.
  struct Match {
    size_t length = 0;
    int32_t id = -1;
  };
  Match Longest(absl::string_view text) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_ADDED_TOKENS_H_
