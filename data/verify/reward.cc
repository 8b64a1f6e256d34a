// Defaults stand in the .proto and here, in the reads of each rule.
#include "data/verify/reward.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"
#include "data/verify/language_share.h"

namespace limbeck {
namespace {

constexpr absl::string_view kThinkOpen = "<think>";
constexpr absl::string_view kThinkClose = "</think>";
constexpr int32_t kDefaultNgram = 20;
constexpr int32_t kMaxNgram = 1000;
constexpr double kPi = 3.14159265358979323846;

size_t Count(absl::string_view text, absl::string_view piece) {
  size_t count = 0;
  for (size_t at = text.find(piece); at != text.npos;
       at = text.find(piece, at + piece.size())) {
    ++count;
  }
  return count;
}

// The thought: what stands before the last </think>, else everything.
absl::string_view ThoughtOf(absl::string_view output) {
  const size_t close = output.rfind(kThinkClose);
  if (close != output.npos) output = output.substr(0, close);
  output = absl::StripLeadingAsciiWhitespace(output);
  absl::ConsumePrefix(&output, kThinkOpen);
  return output;
}

// Equal words have equal numbers, from 1.
std::vector<uint64_t> WordNumbers(absl::string_view text) {
  std::vector<uint64_t> numbers;
  absl::flat_hash_map<absl::string_view, uint64_t> known;
  for (absl::string_view word : absl::StrSplit(
           text, absl::ByAnyChar(" \t\r\n\f\v"), absl::SkipEmpty())) {
    numbers.push_back(known.emplace(word, known.size() + 1).first->second);
  }
  return numbers;
}

// Polynomial hashes modulo 2^61 - 1, which roll: the work does not grow with
// the length of the n-gram.
std::vector<uint64_t> NgramHashes(const std::vector<uint64_t>& words,
                                  size_t size) {
  constexpr uint64_t kModulus = (uint64_t{1} << 61) - 1;
  constexpr uint64_t kBase = 0x1A2B3C4D5E6F7081;
  const auto times = [](uint64_t a, uint64_t b) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b %
                                 kModulus);
  };
  uint64_t leading = 1;  // kBase^size
  for (size_t i = 0; i < size; ++i) leading = times(leading, kBase);
  std::vector<uint64_t> hashes;
  uint64_t hash = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    hash = (times(hash, kBase) + words[i]) % kModulus;
    if (i >= size) {
      hash = (hash + kModulus - times(leading, words[i - size])) % kModulus;
    }
    if (i + 1 >= size) hashes.push_back(hash);
  }
  return hashes;
}

bool IsOneAnswerElement(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return Count(text, "<answer>") == 1 && Count(text, "</answer>") == 1 &&
         absl::ConsumePrefix(&text, "<answer>") &&
         absl::ConsumeSuffix(&text, "</answer>") &&
         !absl::StripAsciiWhitespace(text).empty();
}

std::string KindName(const RewardTerm& term) {
  const google::protobuf::OneofDescriptor* kind =
      RewardTerm::descriptor()->FindOneofByName("kind");
  const google::protobuf::FieldDescriptor* field =
      term.GetReflection()->GetOneofFieldDescriptor(term, kind);
  return field == nullptr ? "" : field->name();
}

std::string NameOf(const RewardTerm& term) {
  return term.has_name() ? term.name() : KindName(term);
}

absl::Status Refuse(absl::string_view field, absl::string_view value,
                    absl::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", value, ", allowed: ", allowed));
}

absl::Status CheckUnit(LengthUnit unit, bool given) {
  if (!given || unit == LENGTH_UNIT_TOKENS || unit == LENGTH_UNIT_CHARACTERS) {
    return absl::OkStatus();
  }
  return Refuse("unit", absl::StrCat(static_cast<int>(unit)),
                "LENGTH_UNIT_TOKENS, LENGTH_UNIT_CHARACTERS");
}

