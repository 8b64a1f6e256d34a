// Each part is null, one object with a "type", or a Sequence of such objects.
#include "data/text/bpe_pipeline.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/text/pipeline_parts.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxId = int64_t{1} << 24;

absl::Status ReadByteLevel(const Json& part, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const bool prefix_space,
                           part.GetBool("add_prefix_space", true));
  if (prefix_space) {
    return absl::UnimplementedError(
        "pre-tokenizer 'ByteLevel' with add_prefix_space is not supported");
  }
  LIMBECK_ASSIGN_OR_RETURN(const bool use_regex,
                           part.GetBool("use_regex", true));
  if (use_regex) definition->split_steps.push_back({SplitRule::kGpt2});
  definition->byte_level = true;
  return absl::OkStatus();
}

// "Isolated" keeps matches and what lies between them, whichever of both the
// pattern means; "Removed" with invert keeps the matches.
absl::Status ReadSplit(const Json& part, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string behavior,
                           part.GetString("behavior"));
  LIMBECK_ASSIGN_OR_RETURN(const bool invert, part.GetBool("invert", false));
  const bool matches_only = behavior == "Removed" && invert;
  if (behavior != "Isolated" && !matches_only) {
    return absl::UnimplementedError(absl::StrCat(
        "pre-tokenizer 'Split' with behavior '", Shown(behavior),
        "' and invert ", invert ? "true" : "false", " is not supported"));
  }
  const Json* pattern = part.Find("pattern");
  if (pattern == nullptr) {
    return absl::InvalidArgumentError("pre-tokenizer 'Split' has no pattern");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string regex,
                           pattern->GetString("Regex"));
  LIMBECK_ASSIGN_OR_RETURN(SplitStep step, StepOfPattern(regex));
  step.matches_only = matches_only;
  definition->split_steps.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status ReadDigits(const Json& part, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const bool single,
                           part.GetBool("individual_digits", false));
  definition->split_steps.push_back(
      {single ? SplitRule::kSingleDigits : SplitRule::kRunsOfDigits});
  return absl::OkStatus();
}

absl::Status ReadMetaspace(const Json& part, BpeDefinition* definition) {
  MetaspaceRule rule;
  LIMBECK_ASSIGN_OR_RETURN(rule.replacement, part.GetString("replacement"));
  LIMBECK_ASSIGN_OR_RETURN(rule.split, part.GetBool("split", true));
  LIMBECK_ASSIGN_OR_RETURN(const bool prefix_space,
                           part.GetBool("add_prefix_space", true));
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string scheme,
      part.GetString("prepend_scheme", prefix_space ? "always" : "never"));
  if (scheme == "first") {
    rule.prepend = MetaspaceRule::Prepend::kFirst;
  } else if (scheme == "never") {
    rule.prepend = MetaspaceRule::Prepend::kNever;
  } else if (scheme != "always") {
    return UnknownPart("prepend_scheme of pre-tokenizer 'Metaspace'", scheme);
  }
  if (rule.replacement.empty()) {
    return absl::InvalidArgumentError(
        "pre-tokenizer 'Metaspace' has an empty replacement");
  }
  definition->metaspace = std::move(rule);
  return absl::OkStatus();
}

absl::Status ReadPreTokenizer(const std::string& type, const Json& part,
                              BpeDefinition* definition) {
  if (definition->byte_level || definition->metaspace.has_value()) {
    return absl::UnimplementedError(
        absl::StrCat("pre-tokenizer '", Shown(type), "' after ",
                     definition->byte_level ? "'ByteLevel'" : "'Metaspace'",
                     " is not supported"));
  }
  if (type == "ByteLevel") return ReadByteLevel(part, definition);
  if (type == "Split") return ReadSplit(part, definition);
  if (type == "Digits") return ReadDigits(part, definition);
  if (type != "Metaspace") return UnknownPart("pre-tokenizer", type);
  if (!definition->split_steps.empty()) {
    return absl::UnimplementedError(
        "pre-tokenizer 'Metaspace' after another is not supported");
  }
  return ReadMetaspace(part, definition);
}

absl::StatusOr<int32_t> ReadId(const Json& token) {
  LIMBECK_ASSIGN_OR_RETURN(const int64_t id, token.GetInt("id"));
  if (id < 0 || id >= kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrCat("the id ", id, " is not in [0, ", kMaxId, ")"));
  }
  return static_cast<int32_t>(id);
}

