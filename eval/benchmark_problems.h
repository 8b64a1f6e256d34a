// Problem files of benchmarks, one reader per layout.
#ifndef LIMBECK_EVAL_BENCHMARK_PROBLEMS_H_
#define LIMBECK_EVAL_BENCHMARK_PROBLEMS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/records.pb.h"

namespace limbeck {

// Where a sample's answer stands.
enum class AnswerRule {
  kBoxed,        // in the last \boxed{} only
  kBoxedOrBare,  // there, or the text is the bare answer
  kGsm8k,        // there, or after the last "####", or the bare answer
};

struct BenchmarkProblem {
  std::string id;
  std::string question;
  std::string gold;
  AnswerKind kind = ANSWER_KIND_INTEGER;
  AnswerRule rule = AnswerRule::kBoxedOrBare;
  std::string refusal;  // why it cannot be scored; empty: it can
};

// All names of the command line, served or not.
const std::vector<std::string>& BenchmarkNames();

// Reads the problems of a benchmark. Lines of JSON, or one JSON list. Keys are
// looked up without regard to case; a problem without id gets its zero-based
// row number. Layouts:
//   jsonl   {"id","problem","answer", optional "kind": "integer" | "string"}
//   gsm8k   {"question","answer": "... #### N"}
//   aime24, aime25   {"id","problem","answer" or "expected_answer"}
// Errors name file and line. No problem at all is an error.
absl::StatusOr<std::vector<BenchmarkProblem>> ReadBenchmarkProblems(
    absl::string_view name, const std::string& path);

// Calls body(object) for each object of a JSONL file ("-" is standard input)
// or of one JSON list. Errors get the path and the line in front.
absl::Status ForEachObject(
    const std::string& path,
    const std::function<absl::Status(const Json&)>& body);

// A string, or an integer as its digits.
absl::StatusOr<std::string> TextOrInteger(const Json& json,
                                          absl::string_view key);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARK_PROBLEMS_H_
