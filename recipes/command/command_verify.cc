// limbeck verify: is an answer right, and what is it worth?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/verify/answer_options.h"
#include "data/verify/reward.h"
#include "data/verify/verify.h"
#include "google/protobuf/text_format.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"

namespace limbeck {
namespace {

struct VerifyArguments {
  std::string mode = "sound";
  std::string place = "stated";
  std::string reward;
  std::string input = "-";
};

struct VerifySettings {
  VerifyMode mode = VerifyMode::kSound;
  AnswerPlace place = AnswerPlace::kStated;
  std::optional<RewardSpec> reward;
};

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case VERDICT_CORRECT:
      return "correct";
    case VERDICT_WRONG:
      return "wrong";
    default:
      return "unknown";
  }
}

absl::Status AddReward(const Json& line, const std::string& answer,
                       const RewardSpec& spec, Verdict verdict, Json* out) {
  RewardInput input;
  input.output = answer;
  input.verdict = verdict;
  LIMBECK_ASSIGN_OR_RETURN(const int64_t tokens, line.GetInt("num_tokens", -1));
  if (tokens >= 0) input.num_tokens = tokens;
  LIMBECK_ASSIGN_OR_RETURN(const RewardResult result,
                           ComputeReward(spec, input));
  Json terms = Json::Object();
  for (const RewardTermValue& term : result.terms) {
    terms.Set(term.name, term.value ? Json(*term.value) : Json());
  }
  out->Set("reward", result.total ? Json(*result.total) : Json());
  out->Set("rewards", std::move(terms));
  return absl::OkStatus();
}

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// "num_token", "rel_tolerance": not other fields, which pass.
bool LooksLike(absl::string_view field, absl::string_view known) {
  constexpr size_t kLongest = 64, kTelling = 8;
  if (field.size() > kLongest) return false;
  if (4 * EditDistance(field, known) <= known.size()) return true;
  for (absl::string_view word : absl::StrSplit(known, '_')) {
    if (word.size() >= kTelling && absl::StrContains(field, word)) return true;
  }
  return false;
}

// An option that is misspelt would change the verdict by being ignored.
absl::Status CheckFields(const Json& line) {
  constexpr absl::string_view kFields[] = {"id", "gold", "answer"};
  constexpr absl::string_view kOptions[] = {
      "kind",        "absolute_tolerance", "relative_tolerance", "letters",
      "ignore_case", "anywhere",           "num_tokens"};
  const auto is_in = [](const auto& names, absl::string_view name) {
    return std::find(std::begin(names), std::end(names), name) !=
           std::end(names);
  };
  for (const JsonMember& member : line.object()) {
    const absl::string_view field = member.first;
    if (is_in(kFields, field) || is_in(kOptions, field)) continue;
    absl::string_view nearest;
    for (absl::string_view known : kOptions) {
      if (LooksLike(field, known) &&
          (nearest.empty() ||
           EditDistance(field, known) < EditDistance(field, nearest))) {
        nearest = known;
      }
    }
    if (nearest.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown field \"", field, "\"; did you mean \"", nearest, "\"?"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> Verify(const Json& line, const VerifySettings& settings) {
  LIMBECK_RETURN_IF_ERROR(CheckFields(line));
  VerifyRequest request;
  LIMBECK_ASSIGN_OR_RETURN(request.kind,
                           AnswerKindFromJson(line, ANSWER_KIND_MATH));
  LIMBECK_ASSIGN_OR_RETURN(const std::string gold,
                           GoldFromJson(line, "gold", request.kind));
  LIMBECK_ASSIGN_OR_RETURN(const std::string answer, line.GetString("answer"));
  LIMBECK_ASSIGN_OR_RETURN(request.options, AnswerOptionsFromJson(line));
  request.gold = gold;
  request.answer = answer;
  request.mode = settings.mode;
  request.place = settings.place;
  LIMBECK_RETURN_IF_ERROR(CheckRequest(request));
  const Verification verdict = VerifyAnswer(request);
  Json out = Json::Object();
  out.Set("verdict", VerdictName(verdict.verdict()));
  out.Set("extracted", verdict.extracted());
  out.Set("reason", verdict.detail());
  if (settings.reward) {
    LIMBECK_RETURN_IF_ERROR(
        AddReward(line, answer, *settings.reward, verdict.verdict(), &out));
  }
  return out;
}

absl::StatusOr<VerifySettings> SettingsOf(const VerifyArguments& arguments) {
  VerifySettings settings;
  if (arguments.mode == "compat") settings.mode = VerifyMode::kCompat;
  if (arguments.place == "box") settings.place = AnswerPlace::kBoxOnly;
  if (arguments.reward.empty()) return settings;
  if (settings.mode == VerifyMode::kCompat) {
    return absl::InvalidArgumentError(
        "--reward needs --mode sound: compat repeats a harness's mistakes");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.reward));
  RewardSpec spec;
  if (!google::protobuf::TextFormat::ParseFromString(text, &spec)) {
    return absl::InvalidArgumentError(
        absl::StrCat(arguments.reward,
                     " is no text file of RewardSpec "
                     "(data/verify/reward.proto)"));
  }
  LIMBECK_RETURN_IF_ERROR(CheckReward(spec));
  settings.reward = std::move(spec);
  return settings;
}

absl::Status RunVerify(const VerifyArguments& arguments) {
  LIMBECK_ASSIGN_OR_RETURN(const VerifySettings settings,
                           SettingsOf(arguments));
  return RunLineFilter(arguments.input, [&](const Json& line) {
    return Verify(line, settings);
  });
}

}  // namespace

void AddVerifyCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* verb =
      AddVerb(app, "verify",
              "Filter: {\"gold\", \"answer\", \"kind\"} -> {\"verdict\", "
              "\"extracted\", \"reason\"}",
              "printf '%s\\n' '{\"gold\": \"1/2\", \"answer\": \"so "
              "\\\\boxed{\\\\frac{2}{4}}\"}' | limbeck verify");
  verb->add_option("--mode", arguments->mode,
                   "sound: unknown rather than a guess; compat: what "
                   "Math-Verify 0.8.0 says, mistakes included")
      ->check(CLI::IsMember({"sound", "compat"}));
  verb->add_option("--place", arguments->place,
                   "where sound mode looks: stated (box, sentence, bare) or "
                   "box only")
      ->check(CLI::IsMember({"stated", "box"}));
  verb->add_option("--reward", arguments->reward,
                   "text file of RewardSpec: adds \"reward\" and \"rewards\"; "
                   "lines may carry \"num_tokens\"");
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
  verb->callback([arguments, &result] { result = RunVerify(*arguments); });
}

}  // namespace limbeck
