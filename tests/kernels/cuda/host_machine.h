// The machine that row kernels ask for, on the host: the same kernels run
// block by block and thread by thread, with real barriers and late or early
// copies, so that their decomposition is tested without a GPU.
#ifndef LIMBECK_TESTS_KERNELS_CUDA_HOST_MACHINE_H_
#define LIMBECK_TESTS_KERNELS_CUDA_HOST_MACHINE_H_

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/row_plan.h"
#include "tests/kernels/cuda/fibers.h"

namespace limbeck::kernels::cuda {

struct HostLaunch {
  int num_clusters = 1;
  int cluster_size = 1;
  int64_t shared_bytes = 0;  // of a block
  uint64_t seed = 0;         // of the order of threads
  bool late_copies = false;  // bulk copies happen when they are waited for
};

// Shared memory of a block, and its barriers.
struct HostBlock {
  HostBlock(int64_t shared_bytes, int threads)
      : memory(static_cast<size_t>(shared_bytes) + 128, '\xFF'),
        barrier(threads),
        warps(static_cast<size_t>(threads / 32), FiberBarrier(32)),
        exchange(static_cast<size_t>(2 * threads)),
        shuffles(static_cast<size_t>(threads)) {}

  char* Shared() {
    const uintptr_t start = reinterpret_cast<uintptr_t>(memory.data());
    return memory.data() + (128 - start % 128) % 128;
  }

  std::vector<char> memory;  // begins as NaN
  FiberBarrier barrier;
  std::vector<FiberBarrier> warps;
  std::vector<uint64_t> exchange;  // of shuffles, twice
  std::vector<uint64_t> shuffles;  // done by each thread
};

struct HostCluster {
  HostCluster(const HostLaunch& launch, int threads)
      : launch(launch), barrier(launch.cluster_size * threads) {
    for (int rank = 0; rank < launch.cluster_size; ++rank) {
      blocks.push_back(
          std::make_unique<HostBlock>(launch.shared_bytes, threads));
    }
  }

  HostLaunch launch;
  int index = 0;  // among the launch's clusters
  Fibers* fibers = nullptr;
  FiberBarrier barrier;
  std::vector<std::unique_ptr<HostBlock>> blocks;
  std::string error;  // empty: none
};

// A phase ends when its bytes have arrived.
struct HostCopyBarrier {
  struct Copy {
    void* to;
    const void* from;
    uint32_t bytes;
  };
  uint64_t phase;
  bool is_armed;
  int64_t bytes;
  int num_copies;
  Copy copies[2];
};

template <int threads, bool has_bulk_copy>
class HostMachine {
 public:
  static constexpr int kThreads = threads;
  static constexpr bool kHasBulkCopy = has_bulk_copy;
  using Barrier = HostCopyBarrier;

  HostMachine(HostCluster& cluster, int rank, int thread)
      : cluster_(cluster),
        block_(*cluster.blocks[static_cast<size_t>(rank)]),
        rank_(rank),
        thread_(thread) {}

  int Thread() const { return thread_; }
  int Rank() const { return rank_; }
  int ClusterSize() const { return cluster_.launch.cluster_size; }
  int Cluster() const { return cluster_.index; }
  int NumClusters() const { return cluster_.launch.num_clusters; }
  char* SharedMemory() const { return block_.Shared(); }
  void Sync() const { block_.barrier.Wait(*cluster_.fibers); }
  void SyncCluster() const { cluster_.barrier.Wait(*cluster_.fibers); }

  template <typename Word>
  Word* Remote(Word* local, int rank) const {
    const int64_t offset = reinterpret_cast<char*>(local) - block_.Shared();
    if (offset < 0 || offset >= cluster_.launch.shared_bytes) {
      cluster_.error = "address outside of shared memory";
    }
    return reinterpret_cast<Word*>(
        cluster_.blocks[static_cast<size_t>(rank)]->Shared() + offset);
  }

  template <typename Word>
  Word ShuffleXor(Word value, int mask) const {
    static_assert(sizeof(Word) <= 8);
    const size_t half = static_cast<size_t>(
        block_.shuffles[static_cast<size_t>(thread_)]++ % 2 * kThreads);
    uint64_t* slots = block_.exchange.data() + half;
    std::memcpy(&slots[thread_], &value, sizeof(value));
    block_.warps[static_cast<size_t>(thread_ / 32)].Wait(*cluster_.fibers);
    Word other;
    std::memcpy(&other, &slots[thread_ ^ mask], sizeof(other));
    return other;
  }

  void AtomicAdd(uint64_t* sum, uint64_t amount) const { *sum += amount; }
  int32_t CompareAndSwap(int32_t* word, int32_t expected, int32_t value) const {
    const int32_t before = *word;
    if (before == expected) *word = value;
    return before;
  }

  void InitBarrier(Barrier* barrier) const { *barrier = {}; }
  void ExpectBytes(Barrier* barrier, uint32_t bytes) const {
    if (barrier->is_armed) cluster_.error = "barrier armed twice";
    barrier->is_armed = true;
    barrier->bytes += bytes;
    Finish(barrier);
  }
  void CopyBulk(void* to, const void* from, uint32_t bytes,
                Barrier* barrier) const {
    if (reinterpret_cast<uintptr_t>(to) % 16 != 0 ||
        reinterpret_cast<uintptr_t>(from) % 16 != 0 || bytes % 16 != 0 ||
        bytes == 0) {
      cluster_.error = "bulk copy is not of 16-byte units";
    }
    barrier->copies[barrier->num_copies++] = {to, from, bytes};
    if (!cluster_.launch.late_copies) DoCopies(barrier);
  }
  void Wait(Barrier* barrier, uint32_t parity) const {
    while (barrier->phase % 2 == parity) {
      if (barrier->is_armed) {
        DoCopies(barrier);
        Finish(barrier);
      } else {
        cluster_.fibers->WaitWhile(barrier->phase, barrier->phase);
      }
    }
  }
  void FenceBeforeBulk() const {}

 private:
  void DoCopies(Barrier* barrier) const {
    for (int k = 0; k < barrier->num_copies; ++k) {
      const HostCopyBarrier::Copy& copy = barrier->copies[k];
      std::memcpy(copy.to, copy.from, copy.bytes);
      barrier->bytes -= copy.bytes;
    }
    barrier->num_copies = 0;
    Finish(barrier);
  }
  void Finish(Barrier* barrier) const {
    if (!barrier->is_armed || barrier->bytes != 0) return;
    barrier->is_armed = false;
    ++barrier->phase;
  }

  HostCluster& cluster_;
  HostBlock& block_;
  int rank_;
  int thread_;
};

// Runs a launch of Rows<Machine>; returns what went wrong, or nothing.
template <class Rows, class Machine>
std::string RunOnHost(const HostLaunch& launch,
                      const typename Rows::Arguments& arguments) {
  for (int index = 0; index < launch.num_clusters; ++index) {
    HostCluster cluster(launch, Machine::kThreads);
    cluster.index = index;
    Fibers fibers(launch.cluster_size * Machine::kThreads,
                  launch.seed + static_cast<uint64_t>(index), [&](int fiber) {
                    const Machine machine(cluster, fiber / Machine::kThreads,
                                          fiber % Machine::kThreads);
                    Rows(machine, arguments).Run();
                  });
    cluster.fibers = &fibers;
    if (!fibers.Run()) return "threads wait for each other";
    if (!cluster.error.empty()) return cluster.error;
  }
  return "";
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_TESTS_KERNELS_CUDA_HOST_MACHINE_H_