absl::StatusOr<AddedToken> ReadAddedToken(const Json& json) {
  AddedToken token;
  LIMBECK_ASSIGN_OR_RETURN(token.id, ReadId(json));
  LIMBECK_ASSIGN_OR_RETURN(token.content, json.GetString("content"));
  LIMBECK_ASSIGN_OR_RETURN(token.normalized, json.GetBool("normalized", true));
  LIMBECK_ASSIGN_OR_RETURN(token.special, json.GetBool("special", false));
  if (token.content.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("added token ", token.id, " is empty"));
  }
  LIMBECK_ASSIGN_OR_RETURN(token.single_word,
                           json.GetBool("single_word", false));
  LIMBECK_ASSIGN_OR_RETURN(token.lstrip, json.GetBool("lstrip", false));
  LIMBECK_ASSIGN_OR_RETURN(token.rstrip, json.GetBool("rstrip", false));
  return token;
}

// The reference library takes the model's id where there are two.
absl::Status CheckAddedIds(const BpeDefinition& definition) {
  absl::flat_hash_map<absl::string_view, int32_t> ids;
  for (const AddedToken& token : definition.added_tokens) {
    ids.emplace(token.content, token.id);
  }
  for (size_t id = 0; id < definition.num_model_tokens; ++id) {
    const auto found = ids.find(definition.tokens[id]);
    if (found == ids.end() || found->second == static_cast<int32_t>(id)) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("'", Shown(definition.tokens[id]), "' is added token ",
                     found->second, " and token ", id, " of the model"));
  }
  return absl::OkStatus();
}

// The reference library ignores the ids that the file gives added tokens:
// those of the model keep the model's, the others are numbered in the order of
// the list from the number of the model's tokens on, equal ones as one.
absl::Status CheckNumbering(const BpeDefinition& definition) {
  absl::flat_hash_map<absl::string_view, int32_t> ids;
  int32_t next = 0;
  for (size_t id = 0; id < definition.num_model_tokens; ++id) {
    const std::string& token = definition.tokens[id];
    if (token.empty()) continue;
    ids.emplace(token, static_cast<int32_t>(id));
    ++next;
  }
  for (const AddedToken& token : definition.added_tokens) {
    const auto [place, is_new] = ids.emplace(token.content, next);
    if (is_new) ++next;
    if (token.id == place->second) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "added token '", Shown(token.content), "' has id ", token.id,
        ", the library tokenizers would give it ", place->second,
        "; number added tokens on from the model's without a gap"));
  }
  return absl::OkStatus();
}

absl::Status ReadAddedTokens(const Json& json, BpeDefinition* definition) {
  const Json* list = json.Find("added_tokens");
  if (list == nullptr || list->is_null()) return absl::OkStatus();
  if (!list->is_array()) {
    return absl::InvalidArgumentError("added_tokens is not a list");
  }
  for (size_t i = 0; i < list->array().size(); ++i) {
    absl::StatusOr<AddedToken> token = ReadAddedToken(list->array()[i]);
    if (!token.ok()) {
      return AtPlace(absl::StrCat("added_tokens[", i, "]"), token.status());
    }
    definition->added_tokens.push_back(*std::move(token));
  }
  LIMBECK_RETURN_IF_ERROR(CheckAddedIds(*definition));
  LIMBECK_RETURN_IF_ERROR(CheckNumbering(*definition));
  for (const AddedToken& token : definition->added_tokens) {
    const auto place = static_cast<size_t>(token.id);
    if (place >= definition->tokens.size()) {
      definition->tokens.resize(place + 1);
    }
    std::string& name = definition->tokens[place];
    if (!name.empty() && name != token.content) {
      return absl::InvalidArgumentError(
          absl::StrCat("added token '", Shown(token.content), "' has id ",
                       token.id, ", which is '", Shown(name), "'"));
    }
    name = token.content;
  }
  return absl::OkStatus();
}

// {"SpecialToken": {"id": NAME}}: the ids that special_tokens gives NAME.
absl::Status AppendSpecial(const Json& part, const Json& special,
                           std::vector<int32_t>* ids) {
  const Json* tokens = part.Find("special_tokens");
  LIMBECK_ASSIGN_OR_RETURN(const std::string name, special.GetString("id"));
  const Json* entry = tokens == nullptr ? nullptr : tokens->Find(name);
  const Json* list = entry == nullptr ? nullptr : entry->Find("ids");
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the post-processor's special token '", Shown(name), "' has no ids"));
  }
  for (const Json& id : list->array()) {
    if (id.kind() != Json::Kind::kInt || id.integer() < 0 ||
        id.integer() >= kMaxId) {
      return absl::InvalidArgumentError(
          absl::StrCat("the post-processor's special token '", Shown(name),
                       "' has the id ", Shown(WriteJson(id))));
    }
    ids->push_back(static_cast<int32_t>(id.integer()));
  }
  return absl::OkStatus();
}

