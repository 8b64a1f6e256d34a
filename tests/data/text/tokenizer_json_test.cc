// Byte-level BPE files against ids of the library that defines them, round
// trips of any bytes, refusals by name, and damaged files.
#include "data/text/tokenizer_json.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/base/utf8.h"
#include "data/text/nfc.h"
#include "data/text/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/text/golden_lines.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFolder[] = "tests/testdata/text";

std::vector<int32_t> Ids(const Json& list) {
  std::vector<int32_t> ids;
  for (const Json& id : list.array()) {
    ids.push_back(static_cast<int32_t>(id.integer()));
  }
  return ids;
}

class GoldenTokenizer : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = JoinPath(kFolder, GetParam());
    auto tokenizer = LoadTokenizer(folder_);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_ = *std::move(tokenizer);
  }
  // What decoding gives back: the text as it is normalised.
  std::string Normalized(const std::string& text) const {
    return std::string(GetParam()) == "qwen2" ? ToNfc(text) : text;
  }

  std::string folder_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

// Models over bytes: every text comes back.
class ByteLevelTokenizer : public GoldenTokenizer {};

INSTANTIATE_TEST_SUITE_P(Files, GoldenTokenizer,
                         ::testing::Values("gpt2", "llama3", "qwen2", "digits",
                                           "deepseek", "tekken", "flags",
                                           "llama2", "metaspace_always",
                                           "metaspace_first",
                                           "metaspace_never"),
                         [](const auto& one) { return one.param; });
INSTANTIATE_TEST_SUITE_P(Files, ByteLevelTokenizer,
                         ::testing::Values("gpt2", "llama3", "qwen2", "digits",
                                           "deepseek"),
                         [](const auto& one) { return one.param; });

TEST_P(GoldenTokenizer, GivesTheLibrarysIds) {
  int compared = 0;
  for (const Json& line : ReadGoldenLines(JoinPath(folder_, "golden.jsonl"))) {
    const std::string text = *line.GetString("text");
    const auto ids = tokenizer_->Encode(text);
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, Ids(*line.Find("ids"))) << WriteJson(text);
    EXPECT_EQ(*tokenizer_->EncodeWithSpecial(text), Ids(*line.Find("special")))
        << WriteJson(text);
    // As JSON, which writes U+FFFD for bytes that are no UTF-8.
    EXPECT_EQ(WriteJson(Json(*tokenizer_->Decode(*ids))),
              WriteJson(*line.Find("decoded")));
    ++compared;
  }
  EXPECT_GT(compared, 370);
}

TEST_P(ByteLevelTokenizer, RoundTripsAnyBytes) {
  for (uint64_t trial = 0; trial < 2000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest);
    std::string text;
    for (uint64_t i = 0; i < 24; ++i) {
      const bool ascii = RandomBelow(2, key, i, 1) == 0;
      text.push_back(
          static_cast<char>(RandomBits(key, i) & (ascii ? 0x7f : 0xff)));
    }
    const auto ids = tokenizer_->Encode(text);
    ASSERT_TRUE(ids.ok()) << ids.status();
    ASSERT_EQ(*tokenizer_->Decode(*ids), Normalized(text));
  }
}

TEST_P(ByteLevelTokenizer, EveryTokenIsFoundByItsText) {
  int tokens = 0;
  for (int32_t id = 0; id < tokenizer_->vocab_size(); ++id) {
    const auto piece = tokenizer_->PieceOf(id);
    if (!piece.ok()) continue;  // a hole
    ++tokens;
    EXPECT_EQ(tokenizer_->IdOf(*piece), id) << id;
  }
  EXPECT_GE(tokens, 367);
  EXPECT_EQ(tokenizer_->IdOf("no such token"), -1);
}

TEST_P(ByteLevelTokenizer, LinearInLongRuns) {
  for (const char* piece : {" ", "1", "a", "\n", "'", "<", "\xff", "ab \n"}) {
    std::string text;
    while (text.size() < (size_t{1} << 18)) text += piece;
    const auto ids = tokenizer_->Encode(text);
    ASSERT_TRUE(ids.ok());
    EXPECT_EQ(*tokenizer_->Decode(*ids), text);
  }
}

TEST_P(GoldenTokenizer, KnowsItsEnd) {
  EXPECT_THAT(tokenizer_->end_ids(), ElementsAre(tokenizer_->IdOf("<|end|>")));
  EXPECT_THAT(tokenizer_->files(),
              ElementsAre("tokenizer.json", "tokenizer_config.json"));
  EXPECT_EQ(tokenizer_->fingerprint().size(), 64u);
}

