// Reads the pickles that hold LiveCodeBench's hidden tests without running
// anything: a pickle is a program, and this machine knows harmless words only.
#ifndef LIMBECK_EVAL_BENCHMARKS_PICKLE_READER_H_
#define LIMBECK_EVAL_BENCHMARKS_PICKLE_READER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

struct PickleLimits {
  uint64_t max_values = uint64_t{1} << 20;  // made in all
  int max_depth = 32;
  uint64_t max_string_bytes = uint64_t{1} << 30;  // of all strings together
};

// The value of a pickle of protocol 1 to 5 that is made of texts, bytes (as a
// text, UTF-8 only), lists, dicts with text keys, and None. Every other opcode
// is refused by name and offset, before anything of it is done.
absl::StatusOr<Json> ReadPickle(absl::string_view bytes,
                                const PickleLimits& limits = {});

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_PICKLE_READER_H_
