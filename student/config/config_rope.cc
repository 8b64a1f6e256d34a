#include "student/config/config_rope.h"

#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "student/config/config_json.h"

namespace limbeck {
namespace {

constexpr char kOriginalPositions[] = "original_max_position_embeddings";
constexpr double kMaxTheta = 1e15;
constexpr double kMaxFactor = 1e6;
constexpr double kMaxMscale = 1e3;
constexpr int64_t kMaxPositions = int64_t{1} << 24;

absl::Status RefusePartialRotation(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(const double rotated,
                           json.GetDouble("partial_rotary_factor", 1.0));
  if (rotated == 1.0) return absl::OkStatus();
  return UnsupportedSetting("partial_rotary_factor", absl::StrCat(rotated),
                            "1");
}

absl::StatusOr<RopeType> ReadType(const Json& rope) {
  LIMBECK_ASSIGN_OR_RETURN(std::string type, rope.GetString("type", "default"));
  LIMBECK_ASSIGN_OR_RETURN(type, rope.GetString("rope_type", std::move(type)));
  for (const RopeType known : {RopeType::kDefault, RopeType::kLinear,
                               RopeType::kLlama3, RopeType::kYarn}) {
    if (type == RopeTypeName(known)) return known;
  }
  return UnsupportedSetting("rope_type", type,
                            "default, linear, llama3 or yarn");
}

absl::StatusOr<std::optional<double>> ReadOptional(const Json& json,
                                                   absl::string_view key) {
  if (IsAbsent(json, key)) return std::optional<double>();
  LIMBECK_ASSIGN_OR_RETURN(const double value, json.GetDouble(key));
  return std::optional<double>(value);
}

// transformers: `get(key) or fallback`.
absl::StatusOr<double> ReadUnlessZero(const Json& json, absl::string_view key,
                                      double fallback) {
  LIMBECK_ASSIGN_OR_RETURN(const double value, json.GetDouble(key, fallback));
  return value == 0.0 ? fallback : value;
}

// Some write it beside the object, where it takes precedence.
absl::StatusOr<int64_t> ReadOriginalPositions(const Json& config,
                                              const Json& rope,
                                              int64_t max_positions) {
  LIMBECK_ASSIGN_OR_RETURN(const int64_t outside,
                           config.GetInt(kOriginalPositions, max_positions));
  LIMBECK_ASSIGN_OR_RETURN(const int64_t inside,
                           rope.GetInt(kOriginalPositions, outside));
  if (inside == outside || IsAbsent(config, kOriginalPositions)) return inside;
  return absl::InvalidArgumentError(
      absl::StrCat(kOriginalPositions, " is ", inside, ", but ", outside,
                   " outside; leave one of the two"));
}

absl::Status ReadYarn(const Json& rope, int64_t max_positions,
                      RopeScaling& scaling) {
  // transformers 4 takes this ratio even where a factor is given; 5, vLLM and
  // we take the factor. A null means the ratio, an absent key is an error.
  scaling.factor = static_cast<double>(max_positions) /
                   static_cast<double>(scaling.original_max_positions);
  if (rope.Find("factor") == nullptr || !IsAbsent(rope, "factor")) {
    LIMBECK_ASSIGN_OR_RETURN(scaling.factor, rope.GetDouble("factor"));
  }
  LIMBECK_ASSIGN_OR_RETURN(scaling.beta_fast,
                           ReadUnlessZero(rope, "beta_fast", 32.0));
  LIMBECK_ASSIGN_OR_RETURN(scaling.beta_slow,
                           ReadUnlessZero(rope, "beta_slow", 1.0));
  LIMBECK_ASSIGN_OR_RETURN(scaling.truncate, rope.GetBool("truncate", true));
  LIMBECK_ASSIGN_OR_RETURN(scaling.attention_factor,
                           ReadOptional(rope, "attention_factor"));
  LIMBECK_ASSIGN_OR_RETURN(scaling.mscale, ReadOptional(rope, "mscale"));
  return absl::OkStatus();
}

absl::StatusOr<RopeScaling> ReadScaling(const Json& config, const Json& rope,
                                        int64_t max_positions) {
  LIMBECK_RETURN_IF_ERROR(RefusePartialRotation(rope));
  RopeScaling scaling;
  LIMBECK_ASSIGN_OR_RETURN(scaling.type, ReadType(rope));
  if (scaling.type == RopeType::kDefault) return scaling;
  LIMBECK_ASSIGN_OR_RETURN(scaling.mscale_all_dim,
                           ReadOptional(rope, "mscale_all_dim"));
  if (scaling.type != RopeType::kLinear) {
    LIMBECK_ASSIGN_OR_RETURN(
        scaling.original_max_positions,
        ReadOriginalPositions(config, rope, max_positions));
  }
  if (scaling.type == RopeType::kYarn) {
    LIMBECK_RETURN_IF_ERROR(ReadYarn(rope, max_positions, scaling));
    return scaling;
  }
  LIMBECK_ASSIGN_OR_RETURN(scaling.factor, rope.GetDouble("factor"));
  if (scaling.type == RopeType::kLinear) return scaling;
  LIMBECK_ASSIGN_OR_RETURN(scaling.low_freq_factor,
                           rope.GetDouble("low_freq_factor"));
  LIMBECK_ASSIGN_OR_RETURN(scaling.high_freq_factor,
                           rope.GetDouble("high_freq_factor"));
  return scaling;
}

absl::StatusOr<RopeSettings> ReadObject(const Json& config, const Json& rope,
                                        double theta, int64_t max_positions) {
  if (!rope.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is a ", JsonKindName(rope.kind()), ", expected an object or null"));
  }
  for (const JsonMember& member : rope.object()) {
    if (!member.second.is_object()) continue;
    return UnsupportedSetting(member.first, WriteJson(member.second),
                              "one setting for all layers");
  }
  RopeSettings settings;
  LIMBECK_ASSIGN_OR_RETURN(settings.theta, rope.GetDouble("rope_theta", theta));
  LIMBECK_ASSIGN_OR_RETURN(settings.scaling,
                           ReadScaling(config, rope, max_positions));
  return settings;
}

absl::Status CheckRange(absl::string_view name, double value, double least,
                        double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model config: rope ", name, " is ", value,
                   ", expected a value from ", least, " to ", most));
}

