#include "tests/support/mutation.h"

#include <algorithm>

#include "data/base/random.h"

namespace limbeck {
namespace {

constexpr size_t kLongestRepeat = 16;

// Random numbers of one mutation, drawn one after another.
class Draws {
 public:
  explicit Draws(uint64_t key) : key_(key) {}
  size_t Below(size_t bound) {
    return static_cast<size_t>(RandomBelow(bound, key_, counter_++));
  }

 private:
  const uint64_t key_;
  uint64_t counter_ = 0;
};

void Edit(Draws& draws, std::string* bytes) {
  const size_t place = draws.Below(bytes->size() + 1);
  const char byte = static_cast<char>(draws.Below(256));
  switch (draws.Below(4)) {
    case 0:
      if (place < bytes->size()) (*bytes)[place] = byte;
      return;
    case 1:
      bytes->insert(place, 1, byte);
      return;
    case 2:
      bytes->erase(place, 1 + draws.Below(kLongestRepeat));
      return;
    default:
      bytes->insert(place,
                    bytes->substr(place, 1 + draws.Below(kLongestRepeat)));
  }
}

}  // namespace

void ForEachCut(
    absl::string_view bytes,
    const std::function<void(const std::string& cut, size_t size)>& visit) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    visit(std::string(bytes.substr(0, size)), size);
  }
}

void ForEachBitFlip(
    absl::string_view bytes,
    const std::function<void(const std::string& mutated, size_t bit)>& visit) {
  std::string mutated(bytes);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const char mask = static_cast<char>(1u << (bit % 8));
    mutated[bit / 8] = static_cast<char>(mutated[bit / 8] ^ mask);
    visit(mutated, bit);
    mutated[bit / 8] = static_cast<char>(mutated[bit / 8] ^ mask);
  }
}

void ForEachMutation(absl::string_view bytes, int count, uint64_t key,
                     const std::function<void(const std::string&)>& visit) {
  for (int i = 0; i < count; ++i) {
    Draws draws(RandomKey(key, RandomPurpose::kTest, static_cast<uint64_t>(i)));
    std::string mutated(bytes);
    const size_t edits = 1 + draws.Below(4);
    for (size_t edit = 0; edit < edits; ++edit) Edit(draws, &mutated);
    visit(mutated);
  }
}

}  // namespace limbeck
