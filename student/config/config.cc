// Files of a configuration, and what follows from its sizes.
#include "student/config/config.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "student/config/config_json.h"
#include "student/config/config_parameters.h"
#include "student/config/config_rope.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{1} << 24;

absl::StatusOr<Json> ReadJsonFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxConfigBytes));
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return WithinSetting(path, json.status());
  if (!json->is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " holds a JSON ", JsonKindName(json->kind()), ", not an object"));
  }
  return json;
}

absl::StatusOr<ModelConfig> ParseNamed(const std::string& path,
                                       const Json& json,
                                       const Json& generation) {
  absl::StatusOr<ModelConfig> config = ParseModelConfig(json, generation);
  if (!config.ok()) return WithinSetting(path, config.status());
  return config;
}

}  // namespace

int64_t ModelConfig::NumParameters() const {
  return CountParameters<int64_t>(*this, experts ? experts->num_experts : 0);
}

int64_t ModelConfig::NumActiveParameters() const {
  return CountParameters<int64_t>(*this, experts ? experts->num_chosen : 0);
}

double ModelConfig::AttentionScale() const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  const double all_dim = rope_scaling.mscale_all_dim.value_or(0.0);
  if (!latent || rope_scaling.type == RopeType::kDefault || all_dim == 0.0) {
    return scale;
  }
  const double mscale = YarnMscale(rope_scaling.factor, all_dim);
  return scale * mscale * mscale;
}

absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& directory) {
  const std::string path = JoinPath(directory, "config.json");
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
  Json generation;
  const std::string generation_path =
      JoinPath(directory, "generation_config.json");
  if (FileExists(generation_path)) {
    LIMBECK_ASSIGN_OR_RETURN(generation, ReadJsonFile(generation_path));
  }
  return ParseNamed(path, json, generation);
}

absl::StatusOr<ModelConfig> ReadModelConfigFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
  return ParseNamed(path, json, Json());
}

}  // namespace limbeck
