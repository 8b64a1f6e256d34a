// Each part is null, one object with a "type", or a Sequence of such objects.
#include "data/text/bpe_pipeline.h"

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxId = int64_t{1} << 24;

using PartReader =
    std::function<absl::Status(const std::string& type, const Json& part)>;

// Calls body for the part itself or for each element of a Sequence, whose list
// has the name `list_key`. Null and absent parts are skipped.
absl::Status ForEachPart(const Json* part, absl::string_view list_key,
                         const PartReader& body) {
  if (part == nullptr || part->is_null()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::string type, part->GetString("type"));
  if (type != "Sequence") return body(type, *part);
  const Json* list = part->Find(list_key);
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a Sequence has no list '", list_key, "'"));
  }
  for (const Json& element : list->array()) {
    LIMBECK_RETURN_IF_ERROR(ForEachPart(&element, list_key, body));
  }
  return absl::OkStatus();
}

absl::Status Unknown(absl::string_view what, absl::string_view type) {
  return absl::UnimplementedError(
      absl::StrCat("unknown ", what, " '", type, "'"));
}

absl::Status ReadNormalizer(const Json& json, BpeDefinition* definition) {
  return ForEachPart(json.Find("normalizer"), "normalizers",
                     [&](const std::string& type, const Json&) {
                       if (type != "NFC") return Unknown("normalizer", type);
                       definition->nfc = true;
                       return absl::OkStatus();
                     });
}

absl::Status ReadByteLevel(const Json& part, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const bool prefix_space,
                           part.GetBool("add_prefix_space", true));
  if (prefix_space) {
    return absl::UnimplementedError(
        "pre-tokenizer 'ByteLevel' with add_prefix_space is not supported");
  }
  LIMBECK_ASSIGN_OR_RETURN(const bool use_regex,
                           part.GetBool("use_regex", true));
  if (use_regex) definition->split_rules.push_back(SplitRule::kGpt2);
  return absl::OkStatus();
}

absl::Status ReadSplit(const Json& part, BpeDefinition* definition) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string behavior,
                           part.GetString("behavior"));
  LIMBECK_ASSIGN_OR_RETURN(const bool invert, part.GetBool("invert", false));
  if (behavior != "Isolated" || invert) {
    return absl::UnimplementedError(absl::StrCat(
        "pre-tokenizer 'Split' with behavior '", behavior, "' and invert ",
        invert ? "true" : "false", " is not supported"));
  }
  const Json* pattern = part.Find("pattern");
  if (pattern == nullptr) {
    return absl::InvalidArgumentError("pre-tokenizer 'Split' has no pattern");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string regex,
                           pattern->GetString("Regex"));
  LIMBECK_ASSIGN_OR_RETURN(const SplitRule rule, RuleOfPattern(regex));
  definition->split_rules.push_back(rule);
  return absl::OkStatus();
}

absl::Status ReadPreTokenizer(const Json& json, BpeDefinition* definition) {
  bool byte_level = false;
  LIMBECK_RETURN_IF_ERROR(ForEachPart(
      json.Find("pre_tokenizer"), "pretokenizers",
      [&](const std::string& type, const Json& part) -> absl::Status {
        if (type == "ByteLevel") {
          byte_level = true;
          return ReadByteLevel(part, definition);
        }
        if (type == "Split") return ReadSplit(part, definition);
        if (type != "Digits") return Unknown("pre-tokenizer", type);
        LIMBECK_ASSIGN_OR_RETURN(const bool single,
                                 part.GetBool("individual_digits", false));
        definition->split_rules.push_back(single ? SplitRule::kSingleDigits
                                                 : SplitRule::kRunsOfDigits);
        return absl::OkStatus();
      }));
  if (byte_level) return absl::OkStatus();
  return absl::UnimplementedError(
      "there is no pre-tokenizer 'ByteLevel': only byte-level models are read");
}

absl::Status ReadDecoder(const Json& json) {
  bool byte_level = false;
  LIMBECK_RETURN_IF_ERROR(
      ForEachPart(json.Find("decoder"), "decoders",
                  [&](const std::string& type, const Json&) {
                    if (type != "ByteLevel") return Unknown("decoder", type);
                    byte_level = true;
                    return absl::OkStatus();
                  }));
  if (byte_level) return absl::OkStatus();
  return absl::UnimplementedError("there is no decoder 'ByteLevel'");
}

