// Each step maps a list of tokens to a list of tokens, as in the library
// tokenizers 0.23.3 (Decoder::decode_chain).
#include "data/text/token_decoder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/text/byte_alphabet.h"
#include "data/text/pipeline_parts.h"

namespace limbeck {
namespace {

using Kind = DecoderStep::Kind;

absl::StatusOr<DecoderStep> ReadMetaspace(const Json& part) {
  DecoderStep step;
  step.kind = Kind::kMetaspace;
  LIMBECK_ASSIGN_OR_RETURN(step.pattern, part.GetString("replacement"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string scheme,
                           part.GetString("prepend_scheme", "always"));
  step.drops_first = scheme != "never";
  return step;
}

absl::StatusOr<DecoderStep> ReadStrip(const Json& part) {
  DecoderStep step;
  step.kind = Kind::kStrip;
  LIMBECK_ASSIGN_OR_RETURN(step.content, part.GetString("content"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t start, part.GetInt("start"));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t stop, part.GetInt("stop"));
  if (start < 0 || stop < 0 || step.content.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("decoder 'Strip' takes '",
                                                   step.content, "' ", start,
                                                   " and ", stop, " times"));
  }
  step.start = static_cast<size_t>(start);
  step.stop = static_cast<size_t>(stop);
  return step;
}

absl::StatusOr<DecoderStep> ReadStep(const std::string& type,
                                     const Json& part) {
  DecoderStep step;
  if (type == "ByteLevel") return step;
  if (type == "Metaspace") return ReadMetaspace(part);
  if (type == "Strip") return ReadStrip(part);
  if (type == "Fuse") {
    step.kind = Kind::kFuse;
    return step;
  }
  if (type == "ByteFallback") {
    step.kind = Kind::kByteFallback;
    return step;
  }
  if (type != "Replace") return UnknownPart("decoder", type);
  step.kind = Kind::kReplace;
  LIMBECK_ASSIGN_OR_RETURN(step.pattern, LiteralPattern(part));
  LIMBECK_ASSIGN_OR_RETURN(step.content, part.GetString("content"));
  return step;
}

std::string Stripped(const DecoderStep& step, bool at_start,
                     absl::string_view token) {
  for (size_t i = 0; at_start && i < step.start; ++i) {
    if (!absl::ConsumePrefix(&token, step.content)) break;
  }
  for (size_t i = 0; i < step.stop; ++i) {
    if (!absl::ConsumeSuffix(&token, step.content)) break;
  }
  return std::string(token);
}

// Each run of byte tokens as one text.
std::vector<std::string> JoinBytes(const std::vector<std::string>& tokens) {
  std::vector<std::string> result;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (IsValidUtf8(bytes)) {
      result.push_back(bytes);
    } else {
      result.insert(result.end(), bytes.size(),
                    std::string(kReplacementCharacter));
    }
    bytes.clear();
  };
  for (const std::string& token : tokens) {
    const int byte = ByteOfToken(token);
    if (byte >= 0) {
      bytes.push_back(static_cast<char>(byte));
      continue;
    }
    flush();
    result.push_back(token);
  }
  flush();
  return result;
}

// One token by a step that looks at nothing else.
void ApplyToToken(const DecoderStep& step, bool is_first, bool is_fused,
                  std::string* token) {
  switch (step.kind) {
    case Kind::kByteLevel: {
      std::string bytes;
      if (BytesOfPrintable(*token, &bytes)) *token = std::move(bytes);
      break;
    }
    case Kind::kReplace:
      *token = absl::StrReplaceAll(*token, {{step.pattern, step.content}});
      break;
    case Kind::kMetaspace:
      *token = absl::StrReplaceAll(
          *token, {{step.pattern, is_first && step.drops_first ? "" : " "}});
      break;
    case Kind::kStrip:
      *token = Stripped(step, is_first || !is_fused, *token);
      break;
    case Kind::kByteFallback:
    case Kind::kFuse:
      break;
  }
}

}  // namespace

absl::StatusOr<std::vector<DecoderStep>> ReadDecoder(const Json& json) {
  std::vector<DecoderStep> steps;
  LIMBECK_RETURN_IF_ERROR(ForEachPart(
      json, "decoder", "decoders",
      [&](const std::string& type, const Json& part) -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(DecoderStep step, ReadStep(type, part));
        steps.push_back(std::move(step));
        return absl::OkStatus();
      }));
  if (!steps.empty()) return steps;
  return absl::UnimplementedError("there is no decoder");
}

bool IsByteLevel(const std::vector<DecoderStep>& steps) {
  return steps.size() == 1 && steps[0].kind == Kind::kByteLevel;
}

std::string DecodeTokens(const std::vector<DecoderStep>& steps,
                         std::vector<std::string> tokens, bool is_first) {
  bool is_fused = false;
  for (const DecoderStep& step : steps) {
    if (step.kind == Kind::kByteFallback) {
      tokens = JoinBytes(tokens);
    } else if (step.kind == Kind::kFuse) {
      tokens = {absl::StrJoin(tokens, "")};
      is_fused = true;
    } else {
      for (size_t i = 0; i < tokens.size(); ++i) {
        ApplyToToken(step, is_first && i == 0, is_fused, &tokens[i]);
      }
    }
  }
  return absl::StrJoin(tokens, "");
}

int ByteOfToken(absl::string_view token) {
  if (token.size() != 6 || token.substr(0, 3) != "<0x" || token[5] != '>') {
    return -1;
  }
  int value = 0;
  for (char c : token.substr(3, 2)) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return -1;
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    value = value * 16 + (lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return value;
}

}  // namespace limbeck