absl::Status CheckKind(const RewardTerm& term) {
  switch (term.kind_case()) {
    case RewardTerm::kLanguage:
      return term.language().has_language()
                 ? CheckLanguage(term.language().language())
                 : absl::OkStatus();
    case RewardTerm::kCosineLength:
      if (term.cosine_length().max_length() < 1) {
        return Refuse("max_length",
                      absl::StrCat(term.cosine_length().max_length()),
                      "at least 1");
      }
      return CheckUnit(term.cosine_length().unit(),
                       term.cosine_length().has_unit());
    case RewardTerm::kOverlong:
      if (term.overlong().cache() < 1 ||
          term.overlong().cache() > term.overlong().max_length()) {
        return Refuse("cache", absl::StrCat(term.overlong().cache()),
                      absl::StrCat("1 to max_length, which is ",
                                   term.overlong().max_length()));
      }
      return CheckUnit(term.overlong().unit(), term.overlong().has_unit());
    case RewardTerm::kRepetition:
      if (term.repetition().has_ngram() &&
          (term.repetition().ngram() < 1 ||
           term.repetition().ngram() > kMaxNgram)) {
        return Refuse("ngram", absl::StrCat(term.repetition().ngram()),
                      absl::StrCat("1 to ", kMaxNgram));
      }
      if (term.repetition().max_penalty() > 0) {
        return Refuse("max_penalty",
                      absl::StrCat(term.repetition().max_penalty()),
                      "at most 0");
      }
      return absl::OkStatus();
    case RewardTerm::KIND_NOT_SET:
      return absl::InvalidArgumentError("no kind is given");
    default:
      return absl::OkStatus();
  }
}

// Every double field of a message is finite.
absl::Status CheckFinite(const google::protobuf::Message& message) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() ==
        google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      LIMBECK_RETURN_IF_ERROR(
          CheckFinite(message.GetReflection()->GetMessage(message, field)));
    } else if (field->cpp_type() ==
                   google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE &&
               !std::isfinite(
                   message.GetReflection()->GetDouble(message, field))) {
      return Refuse(field->name(), "not finite", "finite numbers");
    }
  }
  return absl::OkStatus();
}

std::optional<int64_t> LengthOf(const RewardInput& input, LengthUnit unit) {
  if (unit != LENGTH_UNIT_CHARACTERS) return input.num_tokens;
  return std::count_if(input.output.begin(), input.output.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
}

std::optional<bool> IsCorrect(const RewardInput& input) {
  if (input.verdict == VERDICT_CORRECT) return true;
  if (input.verdict == VERDICT_WRONG) return false;
  return std::nullopt;
}

std::optional<double> ValueOf(const RewardTerm& term,
                              const RewardInput& input) {
  const std::optional<bool> correct = IsCorrect(input);
  switch (term.kind_case()) {
    case RewardTerm::kAccuracy: {
      if (!correct) return std::nullopt;
      const AccuracyReward& rule = term.accuracy();
      if (!*correct) return rule.wrong();
      return rule.has_correct() ? rule.correct() : 1;
    }
    case RewardTerm::kFormat:
      return ScoreFormat(term.format(), input.output);
    case RewardTerm::kTagCount:
      return ScoreTagCount(input.output);
    case RewardTerm::kLanguage:
      return LanguageShare(ThoughtOf(input.output),
                           term.language().has_language()
                               ? absl::string_view(term.language().language())
                               : "en");
    case RewardTerm::kCosineLength: {
      const auto length = LengthOf(input, term.cosine_length().unit());
      if (!correct || !length) return std::nullopt;
      return ScoreCosineLength(term.cosine_length(), *correct, *length);
    }
    case RewardTerm::kOverlong: {
      const auto length = LengthOf(input, term.overlong().unit());
      if (!length) return std::nullopt;
      return ScoreOverlong(term.overlong(), *length);
    }
    default:
      return ScoreRepetition(term.repetition(), input.output);
  }
}

}  // namespace

