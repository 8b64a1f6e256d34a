// How often a text says the same thing again.
#ifndef LIMBECK_DATA_STAGES_REPETITION_H_
#define LIMBECK_DATA_STAGES_REPETITION_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

struct Repetition {
  uint64_t count = 0;  // 0: the text has none of these pieces
  Span first;          // where the piece stands for the first time
};

// The n-gram of words (separated by white space) that occurs most often,
// overlaps counted; the earliest of equals. Exact: hashes only sort.
Repetition MostFrequentNgram(absl::string_view text, int words);

// The same for paragraphs: runs of lines between blank lines, without the
// white space at their ends.
Repetition MostFrequentParagraph(absl::string_view text);

// Words separated by white space.
uint64_t CountWords(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_REPETITION_H_
