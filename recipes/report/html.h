// HTML text for the report: everything that enters is escaped.
#ifndef LIMBECK_RECIPES_REPORT_HTML_H_
#define LIMBECK_RECIPES_REPORT_HTML_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck::report {

// Text as HTML: markup characters become entities, bytes that are no UTF-8
// become U+FFFD, control characters (but line break and tab) become visible
// pictures (U+2400 block), bidirectional overrides become U+FFFD.
std::string Escape(absl::string_view text);

// "1,234,567"
std::string Count(uint64_t number);
// 0.1234 as "12.3 %"
std::string Percent(double share);
// "12 s", "3 min 20 s", "2 h 5 min"
std::string Duration(double seconds);
// Three significant digits, "1.23e-05" for the very small.
std::string Figure(double number);

// A table; every cell is HTML already (use Escape). Numeric columns align
// right: `numeric[i]` says so for column i.
struct Table {
  std::vector<std::string> head;
  std::vector<bool> numeric;
  std::vector<std::vector<std::string>> rows;
};
std::string ToHtml(const Table& table);

// A titled part of the page. `source` names the artefact files that the
// figures come from, relative to the workspace.
struct Section {
  std::string id;
  std::string title;
  std::string body;  // HTML
  std::vector<std::string> sources;
};
std::string ToHtml(const Section& section);

// The whole page around the sections, with style sheet and a
// Content-Security-Policy that forbids everything but that style.
std::string Page(absl::string_view title, absl::string_view lead_html,
                 const std::vector<Section>& sections);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_HTML_H_
