// In which language a model chose to answer.
#ifndef LIMBECK_EVAL_PROGRAM_LANGUAGE_H_
#define LIMBECK_EVAL_PROGRAM_LANGUAGE_H_

#include "absl/strings/string_view.h"
#include "data/judge/judge_request.h"

namespace limbeck {

// The tag of the last fenced block that carries one ("cpp", "c++", "python",
// "py", ...); without tags C++ where the text includes a header, else Python.
ProgramLanguage LanguageOf(absl::string_view text);

// Whether every block that names a language names another than this one (Java,
// say): then there is no program in it.
bool OnlyInOtherLanguages(absl::string_view text, ProgramLanguage language);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_PROGRAM_LANGUAGE_H_
