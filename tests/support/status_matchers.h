// Matchers and macros for absl::Status in tests. To be deleted once the
// packaged Abseil ships its own.
#ifndef LIMBECK_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define LIMBECK_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {

inline absl::Status StatusOf(const absl::Status& status) { return status; }

template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// EXPECT_THAT(Open(path), IsOk());
MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

// EXPECT_THAT(Open(path), IsError(absl::StatusCode::kDataLoss, "byte 12"));
MATCHER_P2(IsError, code, text,
           std::string("is ") + absl::StatusCodeToString(code) + " with \"" +
               text + "\"") {
  const absl::Status status = StatusOf(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         std::string(status.message()).find(text) != std::string::npos;
}

}  // namespace limbeck

#define LIMBECK_ASSERT_OK(expression) \
  ASSERT_THAT((expression), ::limbeck::IsOk())
#define LIMBECK_EXPECT_OK(expression) \
  EXPECT_THAT((expression), ::limbeck::IsOk())

#define LIMBECK_ASSERT_OK_AND_ASSIGN_(result, lhs, expression) \
  auto result = (expression);                                  \
  ASSERT_THAT(result, ::limbeck::IsOk());                      \
  lhs = *std::move(result)

// LIMBECK_ASSERT_OK_AND_ASSIGN(auto value, Compute());
#define LIMBECK_ASSERT_OK_AND_ASSIGN(lhs, expression)                       \
  LIMBECK_ASSERT_OK_AND_ASSIGN_(LIMBECK_CONCAT_(limbeck_assert_, __LINE__), \
                                lhs, expression)

#endif  // LIMBECK_TESTS_SUPPORT_STATUS_MATCHERS_H_
