// Requests and results of the judge as JSON: the lines of `limbeck judge`.
#ifndef LIMBECK_DATA_JUDGE_JUDGE_JSON_H_
#define LIMBECK_DATA_JUDGE_JUDGE_JSON_H_

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/judge/judge_request.h"

namespace limbeck {

// {"language", "code", "tests": [{"input", "output"}], optional "function",
// "time_limit_s", "memory_limit_mb", "checker", "all_tests", "interactive",
// "input_file", "output_file"}; docs/judge.md. Other members are ignored.
absl::StatusOr<JudgeRequest> JudgeRequestFromJson(const Json& json);

// "lines", ... or {"name": "floats", "epsilon"}, {"name": "python" | "testlib",
// "code"}.
absl::StatusOr<CheckerSpec> CheckerFromJson(const Json& json);

// "python" or "cpp".
absl::StatusOr<ProgramLanguage> ProgramLanguageFromName(absl::string_view name);

// {"verdict", "tests": [{"verdict", "seconds", "peak_mb", "wall_seconds",
// "runs"}], "isolation", "detail"}, "skipped" and "unsafe_verdict" where they
// apply.
Json JudgeResultToJson(const JudgeResult& result);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_JUDGE_JSON_H_
