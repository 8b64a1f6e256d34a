// ParallelFor covers its range once, really uses threads, nests and throws.
#include "kernels/parallel/parallel_for.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace limbeck::kernels {
namespace {

class ParallelForTest : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(2); }
  void TearDown() override { at::set_num_threads(threads_); }
  const int threads_ = at::get_num_threads();
};

TEST_F(ParallelForTest, CoversTheRangeOnce) {
  for (int64_t size : {0, 1, 2, 3, 7, 100}) {
    for (int64_t grain : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(size));
      ParallelFor(5, 5 + size, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          ++visits[static_cast<size_t>(i - 5)];
        }
      });
      for (const std::atomic<int>& count : visits) EXPECT_EQ(count, 1);
    }
  }
}

TEST_F(ParallelForTest, TwoPiecesRunAtTheSameTime) {
  // Each piece waits for the other: alone it would never end.
  std::atomic<int> arrived{0};
  std::mutex mutex;
  std::set<std::thread::id> ids;
  ParallelFor(0, 2, 1, [&](int64_t, int64_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
    const std::lock_guard<std::mutex> lock(mutex);
    ids.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(ids.size(), 2u);
}

TEST_F(ParallelForTest, NestedLoopsAndOperatorsKeepToTheirThread) {
  ParallelFor(0, 2, 1, [&](int64_t, int64_t) {
    EXPECT_TRUE(at::in_parallel_region());
    const std::thread::id outer = std::this_thread::get_id();
    ParallelFor(0, 64, 1, [&](int64_t, int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), outer);
    });
  });
}

TEST_F(ParallelForTest, SmallLoopsRunInPlace) {
  const std::thread::id caller = std::this_thread::get_id();
  int calls = 0;
  ParallelFor(0, 9, 5, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 9);
    ++calls;
  });
  EXPECT_EQ(calls, 1);
}

TEST_F(ParallelForTest, ExceptionsArrive) {
  EXPECT_THROW(ParallelFor(0, 2, 1,
                           [](int64_t begin, int64_t) {
                             if (begin == 1) throw std::runtime_error("piece");
                           }),
               std::runtime_error);
}

}  // namespace
}  // namespace limbeck::kernels