absl::Status CheckBelow(absl::string_view low_name, double low,
                        absl::string_view high_name, double high) {
  if (low > 0.0 && low < high && high <= kMaxFactor) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "model config: rope ", low_name, " is ", low, " and ", high_name, " is ",
      high, ", expected two positive numbers, the first one smaller"));
}

absl::Status CheckYarn(double theta, const RopeScaling& scaling) {
  LIMBECK_RETURN_IF_ERROR(CheckBelow("beta_slow", scaling.beta_slow,
                                     "beta_fast", scaling.beta_fast));
  LIMBECK_RETURN_IF_ERROR(CheckRange("attention_factor",
                                     scaling.attention_factor.value_or(1.0),
                                     1e-6, kMaxMscale));
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("mscale", scaling.mscale.value_or(0.0), 0.0, kMaxMscale));
  // Its logarithm divides.
  return CheckRange("rope_theta of yarn", theta, 1.0 + 1e-6, kMaxTheta);
}

Json ScalingToJson(const RopeScaling& scaling) {
  Json json = Json::Object();
  json.Set("rope_type", RopeTypeName(scaling.type));
  if (scaling.type == RopeType::kDefault) return json;
  json.Set("factor", scaling.factor);
  const auto set = [&](absl::string_view key, std::optional<double> value) {
    if (value.has_value()) json.Set(key, *value);
  };
  set("mscale_all_dim", scaling.mscale_all_dim);
  if (scaling.type == RopeType::kLinear) return json;
  json.Set(kOriginalPositions, scaling.original_max_positions);
  if (scaling.type == RopeType::kLlama3) {
    json.Set("low_freq_factor", scaling.low_freq_factor);
    json.Set("high_freq_factor", scaling.high_freq_factor);
    return json;
  }
  json.Set("beta_fast", scaling.beta_fast);
  json.Set("beta_slow", scaling.beta_slow);
  if (!scaling.truncate) json.Set("truncate", false);
  set("attention_factor", scaling.attention_factor);
  set("mscale", scaling.mscale);
  return json;
}

}  // namespace

