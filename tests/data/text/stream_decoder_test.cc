// Texts in pieces: together the whole text, none ends inside a character.
#include "data/text/stream_decoder.h"

#include <memory>
#include <string>
#include <vector>

#include "data/base/file.h"
#include "data/base/random.h"
#include "data/base/utf8.h"
#include "data/text/tokenizer.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

std::shared_ptr<const Tokenizer> Load(const std::string& name) {
  const auto tokenizer = LoadTokenizer(JoinPath("tests/testdata/text", name));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return *tokenizer;
}

TEST(StreamDecoder, NeverShowsHalfACharacter) {
  const std::vector<std::string> parts = {"a",
                                          "the ",
                                          "\u00e9",
                                          "\u4e2d",
                                          "\U0001f600",
                                          "\U0010ffff",
                                          " ",
                                          "\n",
                                          "\u0939\u093f",
                                          "\ue000",
                                          "\U0001f468\u200d\U0001f469",
                                          "<think>"};
  for (const char* name : {"gpt2", "qwen2", "llama2", "metaspace_first"}) {
    const auto tokenizer = Load(name);
    for (uint64_t draw = 0; draw < 500; ++draw) {
      const uint64_t key = RandomKey(draw, RandomPurpose::kTest);
      std::string text;
      for (uint64_t i = 0; i < 8; ++i) {
        text += parts[RandomBelow(parts.size(), key, i)];
      }
      const auto ids = tokenizer->Encode(text);
      ASSERT_TRUE(ids.ok());
      StreamDecoder stream(*tokenizer);
      std::string together;
      for (int32_t id : *ids) {
        const auto piece = stream.Push(id);
        ASSERT_TRUE(piece.ok()) << piece.status();
        ASSERT_TRUE(IsValidUtf8(*piece)) << name << ": " << text;
        together += *piece;
      }
      together += stream.Finish();
      ASSERT_EQ(together, *tokenizer->Decode(*ids)) << name;
    }
  }
}

TEST(StreamDecoder, PassesOnBytesThatCannotBecomeACharacter) {
  const auto tokenizer = Load("gpt2");
  for (uint64_t draw = 0; draw < 2000; ++draw) {
    const uint64_t key = RandomKey(draw, RandomPurpose::kTest);
    std::string text;
    for (uint64_t i = 0; i < 12; ++i) {
      text.push_back(static_cast<char>(0x70 + RandomBelow(0x90, key, i)));
    }
    StreamDecoder stream(*tokenizer);
    std::string together;
    for (char c : text) {
      const auto ids = *tokenizer->Encode(absl::string_view(&c, 1));
      const auto piece = stream.Push(ids[0]);
      ASSERT_TRUE(piece.ok());
      together += *piece;
      ASSERT_LE(together.size() + 3, text.size() + 3);
    }
    const std::string rest = stream.Finish();
    ASSERT_LE(rest.size(), 3u);
    ASSERT_EQ(together + rest, text);
  }
}

TEST(StreamDecoder, AnUnknownIdLeavesTheStreamAsItWas) {
  const auto tokenizer = Load("gpt2");
  StreamDecoder stream(*tokenizer);
  const auto ids = *tokenizer->Encode("\u00e9");
  ASSERT_GE(ids.size(), 1u);
  std::string together = *stream.Push(ids[0]);
  EXPECT_FALSE(stream.Push(1 << 20).ok());
  for (size_t i = 1; i < ids.size(); ++i) together += *stream.Push(ids[i]);
  EXPECT_EQ(together + stream.Finish(), "\u00e9");
}

}  // namespace
}  // namespace limbeck
