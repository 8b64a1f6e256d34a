#include "recipes/report/model_facts.h"

#include <memory>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"
#include "student/config/config.h"
#include "student/config/config_rope.h"

namespace limbeck::report {
namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{1} << 20;
// As in the reference implementation of the format.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr char kScaleSuffix[] = "_scale_inv";
constexpr char kWeightsName[] = "model.safetensors";

absl::Status Damaged(const std::string& path, absl::string_view reason) {
  return absl::DataLossError(absl::StrCat(path, ": ", reason));
}

absl::StatusOr<Json> ParseFile(const std::string& path,
                               absl::string_view text) {
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return Damaged(path, json.status().message());
  if (!json->is_object()) return Damaged(path, "expected an object");
  return json;
}

absl::StatusOr<Json> ReadJsonObject(const std::string& path,
                                    uint64_t max_bytes) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, max_bytes));
  return ParseFile(path, text);
}

// Product of a tensor's shape; false when it is no list of sizes or exceeds 64
// bits.
bool CountElements(const Json& tensor, uint64_t* elements) {
  const Json* shape = tensor.Find("shape");
  if (shape == nullptr || !shape->is_array()) return false;
  *elements = 1;
  for (const Json& size : shape->array()) {
    if (size.kind() != Json::Kind::kInt || size.integer() < 0) return false;
    const auto factor = static_cast<uint64_t>(size.integer());
    if (__builtin_mul_overflow(*elements, factor, elements)) return false;
  }
  return true;
}

// https://huggingface.co/docs/safetensors: length of the header as 64 bits,
// the header as JSON, then the tensors.
absl::StatusOr<uint64_t> CountInFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<MappedFile> file,
                           MappedFile::Open(path));
  const absl::string_view bytes = file->bytes();
  constexpr size_t kLengthBytes = sizeof(uint64_t);
  if (bytes.size() < kLengthBytes) return Damaged(path, "no header");
  const auto length = ReadLittleEndian<uint64_t>(bytes, 0);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    return Damaged(path, absl::StrCat("the header says ", length,
                                      " bytes, the file has ", bytes.size()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const Json header,
                           ParseFile(path, bytes.substr(kLengthBytes, length)));
  uint64_t total = 0;
  for (const auto& [name, tensor] : header.object()) {
    // Factors of float8 blocks belong to the numbers they scale.
    if (name == "__metadata__" || absl::EndsWith(name, kScaleSuffix)) continue;
    uint64_t elements = 0;
    if (!CountElements(tensor, &elements) ||
        __builtin_add_overflow(total, elements, &total)) {
      return Damaged(path,
                     absl::StrCat("tensor '", name, "' has no valid shape"));
    }
  }
  return total;
}

absl::StatusOr<std::set<std::string>> WeightFiles(
    const std::string& directory) {
  if (FileExists(JoinPath(directory, kWeightsName))) return {{kWeightsName}};
  const std::string index =
      JoinPath(directory, absl::StrCat(kWeightsName, ".index.json"));
  std::set<std::string> names;
  if (!FileExists(index)) return names;
  LIMBECK_ASSIGN_OR_RETURN(const Json json,
                           ReadJsonObject(index, kMaxHeaderBytes));
  const Json* map = json.Find("weight_map");
  if (map == nullptr || !map->is_object()) {
    return Damaged(index, "no 'weight_map'");
  }
  for (const auto& [tensor, file] : map->object()) {
    if (!file.is_string() || BaseName(file.string()) != file.string()) {
      return Damaged(
          index, absl::StrCat("'", tensor, "' is in no file of this folder"));
    }
    names.insert(file.string());
  }
  return names;
}

// What not every model has.
void AddPartsOfFamily(const ModelConfig& config,
                      std::vector<std::string>* parts) {
  if (config.latent) {
    parts->push_back(
        absl::StrCat("latent attention of ", config.latent->kv_rank));
  }
  if (config.experts) {
    parts->push_back(absl::StrCat(config.experts->num_experts, " experts, ",
                                  config.experts->num_chosen,
                                  " for each token"));
  }
  if (config.sliding_window > 0) {
    parts->push_back(absl::StrCat("window ", config.sliding_window));
  }
  if (config.rope_scaling.type != RopeType::kDefault) {
    parts->push_back(absl::StrCat(RopeTypeName(config.rope_scaling.type),
                                  " RoPE by ", config.rope_scaling.factor));
  }
}

std::string DescribeArchitecture(const Json& config) {
  std::vector<std::string> parts;
  const Json* type = config.Find("model_type");
  if (type != nullptr && type->is_string()) parts.push_back(type->string());
  const auto add = [&](absl::string_view before, const char* key,
                       absl::string_view after) {
    const Json* value = config.Find(key);
    if (value == nullptr || value->kind() != Json::Kind::kInt) return;
    parts.push_back(absl::StrCat(before, value->integer(), after));
  };
  add("", "num_hidden_layers", " layers");
  add("width ", "hidden_size", "");
  add("", "num_attention_heads", " heads");
  add("", "num_key_value_heads", " key/value heads");
  add("vocabulary ", "vocab_size", "");
  const absl::StatusOr<ModelConfig> parsed = ParseModelConfig(config, Json());
  if (parsed.ok()) AddPartsOfFamily(*parsed, &parts);
  return absl::StrJoin(parts, ", ");
}

void AddLicences(const Recipe& recipe, const std::string& name,
                 std::set<std::string>* visited,
                 std::vector<std::string>* licences) {
  if (!visited->insert(name).second) return;
  for (const ModelEntry& model : recipe.models()) {
    if (model.name() != name) continue;
    licences->push_back(absl::StrCat(
        name, ": ", model.licence().empty() ? "not stated" : model.licence()));
  }
  for (const StageEntry& stage : recipe.stages()) {
    if (stage.name() != name) continue;
    for (const std::string& input : stage.inputs()) {
      AddLicences(recipe, input, visited, licences);
    }
  }
}

}  // namespace

absl::StatusOr<uint64_t> CountParameters(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const std::set<std::string> files,
                           WeightFiles(directory));
  uint64_t total = 0;
  for (const std::string& file : files) {
    LIMBECK_ASSIGN_OR_RETURN(const uint64_t count,
                             CountInFile(JoinPath(directory, file)));
    if (__builtin_add_overflow(total, count, &total)) {
      return Damaged(directory, "more than 2^64 parameters");
    }
  }
  return total;
}

std::string TrainedFrom(const std::string& model) {
  return absl::StrCat("trained from ", model);
}

absl::Status ReadCheckpointFacts(const std::string& directory,
                                 ModelFacts* facts) {
  const std::string config = JoinPath(directory, "config.json");
  if (FileExists(config)) {
    LIMBECK_ASSIGN_OR_RETURN(const Json json,
                             ReadJsonObject(config, kMaxConfigBytes));
    facts->architecture = DescribeArchitecture(json);
  }
  LIMBECK_ASSIGN_OR_RETURN(facts->parameters, CountParameters(directory));
  return absl::OkStatus();
}

std::string LicencesOf(const Recipe& recipe, absl::string_view name) {
  std::set<std::string> visited;
  std::vector<std::string> licences;
  AddLicences(recipe, std::string(name), &visited, &licences);
  return absl::StrJoin(licences, ", ");
}

}  // namespace limbeck::report
