#include "data/base/status_macros.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

absl::Status Pass(const absl::Status& status, bool* reached) {
  LIMBECK_RETURN_IF_ERROR(status);
  *reached = true;
  return absl::OkStatus();
}

TEST(StatusMacros, ErrorsReturnEarly) {
  bool reached = false;
  EXPECT_THAT(Pass(absl::NotFoundError("gone"), &reached),
              IsError(absl::StatusCode::kNotFound, "gone"));
  EXPECT_FALSE(reached);
  LIMBECK_EXPECT_OK(Pass(absl::OkStatus(), &reached));
  EXPECT_TRUE(reached);
}

absl::StatusOr<int> AddOne(absl::StatusOr<std::unique_ptr<int>> input) {
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<int> value, std::move(input));
  LIMBECK_ASSIGN_OR_RETURN(const int one, absl::StatusOr<int>(1));
  return *value + one;
}

TEST(StatusMacros, ValuesAreMovedOut) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const int sum, AddOne(std::make_unique<int>(4)));
  EXPECT_EQ(sum, 5);
  EXPECT_THAT(AddOne(absl::DataLossError("torn")),
              IsError(absl::StatusCode::kDataLoss, "torn"));
}

}  // namespace
}  // namespace limbeck
