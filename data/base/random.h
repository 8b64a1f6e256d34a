// Counter-based random numbers: value = function(key, counter), no state.
// Dependency-free, for host and device; kernels/ may include it.
//
// The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011).
#ifndef LIMBECK_DATA_BASE_RANDOM_H_
#define LIMBECK_DATA_BASE_RANDOM_H_

#include <cstdint>

#ifdef __CUDACC__
#define LIMBECK_HOST_DEVICE __host__ __device__
#else
#define LIMBECK_HOST_DEVICE
#endif

namespace limbeck {

struct Philox4 {
  uint32_t word[4];
};

LIMBECK_HOST_DEVICE inline Philox4 PhiloxRound(Philox4 counter, uint32_t key0,
                                               uint32_t key1) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53u;
  constexpr uint64_t kMultiplier1 = 0xCD9E8D57u;
  const uint64_t product0 = kMultiplier0 * counter.word[0];
  const uint64_t product1 = kMultiplier1 * counter.word[2];
  return {{static_cast<uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
           static_cast<uint32_t>(product1),
           static_cast<uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
           static_cast<uint32_t>(product0)}};
}

// 128 random bits for a 64-bit key and a 128-bit counter.
LIMBECK_HOST_DEVICE inline Philox4 Philox(uint64_t key, uint64_t counter_low,
                                          uint64_t counter_high) {
  constexpr uint32_t kWeyl0 = 0x9E3779B9u;
  constexpr uint32_t kWeyl1 = 0xBB67AE85u;
  Philox4 state = {{static_cast<uint32_t>(counter_low),
                    static_cast<uint32_t>(counter_low >> 32),
                    static_cast<uint32_t>(counter_high),
                    static_cast<uint32_t>(counter_high >> 32)}};
  uint32_t key0 = static_cast<uint32_t>(key);
  uint32_t key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    state = PhiloxRound(state, key0, key1);
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return state;
}

LIMBECK_HOST_DEVICE inline uint64_t RandomBits(uint64_t key, uint64_t counter,
                                               uint64_t stream = 0) {
  const Philox4 bits = Philox(key, counter, stream);
  return static_cast<uint64_t>(bits.word[0]) << 32 | bits.word[1];
}

// In the open interval (0, 1): 52 bits, centred, so that the logarithms of it
// and of 1 minus it are finite. With 53 bits the largest would round to 1.
LIMBECK_HOST_DEVICE inline double RandomUniform(uint64_t key, uint64_t counter,
                                                uint64_t stream = 0) {
  constexpr double kScale = 1.0 / 4503599627370496.0;  // 2^-52
  return (static_cast<double>(RandomBits(key, counter, stream) >> 12) + 0.5) *
         kScale;
}

// Uniform in [0, bound), bound > 0; bias below bound / 2^64.
LIMBECK_HOST_DEVICE inline uint64_t RandomBelow(uint64_t bound, uint64_t key,
                                                uint64_t counter,
                                                uint64_t stream = 0) {
  const uint64_t bits = RandomBits(key, counter, stream);
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * bound) >>
                               64);
}

// Mixes a further integer into a key (SplitMix64's finaliser, Steele et al.
// 2014): key = MixKey(MixKey(seed, purpose), id).
LIMBECK_HOST_DEVICE inline uint64_t MixKey(uint64_t key, uint64_t value) {
  uint64_t mixed = key + 0x9E3779B97F4A7C15u * (value + 1);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

// What a random number is for; part of every key, so that two uses never share
// a stream. Never renumber.
enum class RandomPurpose : uint64_t {
  kInitialWeights = 1,
  kSampling = 2,
  kEpochOrder = 3,
  kProblemGenerator = 4,
  kOptionOrder = 5,
  kPermutationTest = 6,
  kBootstrap = 7,
  kStochasticRounding = 8,
  kMixing = 9,
  kTest = 10,
};

LIMBECK_HOST_DEVICE inline uint64_t RandomKey(uint64_t run_seed,
                                              RandomPurpose purpose,
                                              uint64_t id = 0) {
  return MixKey(MixKey(run_seed, static_cast<uint64_t>(purpose)), id);
}

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_RANDOM_H_
