// Names and sample counts, one table.
#include "eval/benchmarks/benchmark_problem.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace limbeck {
namespace {

struct Facts {
  absl::string_view name;
  int samples;
};

constexpr std::array<Facts, 8> kFacts = {{{"aime24", 64},
                                          {"aime25", 64},
                                          {"math500", 4},
                                          {"gpqa_diamond", 8},
                                          {"livecodebench", 16},
                                          {"codeforces", 8},
                                          {"gsm8k", 1},
                                          {"jsonl", 4}}};

const Facts& FactsOf(BenchmarkId benchmark) {
  return kFacts[static_cast<size_t>(benchmark)];
}

}  // namespace

const std::vector<std::string>& BenchmarkNames() {
  static const auto* names = [] {
    auto* all = new std::vector<std::string>;
    for (const Facts& facts : kFacts) all->emplace_back(facts.name);
    return all;
  }();
  return *names;
}

absl::string_view NameOf(BenchmarkId benchmark) {
  return FactsOf(benchmark).name;
}

absl::StatusOr<BenchmarkId> BenchmarkIdFromName(absl::string_view name) {
  for (size_t i = 0; i < kFacts.size(); ++i) {
    if (kFacts[i].name == name) return static_cast<BenchmarkId>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown benchmark '", name,
                   "', known: ", absl::StrJoin(BenchmarkNames(), ", ")));
}

int DefaultSamples(BenchmarkId benchmark) { return FactsOf(benchmark).samples; }

bool IsCodeBenchmark(BenchmarkId benchmark) {
  return benchmark == BenchmarkId::kLiveCodeBench ||
         benchmark == BenchmarkId::kCodeforces;
}

}  // namespace limbeck
