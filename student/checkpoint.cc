// Loads and saves Hugging Face checkpoint folders.
#include "student/checkpoint.h"

#include <ATen/ATen.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "student/dtype.h"
#include "student/safetensors.h"

namespace limbeck {
namespace {

constexpr absl::string_view kWeightsFile = "model.safetensors";
constexpr absl::string_view kIndexFile = "model.safetensors.index.json";
constexpr uint64_t kMaxIndexBytes = uint64_t{1} << 28;
constexpr absl::string_view kHeadName = "lm_head.weight";
constexpr absl::string_view kEmbeddingName = "model.embed_tokens.weight";

// Everything a tokenizer may consist of; what is there is copied.
constexpr absl::string_view kTokenizerFiles[] = {
    "tokenizer.json",    "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "tokenizer.model",       "vocab.json",
    "merges.txt",        "chat_template.jinja",   "chat_template.json"};

using TensorMap = std::map<std::string, at::Tensor>;

// Old files carry the RoPE frequencies, which follow from the configuration.
bool IsDerivedBuffer(absl::string_view name) {
  return absl::EndsWith(name, ".rotary_emb.inv_freq");
}

absl::Status AddFile(const std::string& path, TensorMap& tensors) {
  LIMBECK_ASSIGN_OR_RETURN(const SafetensorsFile file,
                           SafetensorsFile::Open(path));
  for (const std::string& name : file.names()) {
    if (IsDerivedBuffer(name)) continue;
    LIMBECK_ASSIGN_OR_RETURN(at::Tensor tensor, file.Get(name));
    if (!tensors.emplace(name, std::move(tensor)).second) {
      return absl::DataLossError(
          absl::StrCat(path, ": tensor \"", name, "\" is in two files"));
    }
  }
  return absl::OkStatus();
}

// The files named by the index, each once. The index is outside data: names
// with a path in them could leave the folder.
absl::StatusOr<std::vector<std::string>> IndexedFiles(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxIndexBytes));
  const absl::StatusOr<Json> index = ParseJson(text);
  if (!index.ok()) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", index.status().message()));
  }
  const Json* map = index->Find("weight_map");
  if (map == nullptr || !map->is_object()) {
    return absl::DataLossError(absl::StrCat(path, ": no object weight_map"));
  }
  std::map<std::string, bool> files;
  for (const auto& [name, file] : map->object()) {
    if (!file.is_string() || file.string() != BaseName(file.string()) ||
        !absl::EndsWith(file.string(), ".safetensors")) {
      return absl::DataLossError(absl::StrCat(
          path, ": weight_map of \"", name, "\" is ", WriteJson(file),
          ", expected the name of a .safetensors file in the same folder"));
    }
    files[file.string()] = true;
  }
  std::vector<std::string> names;
  for (const auto& [name, unused] : files) names.push_back(name);
  return names;
}

absl::StatusOr<TensorMap> ReadTensors(const std::string& directory) {
  TensorMap tensors;
  const std::string single = JoinPath(directory, kWeightsFile);
  const std::string index = JoinPath(directory, kIndexFile);
  if (FileExists(single) || !FileExists(index)) {
    LIMBECK_RETURN_IF_ERROR(AddFile(single, tensors));
    return tensors;
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                           IndexedFiles(index));
  for (const std::string& file : files) {
    LIMBECK_RETURN_IF_ERROR(AddFile(JoinPath(directory, file), tensors));
  }
  return tensors;
}

// The narrowest format that holds every stored weight exactly.
absl::StatusOr<at::ScalarType> StoredDtype(const std::string& directory,
                                           const TensorMap& tensors) {
  std::optional<at::ScalarType> common;
  for (const auto& [name, tensor] : tensors) {
    const at::ScalarType dtype = tensor.scalar_type();
    if (!ParseDtype(DtypeName(dtype)).ok()) {
      return absl::UnimplementedError(absl::StrCat(
          directory, ": tensor \"", name, "\" is stored as ", DtypeName(dtype),
          ", expected float32, bfloat16 or float16"));
    }
    common = common ? at::promote_types(*common, dtype) : dtype;
  }
  if (!common) {
    return absl::DataLossError(absl::StrCat(directory, ": no tensors"));
  }
  return *common;
}

std::string ShapeText(at::IntArrayRef shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", shape[i]);
  }
  return text + "]";
}

absl::Status CopySlot(const std::string& directory, const WeightSlot& slot,
                      const at::Tensor& flat, TensorMap& tensors) {
  const auto found = tensors.find(slot.name);
  if (found == tensors.end()) {
    return absl::NotFoundError(
        absl::StrCat(directory, ": no tensor \"", slot.name, "\""));
  }
  const at::Tensor& stored = found->second;
  if (stored.sizes() != at::IntArrayRef(slot.shape)) {
    return absl::InvalidArgumentError(
        absl::StrCat(directory, ": tensor \"", slot.name, "\" has shape ",
                     ShapeText(stored.sizes()), ", config.json asks for ",
                     ShapeText(slot.shape)));
  }
  ViewSlot(flat, slot).copy_(stored);
  tensors.erase(found);
  return absl::OkStatus();
}

// A tied model may carry a copy of its embedding as head, nothing else.
absl::Status RefuseLeftovers(const std::string& directory,
                             const at::Tensor& embedding, TensorMap left) {
  const auto head = left.find(std::string(kHeadName));
  if (head != left.end()) {
    if (!head->second.equal(embedding)) {
      return absl::InvalidArgumentError(absl::StrCat(
          directory, ": config.json ties the head to the embedding, but ",
          kHeadName, " differs from ", kEmbeddingName));
    }
    left.erase(head);
  }
  if (left.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      directory, ": tensor \"", left.begin()->first, "\" (and ",
      left.size() - 1, " more) has no place in the model of config.json"));
}

