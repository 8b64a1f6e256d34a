// Reads adapter_config.json of PEFT and matches module names as PEFT does.
#include "student/adapters/lora_settings.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "student/adapters/lora.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxRank = int64_t{1} << 20;
constexpr uint32_t kMatchLimit = 100'000;  // backtracking steps of a match
constexpr absl::string_view kAllLinear = "all-linear";

// What changes no number of a trained adapter, whatever its value.
constexpr absl::string_view kHarmless[] = {
    "task_type",      "auto_mapping",         "peft_version",
    "revision",       "inference_mode",       "exclude_modules",
    "lora_dropout",   "layers_to_transform",  "layers_pattern",
    "megatron_core",  "loftq_config",         "eva_config",
    "corda_config",   "lora_ga_config",       "velora_config",
    "runtime_config", "qalora_group_size",    "modules_to_tie",
    "parent_library", "target_modules_to_tie"};

// Read by ParseLoraSettings.
constexpr absl::string_view kRead[] = {"peft_type",
                                       "r",
                                       "lora_alpha",
                                       "use_rslora",
                                       "use_dora",
                                       "rank_pattern",
                                       "alpha_pattern",
                                       "target_modules",
                                       "bias",
                                       "modules_to_save",
                                       "fan_in_fan_out",
                                       "base_model_name_or_path",
                                       "ensure_weight_tying",
                                       "init_lora_weights"};

bool IsOff(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::kNull:
      return true;
    case Json::Kind::kBool:
      return !value.boolean();
    case Json::Kind::kInt:
    case Json::Kind::kUint:
    case Json::Kind::kDouble:
      return value.number() == 0.0;
    case Json::Kind::kString:
      return value.string().empty();
    case Json::Kind::kArray:
      return value.array().empty();
    case Json::Kind::kObject:
      return value.object().empty();
  }
  return false;
}

template <size_t size>
bool IsIn(const absl::string_view (&names)[size], absl::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Settings that are neither read nor harmless, known today or not, may change
// numbers: they must be off.
absl::Status RefuseOtherSettings(const Json& json) {
  for (const auto& [key, value] : json.object()) {
    if (IsIn(kRead, key) || IsIn(kHarmless, key) || IsOff(value)) continue;
    return absl::UnimplementedError(
        absl::StrCat(key, " is ", WriteJson(value),
                     ", supported is only its absence: merge this adapter with "
                     "PEFT itself"));
  }
  return absl::OkStatus();
}

// These inits move a part of the base weights into the adapter: the stored
// factors fit only a base from which it was taken out.
absl::Status CheckInit(const Json& json) {
  const Json* init = json.Find("init_lora_weights");
  if (init == nullptr || !init->is_string()) return absl::OkStatus();
  const std::string& name = init->string();
  if (name == "gaussian" || name == "eva" || name == "orthogonal" ||
      name == "mica") {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(absl::StrCat(
      "init_lora_weights is \"", name,
      "\", which changes the base weights as well: save the adapter with "
      "PEFT's path_initial_model_for_weight_conversion, or merge it there"));
}

absl::Status CheckKind(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string type, json.GetString("peft_type"));
  if (type != "LORA") {
    return absl::UnimplementedError(
        absl::StrCat("peft_type is \"", type, "\", supported is \"LORA\""));
  }
  LIMBECK_ASSIGN_OR_RETURN(const bool transposed,
                           json.GetBool("fan_in_fan_out", false));
  if (transposed) {
    return absl::UnimplementedError(
        "fan_in_fan_out is true, supported is false: the families here store "
        "weights as [out, in]");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string bias,
                           json.GetString("bias", "none"));
  if (bias != "none" && bias != "all" && bias != "lora_only") {
    return absl::InvalidArgumentError(absl::StrCat(
        "bias is \"", bias, "\", expected none, all or lora_only"));
  }
  return CheckInit(json);
}

absl::StatusOr<std::vector<std::string>> ReadNames(const Json& json,
                                                   absl::string_view key) {
  std::vector<std::string> names;
  const Json* list = json.Find(key);
  if (list == nullptr || list->is_null()) return names;
  if (!list->is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(
        key, " is ", WriteJson(*list), ", expected a list of names"));
  }
  for (const Json& name : list->array()) {
    if (!name.is_string() || name.string().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, " holds ", WriteJson(name), ", expected a name"));
    }
    names.push_back(name.string());
  }
  return names;
}

template <typename Number>
absl::StatusOr<std::vector<std::pair<std::string, Number>>> ReadPattern(
    const Json& json, absl::string_view key) {
  std::vector<std::pair<std::string, Number>> pattern;
  const Json* map = json.Find(key);
  if (map == nullptr || map->is_null()) return pattern;
  if (!map->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, " is ", WriteJson(*map), ", expected an object"));
  }
  for (const auto& [name, value] : map->object()) {
    const bool fits = std::is_integral_v<Number>
                          ? value.kind() == Json::Kind::kInt
                          : value.is_number();
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat(
          key, " \"", name, "\" is ", WriteJson(value), ", expected a number"));
    }
    pattern.emplace_back(name, static_cast<Number>(value.number()));
  }
  return pattern;
}

