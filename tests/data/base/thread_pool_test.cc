#include "data/base/thread_pool.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST(ThreadPool, DestructorFinishesQueuedWork) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(2);
    for (int i = 0; i < 100; ++i) pool.Schedule([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(ThreadPool, OneWorkerKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadPool pool(1);
    for (int i = 0; i < 5; ++i) pool.Schedule([&, i] { order.push_back(i); });
  }
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST(ThreadPool, ParallelForVisitsEachIndexOnce) {
  for (const int threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.num_threads(), threads);
    for (const size_t count : {0, 1, 3, 1000}) {
      std::vector<int> visits(count);
      LIMBECK_EXPECT_OK(
          pool.ParallelFor(static_cast<int64_t>(count), [&](int64_t i) {
            ++visits[static_cast<size_t>(i)];
            return absl::OkStatus();
          }));
      EXPECT_THAT(visits, Each(1));
    }
  }
}

TEST(ThreadPool, SmallestFailedIndexIsReported) {
  for (const int threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      EXPECT_THAT(pool.ParallelFor(200,
                                   [](int64_t i) {
                                     if (i % 40 != 37) return absl::OkStatus();
                                     return absl::InternalError(
                                         absl::StrCat("index ", i, "."));
                                   }),
                  IsError(absl::StatusCode::kInternal, "index 37."));
    }
  }
}

TEST(ThreadPool, NoPoolRunsInPlaceWithTheSameOutcome) {
  std::vector<int64_t> visited;
  EXPECT_THAT(ParallelFor(nullptr, 10,
                          [&](int64_t i) {
                            visited.push_back(i);
                            return i == 3 ? absl::InternalError("three")
                                          : absl::OkStatus();
                          }),
              IsError(absl::StatusCode::kInternal, "three"));
  EXPECT_THAT(visited, ElementsAre(0, 1, 2, 3));
}

TEST(ThreadPool, LoopsCanFollowEachOther) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum = 0;
  for (int round = 0; round < 200; ++round) {
    LIMBECK_ASSERT_OK(pool.ParallelFor(5, [&](int64_t i) {
      sum += i;
      return absl::OkStatus();
    }));
  }
  EXPECT_EQ(sum, 200 * 10);
}

TEST(ThreadPoolDeathTest, NoThreadsIsAMistake) {
  EXPECT_DEATH(ThreadPool pool(0), "num_threads >= 1");
}

}  // namespace
}  // namespace limbeck
