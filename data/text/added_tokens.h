// Finds added tokens ("<|end|>") inside a text.
#ifndef LIMBECK_DATA_TEXT_ADDED_TOKENS_H_
#define LIMBECK_DATA_TEXT_ADDED_TOKENS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace limbeck {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool normalized = false;  // looked for after normalisation
  bool special = false;
  bool single_word = false;  // not next to a word character (\w)
  bool lstrip = false;       // takes the blanks before it
  bool rstrip = false;       // takes the blanks after it
};

class AddedTokenMatcher {
 public:
  // Empty contents never match. Of equal contents the first stays.
  void Add(const AddedToken& token);

  bool empty() const { return tokens_.empty(); }

  // Calls visit(text, id) for the stretches of the text in order: an added
  // token (id >= 0) or what lies between (-1). Leftmost matches win, of those
  // at one place the longest. At most the longest content's length steps per
  // byte.
  void Split(absl::string_view text,
             absl::FunctionRef<void(absl::string_view, int32_t)> visit) const;

 private:
  struct Node {
    std::map<char, size_t> children;
    int32_t token = -1;  // index
  };
  // Longest match at the start of `text`; length 0: none.
  struct Match {
    size_t length = 0;
    int32_t token = -1;
  };
  Match Longest(absl::string_view text) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<AddedToken> tokens_;
  std::array<bool, 256> may_begin_{};  // by first byte
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_ADDED_TOKENS_H_