std::string Gpt2File() {
  return *ReadFile(JoinPath(kFolder, "gpt2/tokenizer.json"));
}

TEST(TokenizerJson, BothStylesOfMergesAreTheSame) {
  Json json = *ParseJson(Gpt2File());
  Json* merges = nullptr;
  for (JsonMember& member : json.object()) {
    if (member.first != "model") continue;
    for (JsonMember& inner : member.second.object()) {
      if (inner.first == "merges") merges = &inner.second;
    }
  }
  ASSERT_NE(merges, nullptr);
  ASSERT_TRUE(merges->array()[0].is_string());
  for (Json& merge : merges->array()) {
    const std::string text = merge.string();
    const size_t blank = text.find(' ');
    merge = Json(JsonArray{text.substr(0, blank), text.substr(blank + 1)});
  }
  const auto pairs = ParseTokenizerJson(WriteJson(json));
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  EXPECT_EQ((*pairs)->fingerprint(),
            (*ParseTokenizerJson(Gpt2File()))->fingerprint());
}

TEST(TokenizerJson, FingerprintFollowsEverySetting) {
  const std::string file = Gpt2File();
  const std::string before = (*ParseTokenizerJson(file))->fingerprint();
  const std::string renamed =
      absl::StrReplaceAll(file, {{"<|end|>", "<|fin|>"}});
  EXPECT_NE((*ParseTokenizerJson(renamed))->fingerprint(), before);
  const std::string ignoring = absl::StrReplaceAll(
      file, {{"\"ignore_merges\":false", "\"ignore_merges\":true"}});
  ASSERT_NE(ignoring, file);
  EXPECT_NE((*ParseTokenizerJson(ignoring))->fingerprint(), before);
}

TEST(TokenizerJson, RefusesByName) {
  struct Case {
    const char* from;
    const char* to;
    const char* error;
  };
  const std::string file = Gpt2File();
  for (const Case& c : std::vector<Case>{
           {"\"type\":\"BPE\"", "\"type\":\"WordPiece\"", "'WordPiece'"},
           {"\"normalizer\":null", "\"normalizer\":{\"type\":\"Lowercase\"}",
            "'Lowercase'"},
           {"\"post_processor\":null",
            "\"post_processor\":{\"type\":\"Magic\"}", "'Magic'"},
           {"\"pre_tokenizer\":{\"type\":\"ByteLevel\"",
            "\"pre_tokenizer\":{\"type\":\"Whitespace\"", "'Whitespace'"},
           {"\"pre_tokenizer\":{\"type\":\"ByteLevel\"",
            "\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\","
            "\"pattern\":{\"Regex\":\"\\\\w+\"}",
            "'\\w+'"},
           {"\"decoder\":{\"type\":\"ByteLevel\"",
            "\"decoder\":{\"type\":\"Fuse\"", "the decoder is not"},
           {"\"add_prefix_space\":false", "\"add_prefix_space\":true",
            "add_prefix_space"},
           {"\"dropout\":null", "\"dropout\":0.1", "model.dropout is 0.1"},
       }) {
    std::string changed = file;
    const size_t at = changed.find(c.from);
    ASSERT_NE(at, changed.npos) << c.from;
    changed.replace(at, std::string(c.from).size(), c.to);
    const auto tokenizer = ParseTokenizerJson(changed);
    EXPECT_EQ(tokenizer.status().code(), absl::StatusCode::kUnimplemented)
        << c.to;
    EXPECT_THAT(std::string(tokenizer.status().message()), HasSubstr(c.error));
  }
}

TEST(TokenizerJson, RefusesContradictions) {
  const auto error = [](const std::string& text) {
    return std::string(ParseTokenizerJson(text).status().message());
  };
  EXPECT_THAT(error("[]"), HasSubstr("expected an object"));
  EXPECT_THAT(error("{}"), HasSubstr("no object 'model'"));
  EXPECT_THAT(error(R"({"pre_tokenizer":{"type":"ByteLevel",
                           "add_prefix_space":false},
                           "model":{"vocab":{"a":0},"merges":[]}})"),
              HasSubstr("lacks the byte 0x"));
  EXPECT_THAT(error(R"({"model":{"vocab":{"a":0,"b":0},"merges":[]}})"),
              HasSubstr("stands for two tokens"));
  EXPECT_THAT(error(R"({"model":{"vocab":{"a":-1},"merges":[]}})"),
              HasSubstr("the id of 'a' is -1"));
  const std::string file = Gpt2File();
  std::string changed = file;
  changed.replace(changed.find("\"merges\":["), 10, "\"merges\":[\"zz qq\",");
  EXPECT_THAT(error(changed), HasSubstr("model.merges[0] joins 'zz' and 'qq'"));
  EXPECT_THAT(error(absl::StrReplaceAll(
                  file, {{"\"content\":\"<tag>\"", "\"content\":\"the\""}})),
              HasSubstr("'the' is added token 366 and token "));
  TokenizerConfig config;
  config.eos_token = "<|nope|>";
  EXPECT_THAT(std::string(ParseTokenizerJson(file, config).status().message()),
              HasSubstr("'<|nope|>'"));
}

