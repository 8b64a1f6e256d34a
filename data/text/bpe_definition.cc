// The model part of tokenizer.json; the pipeline around it is read in
// bpe_pipeline.cc.
#include "data/text/bpe_definition.h"

#include <algorithm>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/text/bpe_pipeline.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxId = int64_t{1} << 24;

using Vocabulary = std::unordered_map<std::string, int32_t>;

// GPT-2's table (bytes_to_unicode in openai/gpt-2 src/encoder.py): printable
// bytes stand for themselves, the others for U+0100 and on.
std::unordered_map<std::string, char> MakeAlphabet() {
  std::unordered_map<std::string, char> alphabet;
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) ||
                           (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    std::string character;
    AppendUtf8(printable ? byte : next++, &character);
    alphabet.emplace(std::move(character), static_cast<char>(byte));
  }
  return alphabet;
}

const std::unordered_map<std::string, char>& Alphabet() {
  static const auto* alphabet =
      new std::unordered_map<std::string, char>(MakeAlphabet());
  return *alphabet;
}

absl::Status RefuseUnlessDefault(const Json& model, absl::string_view key) {
  const Json* value = model.Find(key);
  const bool is_default = value == nullptr || value->is_null() ||
                          (value->is_bool() && !value->boolean()) ||
                          (value->is_string() && value->string().empty()) ||
                          (value->is_number() && value->number() == 0);
  if (is_default) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      "model.", key, " is ", WriteJson(*value), ", which is not supported"));
}

absl::StatusOr<int32_t> ReadId(const Json& value, absl::string_view token) {
  if (value.kind() == Json::Kind::kInt && value.integer() >= 0 &&
      value.integer() < kMaxId) {
    return static_cast<int32_t>(value.integer());
  }
  return absl::InvalidArgumentError(absl::StrCat("the id of '", token, "' is ",
                                                 WriteJson(value),
                                                 ", not in [0, ", kMaxId, ")"));
}

absl::Status SetPiece(int32_t id, absl::string_view token,
                      std::vector<std::string>* pieces) {
  if (static_cast<size_t>(id) >= pieces->size()) {
    pieces->resize(static_cast<size_t>(id) + 1);
  }
  std::string& piece = (*pieces)[static_cast<size_t>(id)];
  if (!piece.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the id ", id, " stands for two tokens, one is '", token, "'"));
  }
  // Tokens outside the alphabet are added tokens; they stand for themselves.
  if (!BytesOfPrintable(token, &piece)) piece = std::string(token);
  return absl::OkStatus();
}

absl::Status ReadVocabulary(const Json& model, Vocabulary* vocabulary,
                            BpeDefinition* definition) {
  const Json* vocab = model.Find("vocab");
  if (vocab == nullptr || !vocab->is_object()) {
    return absl::InvalidArgumentError("model.vocab is not an object");
  }
  for (const auto& [token, value] : vocab->object()) {
    if (token.empty()) {
      return absl::InvalidArgumentError("model.vocab holds an empty token");
    }
    LIMBECK_ASSIGN_OR_RETURN(const int32_t id, ReadId(value, token));
    LIMBECK_RETURN_IF_ERROR(SetPiece(id, token, &definition->pieces));
    vocabulary->emplace(token, id);
  }
  for (const auto& [character, byte] : Alphabet()) {
    const auto found = vocabulary->find(character);
    if (found == vocabulary->end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the vocabulary of ", vocabulary->size(), " tokens lacks the byte 0x",
          absl::Hex(static_cast<uint8_t>(byte), absl::kZeroPad2),
          ": it is no complete byte-level vocabulary"));
    }
    definition->byte_ids[static_cast<uint8_t>(byte)] = found->second;
  }
  return absl::OkStatus();
}