absl::StatusOr<Model> Load(const std::string& directory,
                           std::optional<at::ScalarType> dtype) {
  LIMBECK_ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(directory));
  LIMBECK_ASSIGN_OR_RETURN(TensorMap tensors, ReadTensors(directory));
  LIMBECK_ASSIGN_OR_RETURN(const at::ScalarType stored,
                           StoredDtype(directory, tensors));
  // A handful of bytes of config.json must not make us allocate terabytes.
  if (static_cast<size_t>(config.num_layers) > tensors.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(directory, ": config.json has ", config.num_layers,
                     " layers, the weights only ", tensors.size(), " tensors"));
  }
  int64_t stored_elements = 0;
  for (const auto& [name, tensor] : tensors) stored_elements += tensor.numel();
  if (config.NumParameters() > stored_elements) {
    return absl::InvalidArgumentError(absl::StrCat(
        directory, ": config.json describes ", config.NumParameters(),
        " parameters, the weights hold ", stored_elements));
  }
  config.dtype = std::string(DtypeName(stored));
  LIMBECK_ASSIGN_OR_RETURN(Model model,
                           MakeModel(config, dtype.value_or(stored)));
  const auto embedding = tensors.find(std::string(kEmbeddingName));
  const at::Tensor stored_embedding =
      embedding == tensors.end() ? at::Tensor() : embedding->second;
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      LIMBECK_RETURN_IF_ERROR(CopySlot(directory, slot, group.flat, tensors));
    }
  }
  LIMBECK_RETURN_IF_ERROR(
      RefuseLeftovers(directory, stored_embedding, std::move(tensors)));
  return model;
}

absl::Status WriteWeights(const Model& model, at::ScalarType dtype,
                          const std::string& path) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      tensors.emplace_back(slot.name,
                           ViewSlot(group.flat.detach(), slot).to(dtype));
    }
  }
  return WriteSafetensors(path, tensors, {{"format", "pt"}});
}

absl::Status CopyTokenizer(const std::string& from, const std::string& to) {
  if (from.empty()) return absl::OkStatus();
  bool found = false;
  for (const absl::string_view name : kTokenizerFiles) {
    const std::string path = JoinPath(from, name);
    if (!FileExists(path)) continue;
    LIMBECK_RETURN_IF_ERROR(CopyFileAtomically(path, JoinPath(to, name)));
    found = true;
  }
  if (found) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(from,
                   ": no tokenizer files (tokenizer.json or "
                   "tokenizer.model) to copy"));
}

absl::Status FillFolder(const Model& model, at::ScalarType dtype,
                        const std::string& tokenizer_directory,
                        const std::string& folder) {
  ModelConfig config = model.config;
  config.dtype = std::string(DtypeName(dtype));
  LIMBECK_RETURN_IF_ERROR(CopyTokenizer(tokenizer_directory, folder));
  LIMBECK_RETURN_IF_ERROR(
      WriteFileAtomically(JoinPath(folder, "config.json"),
                          WriteJsonIndented(ConfigToJson(config)) + "\n"));
  LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
      JoinPath(folder, "generation_config.json"),
      WriteJsonIndented(GenerationConfigToJson(config)) + "\n"));
  return WriteWeights(model, dtype, JoinPath(folder, kWeightsFile));
}

// Puts `fresh` in the place of `directory`, which may exist.
absl::Status ReplaceDirectory(const std::string& fresh,
                              const std::string& directory) {
  const std::string old = absl::StrCat(directory, ".old", kTemporarySuffix);
  LIMBECK_RETURN_IF_ERROR(RemoveTree(old));
  if (IsDirectory(directory)) {
    LIMBECK_RETURN_IF_ERROR(RenameDurably(directory, old));
  }
  LIMBECK_RETURN_IF_ERROR(RenameDurably(fresh, directory));
  return RemoveTree(old);
}

}  // namespace

absl::StatusOr<Model> LoadCheckpoint(const std::string& directory) {
  return Load(directory, std::nullopt);
}

absl::StatusOr<Model> LoadCheckpoint(const std::string& directory,
                                     at::ScalarType dtype) {
  return Load(directory, dtype);
}

absl::Status SaveCheckpoint(const Model& model, at::ScalarType dtype,
                            const std::string& tokenizer_directory,
                            const std::string& directory) {
  LIMBECK_RETURN_IF_ERROR(ParseDtype(DtypeName(dtype)).status());
  const std::string fresh = absl::StrCat(directory, kTemporarySuffix);
  LIMBECK_RETURN_IF_ERROR(RemoveTree(fresh));
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(fresh));
  const absl::Status filled =
      FillFolder(model, dtype, tokenizer_directory, fresh);
  if (!filled.ok()) {
    // The first error is the one that tells; the rest is best effort.
    RemoveTree(fresh).IgnoreError();
    return filled;
  }
  return ReplaceDirectory(fresh, directory);
}

absl::StatusOr<std::string> CheckpointDigest(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const TensorMap tensors, ReadTensors(directory));
  FieldHasher hasher("limbeck.checkpoint.v1");
  for (const auto& [name, tensor] : tensors) {
    hasher.Bytes(name).Bytes(DtypeName(tensor.scalar_type()));
    for (const int64_t size : tensor.sizes()) hasher.Int(size);
    hasher.Bytes(absl::string_view(
        static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()));
  }
  return hasher.Hex();
}

}  // namespace limbeck
