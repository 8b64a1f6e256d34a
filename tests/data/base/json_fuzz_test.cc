// Properties on random values and on damaged texts.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/base/utf8.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

class Generator {
 public:
  explicit Generator(uint64_t key) : key_(key) {}

  Json Value(int depth) {
    switch (Below(depth > 0 ? 8 : 6)) {
      case 0:
        return Json();
      case 1:
        return Json(Below(2) == 0);
      case 2:
        return Json(static_cast<int64_t>(Bits() >> Below(64)));
      case 3:
        return Json(Bits());
      case 4:
        return Json(static_cast<double>(Bits()) / 7e5 - 1e11);
      case 5:
        return Json(Text());
      case 6: {
        JsonArray array;
        for (uint64_t i = Below(5); i > 0; --i) {
          array.push_back(Value(depth - 1));
        }
        return Json(std::move(array));
      }
      default: {
        JsonObject object;
        for (uint64_t i = Below(20); i > 0; --i) {
          object.emplace_back(absl::StrCat(Text(), i), Value(depth - 1));
        }
        return Json(std::move(object));
      }
    }
  }

 private:
  uint64_t Bits() { return RandomBits(key_, counter_++); }
  uint64_t Below(uint64_t bound) {
    return RandomBelow(bound, key_, counter_++);
  }
  std::string Text() {
    static constexpr uint32_t kEdges[] = {
        0,      0x1F,   '"',    '\\',    0x7F, 0x80, 0x7FF,    0x800,
        0xD7FF, 0xE000, 0xFFFF, 0x10000, 'a',  '\n', 0x10FFFF, 0x2028};
    std::string text;
    for (uint64_t i = Below(8); i > 0; --i)
      AppendUtf8(kEdges[Below(16)], &text);
    return text;
  }

  const uint64_t key_;
  uint64_t counter_ = 0;
};

TEST(JsonFuzz, WrittenValuesReadBackEqual) {
  for (uint64_t i = 0; i < 3000; ++i) {
    const Json value = Generator(i).Value(/*depth=*/4);
    const auto compact = ParseJson(WriteJson(value));
    ASSERT_THAT(compact, IsOk()) << WriteJson(value);
    EXPECT_EQ(*compact, value);
    const auto indented = ParseJson(WriteJsonIndented(value));
    ASSERT_THAT(indented, IsOk());
    EXPECT_EQ(*indented, value);
  }
}

const char kSample[] =
    "{\"id\": 12345678901234567890, \"text\": \"a\\u00e4\\ud83d\\ude00\\n\","
    " \"list\": [1, -2.5e-3, true, null, {\"x\": []}], \"\xE2\x82\xAC\": 0.1}";

// Damage either is refused, or gives a value that writes and reads back.
void ExpectRefusedOrStable(const std::string& text) {
  const auto parsed = ParseJson(text);
  if (!parsed.ok()) {
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(IsValidUtf8(std::string(parsed.status().message())));
    return;
  }
  const std::string written = WriteJson(*parsed);
  const auto again = ParseJson(written);
  ASSERT_THAT(again, IsOk()) << text;
  EXPECT_EQ(*again, *parsed) << text;
  EXPECT_EQ(WriteJson(*again), written);
}

TEST(JsonFuzz, SampleItselfIsRead) { LIMBECK_EXPECT_OK(ParseJson(kSample)); }

TEST(JsonFuzz, EveryCutIsRefused) {
  ForEachCut(kSample, [](const std::string& cut, size_t size) {
    EXPECT_FALSE(ParseJson(cut).ok()) << size;
  });
}

TEST(JsonFuzz, FlippedBits) {
  ForEachBitFlip(kSample, [](const std::string& text, size_t) {
    ExpectRefusedOrStable(text);
  });
}

TEST(JsonFuzz, RandomEdits) {
  ForEachMutation(kSample, 20000, /*key=*/2, ExpectRefusedOrStable);
}

}  // namespace
}  // namespace limbeck
