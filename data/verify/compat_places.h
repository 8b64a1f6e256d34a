// The two things that Math-Verify looks for: formulas and plain numbers.
#ifndef LIMBECK_DATA_VERIFY_COMPAT_PLACES_H_
#define LIMBECK_DATA_VERIFY_COMPAT_PLACES_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

// A match that begins at a given byte.
struct CompatPlace {
  size_t end = 0;    // first byte behind it
  std::string text;  // what is parsed
};

// Finds formulas of one text; closing marks are indexed once, so that a text
// of opening marks costs no more than another. The text must outlive it.
class FormulaFinder {
 public:
  explicit FormulaFinder(absl::string_view text);

  // Up to six formulas joined by comma, "and" or "or", a percent word behind.
  std::optional<CompatPlace> At(size_t at) const;

 private:
  struct Delimiters {
    absl::string_view open;
    absl::string_view close;
    bool many_lines;
  };

  size_t FindClose(size_t at, size_t kind) const;
  std::optional<CompatPlace> Delimited(size_t at) const;
  std::optional<CompatPlace> Bracketed(size_t at) const;
  std::optional<CompatPlace> BareFraction(size_t at) const;
  std::optional<CompatPlace> One(size_t at) const;

  // The last one is "[", which needs blanks around it.
  static constexpr std::array<Delimiters, 5> kDelimiters = {
      {{"$$", "$$", true},
       {"\\[", "\\]", true},
       {"\\(", "\\)", false},
       {"$", "$", false},
       {"[", "]", false}}};

  const absl::string_view text_;
  // Places of each closing mark and of line breaks, rising.
  std::array<std::vector<size_t>, kDelimiters.size()> closes_;
  std::vector<size_t> line_breaks_;
};

// A number, or numbers joined by signs: "1,234.5", "3/4", "2 + 3", "$7.78",
// a percent word behind. It must not begin inside a word.
std::optional<CompatPlace> PlainNumberAt(absl::string_view text, size_t at);

// Bytes of "%", "\%", "percent", "percentage", "pct" at `at`, blanks before
// them included; 0: none.
size_t PercentBytes(absl::string_view text, size_t at);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_COMPAT_PLACES_H_
