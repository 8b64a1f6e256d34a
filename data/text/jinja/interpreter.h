// Runs a parsed template.
#ifndef LIMBECK_DATA_TEXT_JINJA_INTERPRETER_H_
#define LIMBECK_DATA_TEXT_JINJA_INTERPRETER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/text/jinja/syntax.h"
#include "data/text/jinja/value.h"

namespace limbeck::jinja {

struct RenderLimits {
  int64_t max_steps = 1'000'000;  // statements and expressions
  size_t max_bytes = size_t{64} << 20;
  int max_depth = 60;  // macros that call macros
};

struct RenderOptions {
  std::string date;  // "YYYY-MM-DD" for strftime_now
  RenderLimits limits;
};

// Errors: what the template raises (Aborted, its own message alone); anything
// else with the line; ResourceExhausted beyond the limits.
absl::StatusOr<std::string> Run(const Block& block, const Dict& variables,
                                const RenderOptions& options);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_INTERPRETER_H_
