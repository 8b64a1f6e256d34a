// Divides packed attention into tasks and gives them to threads.
#include "kernels/attention/packed_attention_cpu.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "kernels/cpu/lanes_math.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kLargestTile = 8;  // rows, see kTileRows of the lanes

// Longest sequences first: they decide when the last thread ends.
std::vector<PackedAttentionTask> MakeTasks(const std::vector<int64_t>& starts,
                                           int64_t kv_heads) {
  std::vector<PackedAttentionTask> tasks;
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    for (int64_t kv = 0; kv < kv_heads; ++kv) {
      tasks.push_back({starts[i], starts[i + 1], kv});
    }
  }
  std::stable_sort(
      tasks.begin(), tasks.end(),
      [](const PackedAttentionTask& a, const PackedAttentionTask& b) {
        return a.end - a.begin > b.end - b.begin;
      });
  return tasks;
}

// Threads take the next task when they are done with one. Who computes what
// changes from run to run, the results do not: tasks share no output.
template <typename Body>
void RunTasks(const std::vector<PackedAttentionTask>& tasks,
              int64_t scratch_floats, const Body& body) {
  std::atomic<size_t> next = 0;
  const int64_t workers = std::min<int64_t>(at::get_num_threads(),
                                            static_cast<int64_t>(tasks.size()));
  ParallelFor(0, workers, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(scratch_floats));
    for (int64_t worker = begin; worker < end; ++worker) {
      for (size_t i = next++; i < tasks.size(); i = next++) {
        body(tasks[i], scratch.data());
      }
    }
  });
}

}  // namespace

int64_t PackedAttentionForwardScratch(const PackedAttentionForward& args,
                                      int64_t longest) {
  const int64_t length = RoundUp(longest, kScratchPadding);
  const int64_t key_width = RoundUp(args.head_dim, kScratchPadding);
  const int64_t value_width = RoundUp(args.value_dim, kScratchPadding);
  return (args.head_dim + value_width) * length +
         kLargestTile * (key_width + value_width + length);
}

int64_t PackedAttentionBackwardScratch(const PackedAttentionForward& args,
                                       int64_t longest) {
  const int64_t length = RoundUp(longest, kScratchPadding);
  const int64_t key_width = RoundUp(args.head_dim, kScratchPadding);
  const int64_t value_width = RoundUp(args.value_dim, kScratchPadding);
  return (args.head_dim + args.value_dim + 2 * key_width + value_width) *
             length +
         kLargestTile * (2 * key_width + value_width + 2 * length);
}

void RunPackedAttentionForward(const PackedAttentionForward& args,
                               const std::vector<int64_t>& starts,
                               const CpuKernels& kernels) {
  const std::vector<PackedAttentionTask> tasks =
      MakeTasks(starts, args.kv_heads);
  const int64_t longest = tasks.front().end - tasks.front().begin;
  RunTasks(tasks, PackedAttentionForwardScratch(args, longest),
           [&](const PackedAttentionTask& task, float* scratch) {
             kernels.attention_forward(args, task, scratch);
           });
}

void RunPackedAttentionBackward(const PackedAttentionBackward& args,
                                const std::vector<int64_t>& starts,
                                const CpuKernels& kernels) {
  const std::vector<PackedAttentionTask> tasks =
      MakeTasks(starts, args.forward.kv_heads);
  const int64_t longest = tasks.front().end - tasks.front().begin;
  RunTasks(tasks, PackedAttentionBackwardScratch(args.forward, longest),
           [&](const PackedAttentionTask& task, float* scratch) {
             kernels.attention_backward(args, task, scratch);
           });
}

}  // namespace limbeck::kernels
