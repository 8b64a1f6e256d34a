// Which part of a model's answer is the program.
#ifndef LIMBECK_DATA_JUDGE_CODE_EXTRACTION_H_
#define LIMBECK_DATA_JUDGE_CODE_EXTRACTION_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "data/judge/judge_request.h"
#include "data/verify/verify_mode.h"

namespace limbeck {

// The program in `answer`; nullopt: there is none.
// kSound: behind the last </think> (an open <think> means no answer), the last
// fenced block (``` or ~~~) tagged with the language ("python", "py",
// "python3"; "cpp", "c++", "cc", "cxx"), else the last without a tag, else the
// last of all; a block that is not closed goes to the end. Indentation of the
// fence is taken off its lines. Blank blocks do not count.
// kCompat: LiveCodeBench's extract_code at 28fef95: of the whole text the lines
// between the last two that contain three backticks, whatever they are; fewer
// than two such lines: none.
std::optional<std::string> ExtractCode(absl::string_view answer,
                                       ProgramLanguage language,
                                       VerifyMode mode);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_CODE_EXTRACTION_H_
