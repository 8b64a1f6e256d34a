// HTML text for the report: everything that enters is escaped.
#ifndef LIMBECK_RECIPES_REPORT_HTML_H_
#define LIMBECK_RECIPES_REPORT_HTML_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck::report {

// Text as HTML: markup characters become entities, bytes that are no UTF-8
// become U+FFFD, control characters (but line break and tab) become visible
// pictures (U+2400 block), bidirectional overrides become U+FFFD.
std::string Escape(absl::string_view text);

// As Escape, of the first `max_bytes` at most (cut between characters); says
// how many bytes were left out.
std::string Excerpt(absl::string_view text, size_t max_bytes);

// `text` in <code>, escaped.
std::string Code(absl::string_view text);
// The first digits of a hexadecimal digest, as <code>.
std::string Digest(absl::string_view hex);

// A table; every cell is HTML already (use Escape). Numeric columns align
// right: `numeric[i]` says so for column i.
struct Table {
  std::vector<std::string> head;
  std::vector<bool> numeric;
  std::vector<std::vector<std::string>> rows;
};
// On narrow screens a table of more than kWideColumns columns is laid out as
// one block per row, each cell under its column's name.
inline constexpr size_t kWideColumns = 4;
std::string ToHtml(const Table& table);

// A titled part of the page. `sources` names the artefact files that the
// figures come from, relative to the workspace.
struct Section {
  std::string id;
  std::string title;
  std::string guide;  // how to read it, plain text; may be empty
  std::string body;   // HTML
  std::vector<std::string> sources;
};
std::string ToHtml(const Section& section);

// The sources without repetition; many files of one name in different folders
// are put together: "manifest.textproto of a, b, c".
std::string SourceList(const std::vector<std::string>& sources);

// Stands at the head of every page, by which we know our own.
inline constexpr absl::string_view kPageMark =
    "<meta name=\"generator\" content=\"limbeck\">";

// The whole page around the sections, with style sheet and a
// Content-Security-Policy that forbids everything but that style.
std::string Page(absl::string_view title, absl::string_view lead_html,
                 const std::vector<Section>& sections);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_HTML_H_
