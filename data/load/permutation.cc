#include "data/base/check.h"
#include "data/base/random.h"
#include "data/load/loader.h"

namespace limbeck {
namespace {

constexpr int kRounds = 8;

// A balanced Feistel network over 2 * half_bits bits: a permutation whatever
// the round function is.
uint64_t Encrypt(uint64_t value, int half_bits, uint64_t key) {
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  uint64_t left = value >> half_bits;
  uint64_t right = value & mask;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t noise = RandomBits(key, right, static_cast<uint64_t>(round));
    const uint64_t next = left ^ (noise & mask);
    left = right;
    right = next;
  }
  return left << half_bits | right;
}

}  // namespace

uint64_t PermuteIndex(uint64_t index, uint64_t size, uint64_t key) {
  LIMBECK_CHECK_LT(index, size);
  int half_bits = 1;
  while (half_bits < 32 && uint64_t{1} << (2 * half_bits) < size) ++half_bits;
  // At most three of four values are outside: four steps on average at most.
  do {
    index = Encrypt(index, half_bits, key);
  } while (index >= size);
  return index;
}

}  // namespace limbeck