absl::StatusOr<int32_t> ReadId(const Json& token) {
  LIMBECK_ASSIGN_OR_RETURN(const int64_t id, token.GetInt("id"));
  if (id < 0 || id >= kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrCat("the id ", id, " is not in [0, ", kMaxId, ")"));
  }
  return static_cast<int32_t>(id);
}

absl::StatusOr<BpeAddedToken> ReadAddedToken(const Json& json) {
  BpeAddedToken token;
  LIMBECK_ASSIGN_OR_RETURN(token.id, ReadId(json));
  LIMBECK_ASSIGN_OR_RETURN(token.content, json.GetString("content"));
  LIMBECK_ASSIGN_OR_RETURN(token.normalized, json.GetBool("normalized", true));
  LIMBECK_ASSIGN_OR_RETURN(token.special, json.GetBool("special", false));
  if (token.content.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("added token ", token.id, " is empty"));
  }
  for (absl::string_view flag : {"single_word", "lstrip", "rstrip"}) {
    LIMBECK_ASSIGN_OR_RETURN(const bool set, json.GetBool(flag, false));
    if (!set) continue;
    return absl::UnimplementedError(absl::StrCat(
        "added token '", token.content, "' has ", flag, ", not supported"));
  }
  return token;
}

absl::Status ReadAddedTokens(const Json& json, BpeDefinition* definition) {
  const Json* list = json.Find("added_tokens");
  if (list == nullptr || list->is_null()) return absl::OkStatus();
  if (!list->is_array()) {
    return absl::InvalidArgumentError("added_tokens is not a list");
  }
  for (const Json& element : list->array()) {
    LIMBECK_ASSIGN_OR_RETURN(BpeAddedToken token, ReadAddedToken(element));
    const auto place = static_cast<size_t>(token.id);
    if (place >= definition->pieces.size()) {
      definition->pieces.resize(place + 1);
    }
    definition->pieces[place] = token.content;
    definition->added_tokens.push_back(std::move(token));
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
        "the post-processor's special token '", name, "' has no ids"));
  }
  for (const Json& id : list->array()) {
    if (id.kind() != Json::Kind::kInt || id.integer() < 0 ||
        id.integer() >= kMaxId) {
      return absl::InvalidArgumentError(
          absl::StrCat("the post-processor's special token '", name,
                       "' has the id ", WriteJson(id)));
    }
    ids->push_back(static_cast<int32_t>(id.integer()));
  }
  return absl::OkStatus();
}

absl::Status ReadTemplate(const Json& part, BpeDefinition* definition) {
  const Json* single = part.Find("single");
  if (single == nullptr || !single->is_array()) {
    return absl::InvalidArgumentError(
        "post-processor 'TemplateProcessing' has no list 'single'");
  }
  std::vector<int32_t>* ids = &definition->prefix_ids;
  for (const Json& element : single->array()) {
    if (element.Find("Sequence") != nullptr) {
      ids = &definition->suffix_ids;
    } else if (const Json* special = element.Find("SpecialToken")) {
      LIMBECK_RETURN_IF_ERROR(AppendSpecial(part, *special, ids));
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("the template has the element ", WriteJson(element)));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadPostProcessor(const Json& json, BpeDefinition* definition) {
  return ForEachPart(
      json.Find("post_processor"), "processors",
      [&](const std::string& type, const Json& part) -> absl::Status {
        if (type == "ByteLevel") return absl::OkStatus();  // offsets only
        if (type != "TemplateProcessing") {
          return Unknown("post-processor", type);
        }
        return ReadTemplate(part, definition);
      });
}

}  // namespace

absl::Status ReadBpePipeline(const Json& json, BpeDefinition* definition) {
  LIMBECK_RETURN_IF_ERROR(ReadNormalizer(json, definition));
  LIMBECK_RETURN_IF_ERROR(ReadPreTokenizer(json, definition));
  LIMBECK_RETURN_IF_ERROR(ReadDecoder(json));
  LIMBECK_RETURN_IF_ERROR(ReadAddedTokens(json, definition));
  return ReadPostProcessor(json, definition);
}

}  // namespace limbeck