// "a b" or ["a", "b"].
absl::StatusOr<std::pair<std::string, std::string>> MergeParts(
    const Json& merge) {
  if (merge.is_array() && merge.array().size() == 2 &&
      merge.array()[0].is_string() && merge.array()[1].is_string()) {
    return std::make_pair(merge.array()[0].string(), merge.array()[1].string());
  }
  if (merge.is_string()) {
    const std::string& text = merge.string();
    const size_t blank = text.find(' ');
    if (blank != text.npos && text.find(' ', blank + 1) == text.npos) {
      return std::make_pair(text.substr(0, blank), text.substr(blank + 1));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("is ", WriteJson(merge), ", not a pair of tokens"));
}

absl::StatusOr<BpeDefinition::Merge> ReadMerge(const Json& merge,
                                               const Vocabulary& vocabulary) {
  LIMBECK_ASSIGN_OR_RETURN(const auto parts, MergeParts(merge));
  const auto id_of = [&](const std::string& token) {
    const auto found = vocabulary.find(token);
    return found == vocabulary.end() ? -1 : found->second;
  };
  const BpeDefinition::Merge ids = {id_of(parts.first), id_of(parts.second),
                                    id_of(parts.first + parts.second)};
  if (ids.left < 0 || ids.right < 0 || ids.merged < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "joins '", parts.first, "' and '", parts.second,
        "', but one of them or the joined token is not in the vocabulary"));
  }
  return ids;
}

absl::Status ReadMerges(const Json& model, const Vocabulary& vocabulary,
                        BpeDefinition* definition) {
  const Json* merges = model.Find("merges");
  if (merges == nullptr || !merges->is_array()) {
    return absl::InvalidArgumentError("model.merges is not a list");
  }
  for (size_t i = 0; i < merges->array().size(); ++i) {
    const auto merge = ReadMerge(merges->array()[i], vocabulary);
    if (!merge.ok()) {
      return absl::Status(
          merge.status().code(),
          absl::StrCat("model.merges[", i, "] ", merge.status().message()));
    }
    definition->merges.push_back(*merge);
  }
  return absl::OkStatus();
}

absl::Status ReadModel(const Json& json, BpeDefinition* definition) {
  const Json* model = json.Find("model");
  if (model == nullptr || !model->is_object()) {
    return absl::InvalidArgumentError("there is no object 'model'");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string type,
                           model->GetString("type", "BPE"));
  if (type != "BPE") {
    return absl::UnimplementedError(
        absl::StrCat("the model is of type '", type, "', only BPE is read"));
  }
  for (absl::string_view key : {"dropout", "continuing_subword_prefix",
                                "end_of_word_suffix", "byte_fallback"}) {
    LIMBECK_RETURN_IF_ERROR(RefuseUnlessDefault(*model, key));
  }
  LIMBECK_ASSIGN_OR_RETURN(definition->ignore_merges,
                           model->GetBool("ignore_merges", false));
  Vocabulary vocabulary;
  LIMBECK_RETURN_IF_ERROR(ReadVocabulary(*model, &vocabulary, definition));
  return ReadMerges(*model, vocabulary, definition);
}

}  // namespace

bool BytesOfPrintable(absl::string_view token, std::string* bytes) {
  std::string found;
  while (!token.empty()) {
    const size_t length = Utf8SequenceBytes(token);
    const auto character =
        Alphabet().find(std::string(token.substr(0, length)));
    if (length == 0 || character == Alphabet().end()) return false;
    found.push_back(character->second);
    token.remove_prefix(length);
  }
  *bytes = std::move(found);
  return true;
}

std::string BpeDefinition::Fingerprint() const {
  FieldHasher hasher("limbeck.tokenizer.byte_level_bpe.v1");
  hasher.Int(static_cast<int64_t>(pieces.size()));
  for (const std::string& piece : pieces) hasher.Bytes(piece);
  hasher.Int(static_cast<int64_t>(merges.size()));
  for (const Merge& merge : merges) {
    hasher.Int(merge.left).Int(merge.right).Int(merge.merged);
  }
  hasher.Int(ignore_merges).Int(static_cast<int64_t>(added_tokens.size()));
  for (const BpeAddedToken& token : added_tokens) {
    hasher.Int(token.id).Bytes(token.content).Int(token.normalized);
    hasher.Int(token.special);
  }
  hasher.Int(static_cast<int64_t>(split_rules.size()));
  for (SplitRule rule : split_rules) hasher.Int(static_cast<int64_t>(rule));
  hasher.Int(nfc);
  for (const auto* ids : {&prefix_ids, &suffix_ids}) {
    hasher.Int(static_cast<int64_t>(ids->size()));
    for (int32_t id : *ids) hasher.Int(id);
  }
  return hasher.Hex();
}

absl::StatusOr<BpeDefinition> ReadBpeDefinition(const Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an object, found ", JsonKindName(json.kind())));
  }
  BpeDefinition definition;
  LIMBECK_RETURN_IF_ERROR(ReadModel(json, &definition));
  LIMBECK_RETURN_IF_ERROR(ReadBpePipeline(json, &definition));
  return definition;
}

}  // namespace limbeck
