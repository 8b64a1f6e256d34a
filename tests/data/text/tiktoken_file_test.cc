// Vocabularies in tiktoken's format against ids of that library, and damage.
#include "data/text/tiktoken_file.h"

#include <string>
#include <vector>

#include "data/base/file.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/text/golden_lines.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kFolder[] = "tests/testdata/text/tiktoken";
constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::string SmallFile() {
  return *ReadFile(JoinPath(kFolder, "small.tiktoken"), 1 << 20);
}

Json Config(absl::string_view text) { return *ParseJson(text); }

TEST(TiktokenFile, GivesTheLibrarysIds) {
  const auto tokenizer = LoadTokenizer(kFolder);
  LIMBECK_ASSERT_OK(tokenizer);
  int texts = 0;
  for (const Json& line : ReadGoldenLines(JoinPath(kFolder, "golden.jsonl"))) {
    const std::string text = *line.GetString("text");
    const auto ids = (*tokenizer)->Encode(text);
    LIMBECK_ASSERT_OK(ids);
    std::vector<int32_t> wanted;
    for (const Json& id : line.Find("ids")->array()) {
      wanted.push_back(static_cast<int32_t>(id.integer()));
    }
    EXPECT_EQ(*ids, wanted) << text;
    EXPECT_EQ(*(*tokenizer)->Decode(*ids), text);
    ++texts;
  }
  EXPECT_EQ(texts, 300);
  EXPECT_EQ((*tokenizer)->end_ids(),
            std::vector<int32_t>({(*tokenizer)->IdOf("<|end|>")}));
}

TEST(TiktokenFile, IsKnownByItsFirstLineAlsoAsTokenizerModel) {
  TemporaryDirectory folder;
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(folder.File("tokenizer.model"), SmallFile()));
  LIMBECK_ASSERT_OK(WriteFileAtomically(folder.File("tokenizer_config.json"),
                                        "{\"tiktoken_pattern\": \"llama3\"}"));
  LIMBECK_EXPECT_OK(LoadTokenizer(folder.path()));
  EXPECT_FALSE(LooksLikeTiktoken("\x0a\x0e\n<unk>"));
  EXPECT_FALSE(LooksLikeTiktoken(""));
}

TEST(TiktokenFile, QwensClassBringsItsTokens) {
  const auto definition = ReadTiktoken(
      SmallFile(), Config("{\"tokenizer_class\": \"QWenTokenizer\"}"));
  LIMBECK_ASSERT_OK(definition);
  const auto tokenizer = CreateBpeTokenizer(*definition);
  LIMBECK_ASSERT_OK(tokenizer);
  const int32_t first = (*tokenizer)->IdOf("<|endoftext|>");
  EXPECT_EQ(first, 400);
  EXPECT_EQ((*tokenizer)->IdOf("<|im_end|>"), first + 2);
  EXPECT_EQ((*tokenizer)->IdOf("<|extra_204|>"), first + 207);
  EXPECT_EQ((*tokenizer)->vocab_size(), first + 208);
}

TEST(TiktokenFile, RefusalsNameLineAndReason) {
  const Json config = Config("{\"tiktoken_pattern\": \"gpt2\"}");
  const std::string file = SmallFile();
  const auto read = [&](const std::string& text) {
    return ReadTiktoken(text, config).status();
  };
  EXPECT_THAT(read("%%% 0\n"), IsError(kInvalid, "line 1: is no base64"));
  EXPECT_THAT(read("YQ== 0\nYg== x\n"),
              IsError(kInvalid, "line 2: has the rank 'x'"));
  EXPECT_THAT(read("YQ== -1\n"), IsError(kInvalid, "the rank '-1'"));
  EXPECT_THAT(read("YQ== 0\nYg== 0\n"),
              IsError(kInvalid, "line 2: repeats the rank 0"));
  EXPECT_THAT(read("YQ== 0\nYQ== 1\n"),
              IsError(kInvalid, "line 2: repeats the token"));
  EXPECT_THAT(read("YQ== 0\n"), IsError(kInvalid, "lack the byte 0x00"));
  EXPECT_THAT(ReadTiktoken(file, Json::Object()),
              IsError(kInvalid, "give \"tiktoken_pattern\""));
  EXPECT_THAT(ReadTiktoken(file, Config("{\"tiktoken_pattern\": \"gpt2\","
                                        "\"added_tokens_decoder\": {\"7\":"
                                        "{\"content\": \"x\"}}}")),
              IsError(kInvalid, "added_tokens_decoder.7: is no id, or one"));
}

TEST(TiktokenFile, SurvivesDamage) {
  const std::string file = SmallFile();
  const Json config = Config("{\"tiktoken_pattern\": \"llama3\"}");
  const auto attempt = [&](const std::string& text) {
    auto definition = ReadTiktoken(text, config);
    if (!definition.ok()) return;
    const auto tokenizer = CreateBpeTokenizer(*std::move(definition));
    if (tokenizer.ok()) (void)(*tokenizer)->Encode("aab 12 \xff");
  };
  for (size_t at = 0; at < file.size(); at += 5) attempt(file.substr(0, at));
  for (size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    attempt(changed);
  }
  ForEachMutation(file, 500, 9, attempt);
}

}  // namespace
}  // namespace limbeck
