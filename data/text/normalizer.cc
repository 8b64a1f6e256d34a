// Steps in the order of the file.
#include "data/text/normalizer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/status_macros.h"
#include "data/text/nfc.h"
#include "data/text/pipeline_parts.h"

namespace limbeck {
namespace {

absl::StatusOr<NormalizerStep> ReadReplace(const Json& part) {
  NormalizerStep step;
  step.kind = NormalizerStep::Kind::kReplace;
  LIMBECK_ASSIGN_OR_RETURN(step.pattern, LiteralPattern(part));
  LIMBECK_ASSIGN_OR_RETURN(step.content, part.GetString("content"));
  return step;
}

absl::StatusOr<NormalizerStep> ReadStep(const std::string& type,
                                        const Json& part) {
  NormalizerStep step;
  if (type == "NFC") return step;
  if (type == "Replace") return ReadReplace(part);
  if (type != "Prepend") return UnknownPart("normalizer", type);
  step.kind = NormalizerStep::Kind::kPrepend;
  LIMBECK_ASSIGN_OR_RETURN(step.content, part.GetString("prepend"));
  return step;
}

// False: the text stays.
bool Apply(const NormalizerStep& step, absl::string_view text,
           std::string* result) {
  switch (step.kind) {
    case NormalizerStep::Kind::kNfc:
      if (IsPlainNfc(text)) return false;
      *result = ToNfc(text);
      return true;
    case NormalizerStep::Kind::kPrepend:
      if (text.empty()) return false;
      *result = absl::StrCat(step.content, text);
      return true;
    case NormalizerStep::Kind::kReplace:
      *result = absl::StrReplaceAll(text, {{step.pattern, step.content}});
      return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<NormalizerStep>> ReadNormalizer(const Json& json) {
  std::vector<NormalizerStep> steps;
  LIMBECK_RETURN_IF_ERROR(ForEachPart(
      json, "normalizer", "normalizers",
      [&](const std::string& type, const Json& part) -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(NormalizerStep step, ReadStep(type, part));
        steps.push_back(std::move(step));
        return absl::OkStatus();
      }));
  return steps;
}

absl::string_view Normalize(const std::vector<NormalizerStep>& steps,
                            absl::string_view text, std::string* buffer) {
  for (const NormalizerStep& step : steps) {
    std::string changed;
    if (!Apply(step, text, &changed)) continue;
    *buffer = std::move(changed);
    text = *buffer;
  }
  return text;
}

}  // namespace limbeck