TEST(TokenizerJson, IdsOutsideAndHolesAreErrors) {
  const auto tokenizer =
      *ParseTokenizerJson(R"({"model":{"vocab":{"a":0,"c":2},"merges":[]},
                              "decoder":{"type":"Fuse"}})");
  EXPECT_EQ(tokenizer->vocab_size(), 3);
  const std::vector<int32_t> hole = {0, 1};
  EXPECT_THAT(std::string(tokenizer->Decode(hole).status().message()),
              HasSubstr("id 1 is no token of the vocabulary of 3 "
                        "(position 1)"));
  EXPECT_FALSE(tokenizer->PieceOf(3).ok());
  EXPECT_EQ(*tokenizer->PieceOf(2), "c");
}

// What tokenizers 0.23.3 numbers otherwise than the file says; `added` is
// ID:CONTENT of each token, the model has a, b and c.
TEST(TokenizerJson, AddedTokensAreNumberedAsTheLibraryDoes) {
  const auto read = [](const std::string& model, const std::string& added) {
    return ParseTokenizerJson(
               absl::StrCat(R"({"added_tokens":[)", added,
                            R"(],"decoder":{"type":"Fuse"},"model":{"vocab":{)",
                            model, R"(},"merges":[]}})"))
        .status();
  };
  const auto token = [](int id, const std::string& content) {
    return absl::StrCat("{\"id\":", id, ",\"content\":\"", content, "\"}");
  };
  const std::string abc = R"("a":0,"b":1,"c":2)";
  const std::string first = token(3, "<x>") + ",";
  LIMBECK_EXPECT_OK(read(abc, first + token(4, "<y>")));
  LIMBECK_EXPECT_OK(read(abc, token(1, "b") + "," + first + token(4, "<y>")));
  LIMBECK_EXPECT_OK(read(abc, first + first + token(4, "<y>")));
  const auto refused = [&](const std::string& model, const std::string& added,
                           const std::string& says) {
    EXPECT_THAT(read(model, added),
                IsError(absl::StatusCode::kInvalidArgument, says))
        << added;
  };
  refused(abc, first + token(15, "<y>"),
          "added token '<y>' has id 15, the library tokenizers would give it "
          "4");
  refused(abc, token(4, "<x>"), "'<x>' has id 4, ");
  refused(abc, token(4, "<y>") + "," + token(3, "<x>"), "would give it 3");
  refused(abc, token(3, "<x>") + "," + token(4, "<x>"), "would give it 3");
  refused(abc, token(1, "<x>"), "would give it 3");
  refused(abc, first + token(3, "<y>"), "would give it 4");
  // Ids of the model with a hole: counted are its tokens, not its ids.
  const std::string hole = R"("a":0,"b":1,"c":3)";
  refused(hole, token(4, "<x>"), "would give it 3");
  refused(hole, token(3, "<x>"), "'<x>' has id 3, which is 'c'");
  LIMBECK_EXPECT_OK(read(R"("a":0,"b":1,"c":5)", token(3, "<x>")));
}

TEST(TokenizerJson, JsonWinsOverModel) {
  const std::string folder =
      ::testing::TempDir() + "/json_wins_test_" + std::to_string(::getpid());
  ASSERT_TRUE(MakeDirectories(folder).ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(folder, "tokenizer.json"), Gpt2File()).ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(folder, "tokenizer.model"), "junk").ok());
  EXPECT_TRUE(LoadTokenizer(folder).ok());
  ASSERT_TRUE(RemoveTree(folder).ok());
}

