// The model part of tokenizer.json; the pipeline around it is read in
// bpe_pipeline.cc.
#include "data/text/bpe_definition.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/text/bpe_pipeline.h"
#include "data/text/byte_alphabet.h"
#include "data/text/pipeline_parts.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxId = int64_t{1} << 24;

using Vocabulary = absl::flat_hash_map<std::string, int32_t>;

absl::Status RefuseUnlessDefault(const Json& model, absl::string_view key) {
  const Json* value = model.Find(key);
  const bool is_default = value == nullptr || value->is_null() ||
                          (value->is_bool() && !value->boolean()) ||
                          (value->is_string() && value->string().empty()) ||
                          (value->is_number() && value->number() == 0);
  if (is_default) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("model.", key, " is ",
                                               Shown(WriteJson(*value)),
                                               ", which is not supported"));
}

absl::StatusOr<int32_t> ReadId(const Json& value, absl::string_view token) {
  if (value.kind() == Json::Kind::kInt && value.integer() >= 0 &&
      value.integer() < kMaxId) {
    return static_cast<int32_t>(value.integer());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the id of '", Shown(token), "' is ",
                   Shown(WriteJson(value)), ", not in [0, ", kMaxId, ")"));
}

absl::Status SetToken(int32_t id, const std::string& token,
                      std::vector<std::string>* tokens) {
  const auto place = static_cast<size_t>(id);
  if (place >= tokens->size()) tokens->resize(place + 1);
  if (!(*tokens)[place].empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the id ", id, " stands for two tokens, one is '", Shown(token), "'"));
  }
  (*tokens)[place] = token;
  return absl::OkStatus();
}

absl::Status ReadVocabulary(const Json& model, Vocabulary* vocabulary,
                            BpeDefinition* definition) {
  const Json* vocab = model.Find("vocab");
  if (vocab == nullptr || !vocab->is_object()) {
    return absl::InvalidArgumentError("model.vocab is not an object");
  }
  vocabulary->reserve(vocab->object().size());
  for (const auto& [token, value] : vocab->object()) {
    if (token.empty()) {
      return absl::InvalidArgumentError("model.vocab holds an empty token");
    }
    LIMBECK_ASSIGN_OR_RETURN(const int32_t id, ReadId(value, token));
    LIMBECK_RETURN_IF_ERROR(SetToken(id, token, &definition->tokens));
    vocabulary->emplace(token, id);
  }
  definition->num_model_tokens = definition->tokens.size();
  return absl::OkStatus();
}

int32_t IdIn(const Vocabulary& vocabulary, const std::string& token) {
  const auto found = vocabulary.find(token);
  return found == vocabulary.end() ? -1 : found->second;
}

// Byte-level models have a token for every byte, or could not encode it.
absl::Status FindAlphabet(const Vocabulary& vocabulary,
                          BpeDefinition* definition) {
  for (int byte = 0; byte < 256; ++byte) {
    const int32_t id =
        IdIn(vocabulary, PrintableByte(static_cast<uint8_t>(byte)));
    if (id < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the vocabulary of ", vocabulary.size(), " tokens lacks the byte 0x",
          absl::Hex(byte, absl::kZeroPad2),
          ": it is no complete byte-level vocabulary"));
    }
    definition->byte_ids[static_cast<size_t>(byte)] = id;
  }
  return absl::OkStatus();
}

absl::Status ReadUnknown(const Json& model, const Vocabulary& vocabulary,
                         BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(definition->fuse_unknown,
                           model.GetBool("fuse_unk", false));
  const Json* unknown = model.Find("unk_token");
  if (unknown == nullptr || unknown->is_null()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::string token,
                           model.GetString("unk_token"));
  definition->unknown_id = IdIn(vocabulary, token);
  if (definition->unknown_id >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.unk_token '", Shown(token), "' is not among the ",
                   vocabulary.size(), " tokens of the vocabulary"));
}

absl::Status ReadByteFallback(const Json& model, const Vocabulary& vocabulary,
                              BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const bool fallback,
                           model.GetBool("byte_fallback", false));
  if (!fallback) return absl::OkStatus();
  for (int byte = 0; byte < 256; ++byte) {
    const std::string token = absl::StrFormat("<0x%02X>", byte);
    definition->byte_ids[static_cast<size_t>(byte)] = IdIn(vocabulary, token);
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
      absl::StrCat("is ", Shown(WriteJson(merge)), ", not a pair of tokens"));
}