double ScoreFormat(const FormatReward& rule, absl::string_view output) {
  output = absl::StripLeadingAsciiWhitespace(output);
  const bool opened = absl::ConsumePrefix(&output, kThinkOpen);
  if (!opened && !rule.opened_by_prompt()) return 0;
  const size_t close = output.find(kThinkClose);
  if (close == output.npos || Count(output, kThinkClose) != 1 ||
      Count(output, kThinkOpen) != 0) {
    return 0;
  }
  const absl::string_view answer = output.substr(close + kThinkClose.size());
  if (rule.answer_tags()) return IsOneAnswerElement(answer) ? 1 : 0;
  return absl::StripAsciiWhitespace(answer).empty() ? 0 : 1;
}

double ScoreTagCount(absl::string_view output) {
  double score = 0;
  for (absl::string_view tag :
       {"<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"}) {
    if (Count(output, tag) == 1) score += 0.25;
  }
  return score;
}

double ScoreCosineLength(const CosineLengthReward& rule, bool correct,
                         int64_t length) {
  const auto value = [](bool given, double stated, double fallback) {
    return given ? stated : fallback;
  };
  const double at_zero =
      correct ? value(rule.has_correct_at_zero(), rule.correct_at_zero(), 1)
              : value(rule.has_wrong_at_zero(), rule.wrong_at_zero(), -1);
  const double at_max =
      correct ? value(rule.has_correct_at_max(), rule.correct_at_max(), 0.5)
              : value(rule.has_wrong_at_max(), rule.wrong_at_max(), -0.5);
  const double progress = std::clamp(
      static_cast<double>(length) / static_cast<double>(rule.max_length()), 0.0,
      1.0);
  return at_max + 0.5 * (at_zero - at_max) * (1 + std::cos(progress * kPi));
}

double ScoreOverlong(const OverlongReward& rule, int64_t length) {
  const int64_t free = rule.max_length() - rule.cache();
  if (length <= free) return 0;
  if (length >= rule.max_length()) return -1;
  return static_cast<double>(free - length) / static_cast<double>(rule.cache());
}

double ScoreRepetition(const RepetitionReward& rule, absl::string_view output) {
  const std::string lower = absl::AsciiStrToLower(output);
  const std::vector<uint64_t> words = WordNumbers(lower);
  const auto size =
      static_cast<size_t>(rule.has_ngram() ? rule.ngram() : kDefaultNgram);
  if (words.size() < size) return 0;
  std::vector<uint64_t> hashes = NgramHashes(words, size);
  const auto total = static_cast<double>(hashes.size());
  std::sort(hashes.begin(), hashes.end());
  const auto distinct = static_cast<double>(
      std::unique(hashes.begin(), hashes.end()) - hashes.begin());
  const double penalty = rule.has_max_penalty() ? rule.max_penalty() : -1;
  return penalty * (1 - distinct / total);
}

absl::Status CheckReward(const RewardSpec& spec) {
  if (spec.terms().empty()) {
    return absl::InvalidArgumentError("the reward has no terms");
  }
  std::set<std::string> names = {"total"};
  for (const RewardTerm& term : spec.terms()) {
    const std::string name = NameOf(term);
    absl::Status status = CheckKind(term);
    if (status.ok()) status = CheckFinite(term);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("reward term '", name, "': ", status.message()));
    }
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two reward terms have the name '", name,
                       "' (\"total\" is the sum)"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RewardResult> ComputeReward(const RewardSpec& spec,
                                           const RewardInput& input) {
  LIMBECK_RETURN_IF_ERROR(CheckReward(spec));
  RewardResult result;
  double sum = 0;
  std::vector<std::string> without;
  for (const RewardTerm& term : spec.terms()) {
    RewardTermValue value;
    value.name = NameOf(term);
    value.weight = term.has_weight() ? term.weight() : 1;
    value.value = ValueOf(term, input);
    if (value.value) {
      sum += value.weight * *value.value;
    } else {
      without.push_back(value.name);
    }
    result.terms.push_back(std::move(value));
  }
  if (without.empty()) {
    result.total = sum;
  } else {
    result.reason = absl::StrCat("no value for ", absl::StrJoin(without, ", "),
                                 ": the verdict is unknown, or the length");
  }
  return result;
}

}  // namespace limbeck