// Ids around the text; a later post-processor's go around an earlier one's.
void Surround(const std::vector<int32_t>& prefix,
              const std::vector<int32_t>& suffix, BpeDefinition* definition) {
  definition->prefix_ids.insert(definition->prefix_ids.begin(), prefix.begin(),
                                prefix.end());
  definition->suffix_ids.insert(definition->suffix_ids.end(), suffix.begin(),
                                suffix.end());
}

absl::Status ReadTemplate(const Json& part, BpeDefinition* definition) {
  const Json* single = part.Find("single");
  if (single == nullptr || !single->is_array()) {
    return absl::InvalidArgumentError(
        "post-processor 'TemplateProcessing' has no list 'single'");
  }
  std::vector<int32_t> prefix;
  std::vector<int32_t> suffix;
  int num_texts = 0;
  for (const Json& element : single->array()) {
    if (element.Find("Sequence") != nullptr) {
      ++num_texts;
    } else if (const Json* special = element.Find("SpecialToken")) {
      LIMBECK_RETURN_IF_ERROR(
          AppendSpecial(part, *special, num_texts > 0 ? &suffix : &prefix));
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "the template has the element ", Shown(WriteJson(element))));
    }
  }
  if (num_texts != 1) {
    return absl::UnimplementedError(absl::StrCat(
        "the template 'single' holds the text ", num_texts, " times"));
  }
  Surround(prefix, suffix, definition);
  return absl::OkStatus();
}

// ["<s>", 0]
absl::StatusOr<int32_t> ReadPair(const Json& part, absl::string_view key) {
  const Json* pair = part.Find(key);
  if (pair == nullptr || !pair->is_array() || pair->array().size() != 2 ||
      pair->array()[1].kind() != Json::Kind::kInt ||
      pair->array()[1].integer() < 0 || pair->array()[1].integer() >= kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrCat("the post-processor's '", key, "' is no [token, id]"));
  }
  return static_cast<int32_t>(pair->array()[1].integer());
}

absl::Status ReadClsSep(const Json& part, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const int32_t cls, ReadPair(part, "cls"));
  LIMBECK_ASSIGN_OR_RETURN(const int32_t sep, ReadPair(part, "sep"));
  Surround({cls}, {sep}, definition);
  return absl::OkStatus();
}

absl::Status ReadPostProcessor(const Json& json, BpeDefinition* definition) {
  return ForEachPart(
      json, "post_processor", "processors",
      [&](const std::string& type, const Json& part) -> absl::Status {
        if (type == "ByteLevel") return absl::OkStatus();  // offsets only
        if (type == "RobertaProcessing" || type == "BertProcessing") {
          return ReadClsSep(part, definition);
        }
        if (type != "TemplateProcessing") {
          return UnknownPart("post-processor", type);
        }
        return ReadTemplate(part, definition);
      });
}

}  // namespace

absl::Status ReadSplitting(const Json& json, BpeDefinition* definition) {
  LIMBECK_RETURN_IF_ERROR(
      ForEachPart(json, "pre_tokenizer", "pretokenizers",
                  [&](const std::string& type, const Json& part) {
                    return ReadPreTokenizer(type, part, definition);
                  }));
  if (definition->byte_level || definition->split_steps.empty()) {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(
      "the pre-tokenizer splits, but ends with neither 'ByteLevel' nor "
      "'Metaspace'");
}

absl::Status ReadBpePipeline(const Json& json, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(definition->normalizer, ReadNormalizer(json));
  LIMBECK_ASSIGN_OR_RETURN(definition->decoder, ReadDecoder(json));
  if (definition->byte_level != IsByteLevel(definition->decoder)) {
    return absl::UnimplementedError(
        definition->byte_level
            ? "the pre-tokenizer is 'ByteLevel', the decoder is not"
            : "the decoder is 'ByteLevel', the pre-tokenizer is not");
  }
  LIMBECK_RETURN_IF_ERROR(ReadAddedTokens(json, definition));
  return ReadPostProcessor(json, definition);
}

}  // namespace limbeck