absl::StatusOr<BpeDefinition::Merge> ReadMerge(const Json& merge,
                                               const Vocabulary& vocabulary) {
  LIMBECK_ASSIGN_OR_RETURN(const auto parts, MergeParts(merge));
  const BpeDefinition::Merge ids = {
      IdIn(vocabulary, parts.first), IdIn(vocabulary, parts.second),
      IdIn(vocabulary, parts.first + parts.second)};
  if (ids.left < 0 || ids.right < 0 || ids.merged < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "joins '", Shown(parts.first), "' and '", Shown(parts.second),
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

// Errors of single members tell their own place.
absl::Status AtModel(const absl::Status& status) {
  return absl::StartsWith(status.message(), "model.")
             ? status
             : AtPlace("model", status);
}

absl::Status ReadModel(const Json& json, BpeDefinition* definition) {
  const Json* model = json.Find("model");
  if (model == nullptr || !model->is_object()) {
    return absl::InvalidArgumentError("there is no object 'model'");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string type,
                           model->GetString("type", "BPE"));
  if (type != "BPE") {
    return absl::UnimplementedError(absl::StrCat(
        "the model is of type '", Shown(type), "', only BPE is read"));
  }
  for (absl::string_view key :
       {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    LIMBECK_RETURN_IF_ERROR(RefuseUnlessDefault(*model, key));
  }
  LIMBECK_ASSIGN_OR_RETURN(definition->ignore_merges,
                           model->GetBool("ignore_merges", false));
  Vocabulary vocabulary;
  LIMBECK_RETURN_IF_ERROR(ReadVocabulary(*model, &vocabulary, definition));
  definition->byte_ids.fill(-1);
  if (definition->byte_level) {
    LIMBECK_RETURN_IF_ERROR(FindAlphabet(vocabulary, definition));
  } else {
    LIMBECK_RETURN_IF_ERROR(ReadUnknown(*model, vocabulary, definition));
    LIMBECK_RETURN_IF_ERROR(ReadByteFallback(*model, vocabulary, definition));
  }
  return ReadMerges(*model, vocabulary, definition);
}

// The bytes of a token of a byte-level model. Tokens outside the alphabet stand
// for themselves.
std::string PieceOf(const std::string& token) {
  std::string bytes;
  return BytesOfPrintable(token, &bytes) ? bytes : token;
}

// What files of version 1 of the fingerprint could not say.
void HashExtensions(const BpeDefinition& definition, FieldHasher* hasher) {
  if (definition.ranks_are_ids) hasher->Bytes("ranks_are_ids");
  for (const SplitStep& step : definition.split_steps) {
    if (step.matches_only) hasher->Bytes("matches_only");
    if (step.regex != nullptr) hasher->Bytes(step.regex->pattern());
  }
  for (const AddedToken& token : definition.added_tokens) {
    if (!token.single_word && !token.lstrip && !token.rstrip) continue;
    hasher->Bytes("flags").Int(token.id).Int(token.single_word);
    hasher->Int(token.lstrip).Int(token.rstrip);
  }
  if (definition.byte_level) return;
  hasher->Bytes("characters").Int(definition.unknown_id);
  hasher->Int(definition.fuse_unknown);
  for (int32_t id : definition.byte_ids) hasher->Int(id);
  for (const NormalizerStep& step : definition.normalizer) {
    hasher->Int(static_cast<int64_t>(step.kind)).Bytes(step.pattern);
    hasher->Bytes(step.content);
  }
  if (definition.metaspace.has_value()) {
    hasher->Bytes(definition.metaspace->replacement);
    hasher->Int(static_cast<int64_t>(definition.metaspace->prepend));
    hasher->Int(definition.metaspace->split);
  }
  for (const DecoderStep& step : definition.decoder) {
    hasher->Int(static_cast<int64_t>(step.kind)).Bytes(step.pattern);
    hasher->Bytes(step.content).Int(static_cast<int64_t>(step.start));
    hasher->Int(static_cast<int64_t>(step.stop)).Int(step.drops_first);
  }
}

}  // namespace

std::string BpeDefinition::Fingerprint() const {
  FieldHasher hasher("limbeck.tokenizer.byte_level_bpe.v1");
  hasher.Int(static_cast<int64_t>(tokens.size()));
  for (const std::string& token : tokens) hasher.Bytes(PieceOf(token));
  hasher.Int(static_cast<int64_t>(merges.size()));
  for (const Merge& merge : merges) {
    hasher.Int(merge.left).Int(merge.right).Int(merge.merged);
  }
  hasher.Int(ignore_merges).Int(static_cast<int64_t>(added_tokens.size()));
  for (const AddedToken& token : added_tokens) {
    hasher.Int(token.id).Bytes(token.content).Int(token.normalized);
    hasher.Int(token.special);
  }
  hasher.Int(static_cast<int64_t>(split_steps.size()));
  for (const SplitStep& step : split_steps) {
    hasher.Int(static_cast<int64_t>(step.rule));
  }
  hasher.Int(normalizer.empty() ? 0 : 1);
  for (const auto* ids : {&prefix_ids, &suffix_ids}) {
    hasher.Int(static_cast<int64_t>(ids->size()));
    for (int32_t id : *ids) hasher.Int(id);
  }
  HashExtensions(*this, &hasher);
  return hasher.Hex();
}

absl::StatusOr<BpeDefinition> ReadBpeDefinition(const Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an object, found ", JsonKindName(json.kind())));
  }
  BpeDefinition definition;
  LIMBECK_RETURN_IF_ERROR(ReadSplitting(json, &definition));
  LIMBECK_RETURN_IF_ERROR(AtModel(ReadModel(json, &definition)));
  LIMBECK_RETURN_IF_ERROR(ReadBpePipeline(json, &definition));
  return definition;
}

}  // namespace limbeck
