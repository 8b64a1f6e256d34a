// One page per benchmark beside the report: its table with published scores,
// the map of problems, what became of the samples, and the samples themselves.
#ifndef LIMBECK_RECIPES_REPORT_BENCHMARK_PAGES_H_
#define LIMBECK_RECIPES_REPORT_BENCHMARK_PAGES_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "recipes/report/html.h"
#include "recipes/report/report_data.h"
#include "recipes/report/sections.h"

namespace limbeck::report {

struct PageFile {
  std::string name;  // "aime24.html", in the folder of the pages
  std::string html;
};

// How large pages may get.
struct PageLimits {
  size_t page_bytes = 600'000;        // more samples begin another page
  size_t samples_bytes = 24'000'000;  // text of all samples of a benchmark
  size_t sample_bytes = 6'000;        // most of one sample's text
};

struct PageContext {
  std::string report_title;
  std::string report_link;  // from a page to the report: "../report.html"
  std::vector<std::string> references;  // models to show from published tables
  PageLimits limits;
};

// All pages of all benchmarks.
std::vector<PageFile> BenchmarkPages(const ReportData& data,
                                     const PageContext& context);

// File names of the benchmarks' first pages, by benchmark: lower-case letters,
// digits and "_-"; distinct.
std::map<std::string, std::string> BenchmarkPageNames(const ReportData& data);

// Scores beside those of published tables; each part is left out where there
// is nothing to show.
Section ResultTable(const BenchmarkGroup& group,
                    const std::vector<std::string>& references);
// Shares of the six outcomes.
Section Reliability(const BenchmarkGroup& group);
// Sampling, prompt, verifier and isolation as scores.json states them.
Section Settings(const BenchmarkGroup& group);

// The samples of a benchmark, spread over as many pages as they need.
struct SampleList {
  struct Part {
    std::string name;  // file; empty: on the benchmark's own page
    std::string body;
  };
  std::vector<Part> parts;
  std::map<std::string, std::string> links;  // "aime24-2.html#p7" by problem
};
SampleList ListSamples(const BenchmarkGroup& group,
                       const std::vector<std::string>& problems,
                       const std::string& page_name, const PageLimits& limits);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_BENCHMARK_PAGES_H_
