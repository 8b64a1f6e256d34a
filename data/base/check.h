// LIMBECK_CHECK: aborts on a programmer's mistake. To be replaced by
// absl/log/check.h once the packaged Abseil has it.
#ifndef LIMBECK_DATA_BASE_CHECK_H_
#define LIMBECK_DATA_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace limbeck::internal {

[[noreturn]] inline void FailCheck(const char* file, int line,
                                   const std::string& text) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, text.c_str());
  std::abort();
}

}  // namespace limbeck::internal

#define LIMBECK_CHECK(condition)                                      \
  do {                                                                \
    if (!(condition)) {                                               \
      ::limbeck::internal::FailCheck(__FILE__, __LINE__, #condition); \
    }                                                                 \
  } while (false)

#define LIMBECK_CHECK_OP_(a, op, b)                                     \
  do {                                                                  \
    const auto& limbeck_a_ = (a);                                       \
    const auto& limbeck_b_ = (b);                                       \
    if (!(limbeck_a_ op limbeck_b_)) {                                  \
      ::limbeck::internal::FailCheck(                                   \
          __FILE__, __LINE__,                                           \
          absl::StrCat(#a " " #op " " #b " (", limbeck_a_, " against ", \
                       limbeck_b_, ")"));                               \
    }                                                                   \
  } while (false)

#define LIMBECK_CHECK_EQ(a, b) LIMBECK_CHECK_OP_(a, ==, b)
#define LIMBECK_CHECK_LT(a, b) LIMBECK_CHECK_OP_(a, <, b)
#define LIMBECK_CHECK_LE(a, b) LIMBECK_CHECK_OP_(a, <=, b)
#define LIMBECK_CHECK_GT(a, b) LIMBECK_CHECK_OP_(a, >, b)
#define LIMBECK_CHECK_GE(a, b) LIMBECK_CHECK_OP_(a, >=, b)

#endif  // LIMBECK_DATA_BASE_CHECK_H_