absl::string_view RopeTypeName(RopeType type) {
  switch (type) {
    case RopeType::kDefault:
      return "default";
    case RopeType::kLinear:
      return "linear";
    case RopeType::kLlama3:
      return "llama3";
    case RopeType::kYarn:
      return "yarn";
  }
  return "unknown";
}

double YarnMscale(double factor, double mscale) {
  return factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

absl::StatusOr<RopeSettings> ReadRope(const Json& config,
                                      int64_t max_positions) {
  LIMBECK_RETURN_IF_ERROR(RefusePartialRotation(config));
  RopeSettings settings;
  LIMBECK_ASSIGN_OR_RETURN(const double theta,
                           config.GetDouble("rope_theta", settings.theta));
  settings.theta = theta;
  bool found = false;
  for (const absl::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (IsAbsent(config, key)) continue;
    const Json& object = *config.Find(key);
    if (object == Json::Object()) continue;
    const absl::StatusOr<RopeSettings> read =
        ReadObject(config, object, theta, max_positions);
    if (!read.ok()) return WithinSetting(key, read.status());
    if (found && !(*read == settings)) {
      return absl::InvalidArgumentError(
          "rope_scaling and rope_parameters differ; leave the right one");
    }
    settings = *read;
    found = true;
  }
  return settings;
}

absl::Status CheckRope(double theta, const RopeScaling& scaling) {
  if (!(theta > 0.0 && theta < kMaxTheta)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "model config: rope_theta is ", theta, ", expected a positive number"));
  }
  if (scaling.type == RopeType::kDefault) return absl::OkStatus();
  if (scaling.type != RopeType::kLinear) {
    LIMBECK_RETURN_IF_ERROR(CheckRange(
        kOriginalPositions, static_cast<double>(scaling.original_max_positions),
        1.0, static_cast<double>(kMaxPositions)));
  }
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("factor", scaling.factor, 1.0, kMaxFactor));
  LIMBECK_RETURN_IF_ERROR(CheckRange(
      "mscale_all_dim", scaling.mscale_all_dim.value_or(0.0), 0.0, kMaxMscale));
  if (scaling.type == RopeType::kLinear) return absl::OkStatus();
  if (scaling.type == RopeType::kYarn) return CheckYarn(theta, scaling);
  return CheckBelow("low_freq_factor", scaling.low_freq_factor,
                    "high_freq_factor", scaling.high_freq_factor);
}

void WriteRope(const ModelConfig& config, Json& json) {
  const auto stored = ReadRope(json, config.max_positions);
  const bool same = stored.ok() && stored->scaling == config.rope_scaling;
  const bool has_parameters = !IsAbsent(json, "rope_parameters");
  if (has_parameters) {
    Json object = same ? *json.Find("rope_parameters")
                       : ScalingToJson(config.rope_scaling);
    object.Set("rope_theta", config.rope_theta);
    json.Set("rope_parameters", std::move(object));
  }
  if (!has_parameters || json.Find("rope_theta") != nullptr) {
    json.Set("rope_theta", config.rope_theta);
  }
  const bool has_scaling = !IsAbsent(json, "rope_scaling");
  if (!same && (has_scaling || !has_parameters)) {
    json.Set("rope_scaling", config.rope_scaling.type == RopeType::kDefault
                                 ? Json()
                                 : ScalingToJson(config.rope_scaling));
  } else if (has_scaling &&
             json.Find("rope_scaling")->Find("rope_theta") != nullptr) {
    Json object = *json.Find("rope_scaling");
    json.Set("rope_scaling", object.Set("rope_theta", config.rope_theta));
  }
  if (!IsAbsent(json, kOriginalPositions) &&
      config.rope_scaling.original_max_positions > 0) {
    json.Set(kOriginalPositions, config.rope_scaling.original_max_positions);
  }
}

}  // namespace limbeck
