// The data behind NFC, written by data/text/make_unicode_tables.py.
#ifndef LIMBECK_DATA_TEXT_NFC_TABLES_H_
#define LIMBECK_DATA_TEXT_NFC_TABLES_H_

#include <cstdint>

#include "absl/types/span.h"

namespace limbeck {

// Code points of one canonical combining class above 0.
struct CombiningRange {
  uint32_t first;
  uint32_t last;
  uint8_t combining_class;
};

// One step of canonical decomposition; second is 0 where there is none.
struct Decomposition {
  uint32_t code;
  uint32_t first;
  uint32_t second;
  bool joins;  // NFC composes it again
};

// Sorted by code point. Hangul syllables are not listed.
absl::Span<const CombiningRange> CombiningRanges();
absl::Span<const Decomposition> Decompositions();

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_NFC_TABLES_H_
