// See options_defaults.h.
#include "teacher/options_defaults.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/status_macros.h"
#include "data/stages/option_resolver.h"
#include "data/text/chat_messages.h"

namespace limbeck {
namespace {

constexpr int kMaxSamples = 100'000;
constexpr int kMaxTokens = 1 << 24;
constexpr int kMaxTopK = 1 << 20;
constexpr int kMaxRows = 4096;
constexpr double kMaxTemperature = 100.0;

// A field that could change nothing would still change the fingerprint, and
// whoever set it expects an effect.
absl::Status RefuseFields(const GenerateOptions& options,
                          const std::vector<std::string>& fields) {
  for (const std::string& name : fields) {
    const auto* field = options.GetDescriptor()->FindFieldByName(name);
    LIMBECK_CHECK(field != nullptr);
    if (!options.GetReflection()->HasField(options, field)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "GenerateOptions.", name, " is set, but a teacher of ",
        GenerateOptions::Kind_Name(options.teacher()), " does not use it"));
  }
  return absl::OkStatus();
}

const std::vector<std::string>& LocalFields() {
  static const auto& fields = *new std::vector<std::string>{
      "temperature", "top_p",         "top_k",        "max_tokens",
      "rows",        "capture_top_k", "signal_codec", "chat"};
  return fields;
}

absl::Status ResolveLocal(GenerateOptions& options) {
  LIMBECK_RETURN_IF_ERROR(
      RefuseFields(options, {"replay_path", "replay_format"}));
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Integer("samples_per_problem", 4, 1, kMaxSamples)
                              .Double("temperature", 0.6, 0.0, kMaxTemperature)
                              .Double("top_p", 0.95, 0.0, 1.0)
                              .Integer("top_k", 0, 0, kMaxTopK)
                              .Integer("max_tokens", 512, 1, kMaxTokens)
                              .Integer("capture_top_k", 0, 0, kMaxTopK)
                              .Integer("rows", 32, 1, kMaxRows)
                              .Enum("signal_codec", LOGPROB_CODEC_FLOAT32)
                              .status());
  LIMBECK_RETURN_IF_ERROR(CheckChatOptions(options.chat()));
  if (options.top_p() == 0.0) {
    return absl::InvalidArgumentError(
        "GenerateOptions.top_p is 0, must be above 0 and at most 1; greedy "
        "sampling is temperature 0");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GenerateOptions> ResolveOptions(const GenerateOptions& given) {
  GenerateOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Enum("teacher", GenerateOptions::KIND_LOCAL)
                              .String("teacher_licence", "")
                              .status());
  if (options.teacher() == GenerateOptions::KIND_LOCAL) {
    LIMBECK_RETURN_IF_ERROR(ResolveLocal(options));
    return options;
  }
  LIMBECK_RETURN_IF_ERROR(RefuseFields(options, LocalFields()));
  if (options.teacher() == GenerateOptions::KIND_REFERENCE) {
    LIMBECK_RETURN_IF_ERROR(
        RefuseFields(options, {"replay_path", "replay_format"}));
    LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                                .Integer("samples_per_problem", 1, 1, 1)
                                .status());
    return options;
  }
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .Integer("samples_per_problem", 4, 1, kMaxSamples)
          .RequiredString("replay_path")
          .Enum("replay_format", GenerateOptions::REPLAY_FORMAT_GENERIC)
          .status());
  return options;
}

absl::StatusOr<ScoreOptions> ResolveOptions(const ScoreOptions& given) {
  ScoreOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Integer("top_k", 16, 1, kMaxTopK)
                              .Integer("batch_tokens", 4096, 1, kMaxTokens)
                              .Enum("signal_codec", LOGPROB_CODEC_FLOAT32)
                              .status());
  return options;
}

}  // namespace limbeck
