// Where Math-Verify 0.8.0 looks for an answer, and in which order.
//
// Priorities, lower ones first: 0 "final answer is X. I hope"; 50 "final answer
// is X" and boxes (boxes at 0 by option); 100 "answer: ... X"; 200 "answer ...
// X"; 300 X anywhere. Of one priority the match that ends last comes first. X
// is a formula ($..$, $$..$$, \(..\), \[..\], [ .. ], \frac{n}{n}; several
// joined by comma, "and", "or" are a set) or a plain number or sum of numbers.
#ifndef LIMBECK_DATA_VERIFY_COMPAT_EXTRACT_H_
#define LIMBECK_DATA_VERIFY_COMPAT_EXTRACT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

struct CompatOptions;

// Of a longer text only the end is searched, so that no text takes long: 50,000
// tokens of English.
inline constexpr size_t kCompatBytes = 200'000;

struct CompatCandidate {
  int priority = 0;
  size_t end = 0;      // where its match ends in the text
  std::string text;    // a number's separators are gone, "%" is appended
  bool plain = false;  // a number, not a formula
};

// In the order in which they are tried, at most 64, of the last kCompatBytes.
std::vector<CompatCandidate> CompatCandidates(absl::string_view text,
                                              const CompatOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_COMPAT_EXTRACT_H_