absl::Status ReadTargets(const Json& json, LoraSettings& settings) {
  const Json* targets = json.Find("target_modules");
  if (targets != nullptr && targets->is_string()) {
    settings.target_expression = targets->string();
    return absl::OkStatus();
  }
  LIMBECK_ASSIGN_OR_RETURN(settings.target_modules,
                           ReadNames(json, "target_modules"));
  return absl::OkStatus();
}

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct ContextDeleter {
  void operator()(pcre2_match_context* context) const {
    pcre2_match_context_free(context);
  }
};

// Whether the whole name matches. Python's syntax, as far as PCRE2 shares it.
absl::StatusOr<bool> Matches(absl::string_view pattern,
                             absl::string_view name) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::unique_ptr<pcre2_code, CodeDeleter> code(pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
      PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &offset, nullptr));
  if (code == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern '", pattern, "' is wrong at byte ", offset));
  }
  const std::unique_ptr<pcre2_match_data, MatchDeleter> data(
      pcre2_match_data_create_from_pattern(code.get(), nullptr));
  const std::unique_ptr<pcre2_match_context, ContextDeleter> context(
      pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), kMatchLimit);
  const int count =
      pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()),
                  name.size(), 0, 0, data.get(), context.get());
  if (count == PCRE2_ERROR_NOMATCH) return false;
  if (count < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern '", pattern, "' fails on the name '", name,
                     "' with PCRE2's error ", count));
  }
  return true;
}

// The value of the first pattern that matches an end of the name.
template <typename Number>
absl::StatusOr<std::optional<Number>> FindPattern(
    const std::vector<std::pair<std::string, Number>>& patterns,
    absl::string_view module) {
  for (const auto& [pattern, value] : patterns) {
    LIMBECK_ASSIGN_OR_RETURN(
        const bool matches,
        Matches(absl::StrCat("(.*\\.)?(", pattern, ")"), module));
    if (matches) return value;
  }
  return std::nullopt;
}

absl::Status CheckRank(absl::string_view key, int64_t rank) {
  if (rank >= 1 && rank <= kMaxRank) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      key, " is ", rank, ", expected a value from 1 to ", kMaxRank));
}

}  // namespace

absl::StatusOr<LoraSettings> ParseLoraSettings(const Json& json) {
  LIMBECK_RETURN_IF_ERROR(CheckKind(json));
  LIMBECK_RETURN_IF_ERROR(RefuseOtherSettings(json));
  LoraSettings settings;
  LIMBECK_ASSIGN_OR_RETURN(settings.rank, json.GetInt("r"));
  LIMBECK_RETURN_IF_ERROR(CheckRank("r", settings.rank));
  LIMBECK_ASSIGN_OR_RETURN(settings.alpha, json.GetDouble("lora_alpha"));
  LIMBECK_ASSIGN_OR_RETURN(settings.rank_stabilized,
                           json.GetBool("use_rslora", false));
  LIMBECK_ASSIGN_OR_RETURN(settings.dora, json.GetBool("use_dora", false));
  LIMBECK_ASSIGN_OR_RETURN(settings.ties_embeddings,
                           json.GetBool("ensure_weight_tying", false));
  LIMBECK_ASSIGN_OR_RETURN(settings.rank_pattern,
                           ReadPattern<int64_t>(json, "rank_pattern"));
  LIMBECK_ASSIGN_OR_RETURN(settings.alpha_pattern,
                           ReadPattern<double>(json, "alpha_pattern"));
  LIMBECK_RETURN_IF_ERROR(ReadTargets(json, settings));
  LIMBECK_ASSIGN_OR_RETURN(settings.modules_to_save,
                           ReadNames(json, "modules_to_save"));
  LIMBECK_ASSIGN_OR_RETURN(settings.base_model,
                           json.GetString("base_model_name_or_path", ""));
  return settings;
}

absl::StatusOr<int64_t> RankOf(const LoraSettings& settings,
                               absl::string_view module) {
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<int64_t> own,
                           FindPattern(settings.rank_pattern, module));
  const int64_t rank = own.value_or(settings.rank);
  LIMBECK_RETURN_IF_ERROR(CheckRank("rank_pattern", rank));
  return rank;
}

absl::StatusOr<double> ScaleOf(const LoraSettings& settings,
                               absl::string_view module, int64_t rank) {
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<double> own,
                           FindPattern(settings.alpha_pattern, module));
  const double divisor = static_cast<double>(rank);
  return own.value_or(settings.alpha) /
         (settings.rank_stabilized ? std::sqrt(divisor) : divisor);
}

absl::StatusOr<bool> IsTarget(const LoraSettings& settings,
                              absl::string_view module) {
  if (settings.ties_embeddings &&
      (module == kHeadModule || module == kEmbeddingModule)) {
    return true;
  }
  if (settings.target_expression == kAllLinear) {
    return module != kHeadModule && module != kEmbeddingModule;
  }
  if (!settings.target_expression.empty()) {
    return Matches(settings.target_expression, module);
  }
  return std::any_of(
      settings.target_modules.begin(), settings.target_modules.end(),
      [&](const std::string& target) {
        return module == target || absl::EndsWith(module, "." + target);
      });
}

bool IsSaved(const LoraSettings& settings, absl::string_view module) {
  return std::any_of(
      settings.modules_to_save.begin(), settings.modules_to_save.end(),
      [&](const std::string& name) { return absl::EndsWith(module, name); });
}

}  // namespace limbeck
