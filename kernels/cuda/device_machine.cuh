// What a row kernel asks of the GPU: threads, barriers, exchange between the
// blocks of a cluster, bulk copies. tests/kernels/cuda has the same for the
// host, where the same kernels run thread by thread.
#ifndef LIMBECK_KERNELS_CUDA_DEVICE_MACHINE_CUH_
#define LIMBECK_KERNELS_CUDA_DEVICE_MACHINE_CUH_

#include <cstdint>

#include "kernels/cuda/architecture.h"

namespace limbeck::kernels::cuda {

inline constexpr int kBlockThreads = 512;

class DeviceMachine {
 public:
  static constexpr int kThreads = kBlockThreads;
  static constexpr bool kHasClusters = kArchitectureHasClusters;
  static constexpr bool kHasBulkCopy = kArchitectureHasClusters;

  using Barrier = uint64_t;  // an mbarrier, in shared memory

  // Thread and Rank are volatile: computed again where they are needed rather
  // than kept in registers with all that follows from them.
  __device__ __forceinline__ int Thread() const {
    uint32_t thread;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
    return static_cast<int>(thread);
  }
  __device__ __forceinline__ char* SharedMemory() const {
    extern __shared__ __align__(128) char shared_memory[];
    return shared_memory;
  }
  __device__ __forceinline__ void Sync() const { __syncthreads(); }

  __device__ __forceinline__ int ClusterSize() const {
    if constexpr (!kHasClusters) return 1;
    uint32_t size;
    asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
    return static_cast<int>(size);
  }
  __device__ __forceinline__ int Rank() const {
    if constexpr (!kHasClusters) return 0;
    uint32_t rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return static_cast<int>(rank);
  }
  __device__ __forceinline__ int Cluster() const {
    if constexpr (!kHasClusters) return blockIdx.x;
    uint32_t cluster;
    asm("mov.u32 %0, %%clusterid.x;" : "=r"(cluster));
    return static_cast<int>(cluster);
  }
  __device__ __forceinline__ int NumClusters() const {
    if constexpr (!kHasClusters) return gridDim.x;
    uint32_t clusters;
    asm("mov.u32 %0, %%nclusterid.x;" : "=r"(clusters));
    return static_cast<int>(clusters);
  }

  // All threads of the cluster; what they wrote is seen by all afterwards.
  __device__ __forceinline__ void SyncCluster() const {
    if constexpr (kHasClusters) {
      if (ClusterSize() > 1) {
        asm volatile("barrier.cluster.arrive.release;" ::: "memory");
        asm volatile("barrier.cluster.wait.acquire;" ::: "memory");
        return;
      }
    }
    __syncthreads();
  }

  // The same variable in the shared memory of block `rank`.
  template <typename Word>
  __device__ __forceinline__ Word* Remote(Word* local, int rank) const {
    if constexpr (kHasClusters) {
      Word* remote;
      asm("mapa.u64 %0, %1, %2;" : "=l"(remote) : "l"(local), "r"(rank));
      return remote;
    }
    return local;
  }

  template <typename Word>
  __device__ __forceinline__ Word ShuffleXor(Word value, int mask) const {
    return __shfl_xor_sync(0xFFFFFFFFu, value, mask);
  }

  // A count or mass in shared memory; integers, so order does not matter.
  __device__ __forceinline__ void AtomicAdd(uint64_t* sum,
                                            uint64_t amount) const {
    atomicAdd(reinterpret_cast<unsigned long long*>(sum),
              static_cast<unsigned long long>(amount));
  }
  // Returns what was there; stores `value` if that was `expected`.
  __device__ __forceinline__ int32_t CompareAndSwap(int32_t* word,
                                                    int32_t expected,
                                                    int32_t value) const {
    return atomicCAS(word, expected, value);
  }

  // By one thread, before a Sync.
  __device__ __forceinline__ void InitBarrier(Barrier* barrier) const {
    asm volatile(
        "mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(SharedAddress(barrier))
        : "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  // By one thread: the barrier's next phase ends when `bytes` have arrived.
  __device__ __forceinline__ void ExpectBytes(Barrier* barrier,
                                              uint32_t bytes) const {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                     SharedAddress(barrier)),
                 "r"(bytes)
                 : "memory");
  }
  // By one thread: 16-byte units from global to shared memory.
  __device__ __forceinline__ void CopyBulk(void* to, const void* from,
                                           uint32_t bytes,
                                           Barrier* barrier) const {
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
        "[%0], [%1], %2, [%3];" ::"r"(SharedAddress(to)),
        "l"(__cvta_generic_to_global(from)), "r"(bytes),
        "r"(SharedAddress(barrier))
        : "memory");
  }
  __device__ __forceinline__ void Wait(Barrier* barrier,
                                       uint32_t parity) const {
    asm volatile(
        "{\n"
        ".reg .pred done;\n"
        "again:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
        "@!done bra again;\n"
        "}" ::"r"(SharedAddress(barrier)),
        "r"(parity)
        : "memory");
  }
  // Orders this thread's plain accesses to shared memory before the bulk
  // copies that follow the next Sync.
  __device__ __forceinline__ void FenceBeforeBulk() const {
    if constexpr (kHasBulkCopy) {
      asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    }
  }

 private:
  __device__ __forceinline__ static uint32_t SharedAddress(const void* place) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(place));
  }
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_DEVICE_MACHINE_CUH_