TEST(TokenizerJson, RefusalsNameThePlace) {
  struct Case {
    const char* from;
    const char* to;
    const char* error;
  };
  const std::string file =
      *ReadFile(JoinPath(kFolder, "qwen2/tokenizer.json"), 1 << 20);
  for (const Case& c : std::vector<Case>{
           {"\"type\":\"NFC\"", "\"type\":\"NFKD\"", "normalizer: "},
           {"\"behavior\":\"Isolated\"", "\"behavior\":\"Merged\"",
            "pre_tokenizer.pretokenizers[0]: "},
           {"\"special\":true", "\"special\":1", "added_tokens[0]: "},
           {"\"decoder\":{\"type\":\"ByteLevel\"",
            "\"decoder\":{\"type\":\"X\"", "decoder: "},
           {"\"merges\":[", "\"merges\":[7,", "model.merges[0] is 7"},
           {"\"ignore_merges\":false", "\"ignore_merges\":[]", "model: "},
       }) {
    std::string changed = file;
    const size_t at = changed.find(c.from);
    ASSERT_NE(at, changed.npos) << c.from;
    changed.replace(at, std::string(c.from).size(), c.to);
    const auto tokenizer = ParseTokenizerJson(changed);
    ASSERT_FALSE(tokenizer.ok()) << c.to;
    EXPECT_THAT(std::string(tokenizer.status().message()), HasSubstr(c.error));
  }
  // A file is named by its path, a cut by its byte.
  TemporaryDirectory folder;
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(folder.File("tokenizer.json"), file.substr(0, 1000)));
  EXPECT_THAT(LoadTokenizer(folder.path()),
              IsError(absl::StatusCode::kInvalidArgument,
                      folder.File("tokenizer.json")));
  EXPECT_THAT(LoadTokenizer(folder.path()),
              IsError(absl::StatusCode::kInvalidArgument,
                      "line 1, column 998 (byte 997)"));
}

// A file that is read must also encode and decode.
void Attempt(const std::string& text) {
  const auto tokenizer = ParseTokenizerJson(text);
  if (!tokenizer.ok()) {
    EXPECT_FALSE(tokenizer.status().message().empty());
    return;
  }
  const auto ids = (*tokenizer)->Encode("It's <think>12\n \xff");
  if (ids.ok()) (void)(*tokenizer)->Decode(*ids);
}

TEST_P(GoldenTokenizer, SurvivesDamage) {
  const std::string file =
      *ReadFile(JoinPath(folder_, "tokenizer.json"), 1 << 20);
  for (size_t at = 0; at < file.size(); at += 7) Attempt(file.substr(0, at));
  for (size_t at = 0; at < file.size(); at += 5) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    Attempt(changed);
  }
  ForEachMutation(file, 500, 3, Attempt);
}

// Every value of the JSON, in order of the text.
void CollectValues(Json& json, std::vector<Json*>* values) {
  values->push_back(&json);
  if (json.is_array()) {
    for (Json& item : json.array()) CollectValues(item, values);
  } else if (json.is_object()) {
    for (JsonMember& member : json.object()) {
      CollectValues(member.second, values);
    }
  }
}

TEST_P(GoldenTokenizer, SurvivesValuesOfOtherKinds) {
  const Json file =
      *ParseJson(*ReadFile(JoinPath(folder_, "tokenizer.json"), 1 << 20));
  const std::vector<Json> others = {Json(),           Json(true),
                                    Json(-1),         Json(int64_t{1} << 40),
                                    Json(0.5),        Json("x"),
                                    Json(""),         Json::Array(),
                                    Json::Object(),   Json("Sequence"),
                                    Json("ByteLevel")};
  Json changed = file;
  std::vector<Json*> values;
  CollectValues(changed, &values);
  for (size_t i = 0; i < values.size(); i += 1 + values.size() / 200) {
    // Swapped, since the values below must stay where they are.
    Json other = others[i % others.size()];
    std::swap(*values[i], other);
    Attempt(WriteJson(changed));
    std::swap(*values[i], other);
  }
  // Two values change places.
  for (uint64_t i = 0; i < 100; ++i) {
    const uint64_t key = RandomKey(i, RandomPurpose::kTest);
    Json* a = values[RandomBelow(values.size(), key, 0)];
    Json* b = values[RandomBelow(values.size(), key, 1)];
    const bool is_leaf =
        !a->is_array() && !a->is_object() && !b->is_array() && !b->is_object();
    if (!is_leaf) continue;
    std::swap(*a, *b);
    Attempt(WriteJson(changed));
    std::swap(*a, *b);
  }
}

}  // namespace
}  // namespace limbeck
