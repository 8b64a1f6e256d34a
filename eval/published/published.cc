// One line per model and source, in the columns of the source.
#include "eval/published/published.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"

namespace limbeck {
namespace {

constexpr ReferenceSource kDeepSeek = {
    ReferenceKind::kPublished, "DeepSeek",
    "DeepSeek-R1, README, section 4 (github.com/deepseek-ai/DeepSeek-R1 at "
    "00f3296)",
    "temperature 0.6, top-p 0.95, at most 32,768 tokens, 64 answers a question "
    "for pass@1"};

constexpr ReferenceSource kDeepSeekPaper = {
    ReferenceKind::kPublished, "DeepSeek",
    "DeepSeek-R1, table 2 of the first version (arXiv 2501.12948v1)",
    "temperature 0.6, top-p 0.95, at most 32,768 tokens, 64 answers a question "
    "for pass@1"};

constexpr ReferenceSource kOpenR1 = {
    ReferenceKind::kRemeasured, "open-r1",
    "open-r1, README, Evaluating models (github.com/huggingface/open-r1 at "
    "1416fa0)",
    "LightEval, temperature 0.6, top-p 0.95, at most 32,768 tokens; answers a "
    "question: AIME 2024 64, MATH-500 4, GPQA-Diamond 8, LiveCodeBench 16"};

constexpr ReferenceSource kSoberLook = {
    ReferenceKind::kSeeds, "sober look",
    "A Sober Look at Progress in Language Model Reasoning (arXiv 2504.07086)",
    "mean and standard deviation over seeds, one answer a question and seed"};

constexpr ReferenceMetric kPass = ReferenceMetric::kPassAt1;
constexpr ReferenceMetric kCons = ReferenceMetric::kConsAt64;
constexpr ReferenceMetric kRating = ReferenceMetric::kCodeforcesRating;

constexpr const char* kAime24 = "aime24";
constexpr const char* kAime25 = "aime25";
constexpr const char* kMath500 = "math500";
constexpr const char* kGpqa = "gpqa_diamond";
constexpr const char* kLiveCode = "livecodebench";
constexpr const char* kCodeforces = "codeforces";

// A line of DeepSeek's table of distilled models.
struct DistillLine {
  absl::string_view model;
  double aime_pass, aime_cons, math, gpqa, live_code, rating;
};
constexpr DistillLine kDistilled[] = {
    {"GPT-4o-0513", 9.3, 13.4, 74.6, 49.9, 32.9, 759},
    {"Claude-3.5-Sonnet-1022", 16.0, 26.7, 78.3, 65.0, 38.9, 717},
    {"o1-mini", 63.6, 80.0, 90.0, 60.0, 53.8, 1820},
    {"QwQ-32B-Preview", 44.0, 60.0, 90.6, 54.5, 41.9, 1316},
    {"DeepSeek-R1-Distill-Qwen-1.5B", 28.9, 52.7, 83.9, 33.8, 16.9, 954},
    {"DeepSeek-R1-Distill-Qwen-7B", 55.5, 83.3, 92.8, 49.1, 37.6, 1189},
    {"DeepSeek-R1-Distill-Qwen-14B", 69.7, 80.0, 93.9, 59.1, 53.1, 1481},
    {"DeepSeek-R1-Distill-Qwen-32B", 72.6, 83.3, 94.3, 62.1, 57.2, 1691},
    {"DeepSeek-R1-Distill-Llama-8B", 50.4, 80.0, 89.1, 49.0, 39.6, 1205},
    {"DeepSeek-R1-Distill-Llama-70B", 70.0, 86.7, 94.5, 65.2, 57.5, 1633},
};

// Of open-r1's four tables.
struct OpenR1Line {
  absl::string_view model;
  double aime, math, gpqa, live_code;
};
constexpr OpenR1Line kRemeasured[] = {
    {"DeepSeek-R1-Distill-Qwen-1.5B", 30.7, 83.1, 35.8, 16.1},
    {"DeepSeek-R1-Distill-Qwen-7B", 50.8, 94.5, 50.5, 37.4},
    {"DeepSeek-R1-Distill-Qwen-14B", 65.9, 94.1, 61.5, 51.3},
    {"DeepSeek-R1-Distill-Qwen-32B", 69.7, 95.6, 63.1, 56.0},
    {"DeepSeek-R1-Distill-Llama-8B", 43.9, 88.6, 46.7, 37.4},
    {"DeepSeek-R1-Distill-Llama-70B", 63.0, 95.1, 67.4, 55.9},
};

struct MeanAndSpread {
  double mean, spread;
};
struct SeedsLine {
  absl::string_view model;
  MeanAndSpread aime24, aime25, math;
};
constexpr SeedsLine kOverSeeds[] = {
    {"DeepSeek-R1-Distill-Qwen-1.5B", {28.7, 4.8}, {22.3, 5.2}, {84.9, 0.3}},
    {"DeepSeek-R1-Distill-Qwen-7B", {52.3, 6.3}, {39.0, 5.9}, {94.1, 0.3}},
    {"DeepSeek-R1-Distill-Qwen-32B", {67.0, 1.9}, {55.3, 5.7}, {95.1, 0.7}},
};

void AddDeepSeek(std::vector<ReferenceRow>* rows) {
  const auto add = [&](absl::string_view model, absl::string_view benchmark,
                       ReferenceMetric metric, double value,
                       const ReferenceSource& source) {
    rows->push_back({model, benchmark, metric, value, std::nullopt, &source});
  };
  add("DeepSeek-R1", kAime24, kPass, 79.8, kDeepSeek);
  add("DeepSeek-R1", kMath500, kPass, 97.3, kDeepSeek);
  add("DeepSeek-R1", kGpqa, kPass, 71.5, kDeepSeek);
  add("DeepSeek-R1", kLiveCode, kPass, 65.9, kDeepSeek);
  add("DeepSeek-R1", kCodeforces, kRating, 2029, kDeepSeek);
  add("DeepSeek-R1-Zero", kAime24, kPass, 71.0, kDeepSeekPaper);
  add("DeepSeek-R1-Zero", kAime24, kCons, 86.7, kDeepSeekPaper);
  add("DeepSeek-R1-Zero", kMath500, kPass, 95.9, kDeepSeekPaper);
  add("DeepSeek-R1-Zero", kGpqa, kPass, 73.3, kDeepSeekPaper);
  add("DeepSeek-R1-Zero", kLiveCode, kPass, 50.0, kDeepSeekPaper);
  add("DeepSeek-R1-Zero", kCodeforces, kRating, 1444, kDeepSeekPaper);
  for (const DistillLine& line : kDistilled) {
    add(line.model, kAime24, kPass, line.aime_pass, kDeepSeek);
    add(line.model, kAime24, kCons, line.aime_cons, kDeepSeek);
    add(line.model, kMath500, kPass, line.math, kDeepSeek);
    add(line.model, kGpqa, kPass, line.gpqa, kDeepSeek);
    add(line.model, kLiveCode, kPass, line.live_code, kDeepSeek);
    add(line.model, kCodeforces, kRating, line.rating, kDeepSeek);
  }
}

void AddRemeasured(std::vector<ReferenceRow>* rows) {
  for (const OpenR1Line& line : kRemeasured) {
    for (const auto& [benchmark, value] :
         {std::pair(kAime24, line.aime), std::pair(kMath500, line.math),
          std::pair(kGpqa, line.gpqa), std::pair(kLiveCode, line.live_code)}) {
      rows->push_back(
          {line.model, benchmark, kPass, value, std::nullopt, &kOpenR1});
    }
  }
  for (const SeedsLine& line : kOverSeeds) {
    for (const auto& [benchmark, value] :
         {std::pair(kAime24, line.aime24), std::pair(kAime25, line.aime25),
          std::pair(kMath500, line.math)}) {
      rows->push_back({line.model, benchmark, kPass, value.mean, value.spread,
                       &kSoberLook});
    }
  }
}

absl::string_view WithoutOwner(absl::string_view model) {
  const size_t slash = model.rfind('/');
  return slash == absl::string_view::npos ? model : model.substr(slash + 1);
}

}  // namespace

absl::string_view MetricName(ReferenceMetric metric) {
  switch (metric) {
    case ReferenceMetric::kPassAt1:
      return "pass@1";
    case ReferenceMetric::kConsAt64:
      return "cons@64";
    case ReferenceMetric::kCodeforcesRating:
      return "rating";
  }
  return "";
}

absl::Span<const ReferenceRow> AllReferences() {
  static const auto* rows = [] {
    auto* all = new std::vector<ReferenceRow>;
    AddDeepSeek(all);
    AddRemeasured(all);
    return all;
  }();
  return *rows;
}

std::vector<absl::string_view> ReferenceModels(absl::string_view benchmark) {
  std::vector<absl::string_view> models;
  for (const ReferenceRow& row : AllReferences()) {
    if (row.benchmark != benchmark) continue;
    if (std::find(models.begin(), models.end(), row.model) == models.end()) {
      models.push_back(row.model);
    }
  }
  return models;
}

std::vector<ReferenceRow> FindReferences(absl::string_view benchmark,
                                         absl::string_view model) {
  std::vector<ReferenceRow> found;
  for (const ReferenceRow& row : AllReferences()) {
    if (row.benchmark == benchmark &&
        absl::EqualsIgnoreCase(row.model, WithoutOwner(model))) {
      found.push_back(row);
    }
  }
  return found;
}

}  // namespace limbeck
