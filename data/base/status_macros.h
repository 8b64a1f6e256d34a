// Propagates absl::Status. To be deleted once Abseil ships its own macros.
#ifndef LIMBECK_DATA_BASE_STATUS_MACROS_H_
#define LIMBECK_DATA_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define LIMBECK_CONCAT_INNER_(a, b) a##b
#define LIMBECK_CONCAT_(a, b) LIMBECK_CONCAT_INNER_(a, b)

// Returns from the calling function if `expression` is not OK.
#define LIMBECK_RETURN_IF_ERROR(expression)            \
  do {                                                 \
    absl::Status limbeck_status_ = (expression);       \
    if (!limbeck_status_.ok()) return limbeck_status_; \
  } while (false)

#define LIMBECK_ASSIGN_OR_RETURN_(result, lhs, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return std::move(result).status();     \
  lhs = *std::move(result)

// LIMBECK_ASSIGN_OR_RETURN(auto value, Compute()): value or early return.
#define LIMBECK_ASSIGN_OR_RETURN(lhs, expression)                              \
  LIMBECK_ASSIGN_OR_RETURN_(LIMBECK_CONCAT_(limbeck_statusor_, __LINE__), lhs, \
                            expression)

#endif  // LIMBECK_DATA_BASE_STATUS_MACROS_H_
