// Opens the files of a checkpoint and holds them against their index.
#include "student/checkpoint/tensor_folder.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxIndexBytes = uint64_t{1} << 28;
constexpr size_t kNamesInErrors = 4;

// weight_map: name of a tensor -> name of its file.
using WeightMap = std::map<std::string, std::string>;

struct Index {
  WeightMap files;
  Json metadata;
};

// The index is outside data: names with a path in them could leave the folder.
absl::StatusOr<Index> ReadIndex(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxIndexBytes));
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", json.status().message()));
  }
  const Json* map = json->Find("weight_map");
  if (map == nullptr || !map->is_object()) {
    return absl::DataLossError(absl::StrCat(path, ": no object weight_map"));
  }
  Index index;
  for (const auto& [name, file] : map->object()) {
    if (!file.is_string() || file.string() != BaseName(file.string()) ||
        !absl::EndsWith(file.string(), ".safetensors")) {
      return absl::DataLossError(absl::StrCat(
          path, ": weight_map of \"", name, "\" is ", WriteJson(file),
          ", expected the name of a .safetensors file in the same folder"));
    }
    index.files[name] = file.string();
  }
  if (const Json* metadata = json->Find("metadata")) {
    index.metadata = *metadata;
  }
  return index;
}

// "3 tensors (a, b, c)" with the first few names.
std::string ListOf(const std::vector<std::string>& names) {
  std::string text = absl::StrCat(
      names.size(), names.size() == 1 ? " tensor (" : " tensors (");
  for (size_t i = 0; i < std::min(names.size(), kNamesInErrors); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", names[i]);
  }
  return text + (names.size() > kNamesInErrors ? ", ...)" : ")");
}

// Both must name the same tensors in the same files.
absl::Status CompareWithIndex(const std::string& path, const Index& index,
                              const std::vector<StoredTensor>& tensors) {
  std::vector<std::string> lacking;
  std::vector<std::string> unnamed;
  WeightMap left = index.files;
  for (const StoredTensor& tensor : tensors) {
    const std::string file = BaseName(tensor.file->path());
    const auto named = left.find(std::string(tensor.name));
    if (named == left.end()) {
      unnamed.push_back(absl::StrCat(tensor.name, " of ", file));
      continue;
    }
    if (named->second != file) {
      lacking.push_back(absl::StrCat(tensor.name, " in ", named->second,
                                     ", but found in ", file));
    }
    left.erase(named);
  }
  for (const auto& [name, file] : left) {
    lacking.push_back(absl::StrCat(name, " in ", file));
  }
  if (lacking.empty() && unnamed.empty()) return absl::OkStatus();
  std::string text = absl::StrCat(path, ": weight_map and files disagree");
  if (!lacking.empty()) {
    absl::StrAppend(&text, "; not where it says: ", ListOf(lacking));
  }
  if (!unnamed.empty()) {
    absl::StrAppend(&text, "; not in it: ", ListOf(unnamed));
  }
  return absl::DataLossError(text);
}

// Writers count total_size in different ways (shared tensors, whole files), so
// another sum is no damage: what is lacking is found by name.
void RemarkTotalSize(const std::string& path, const Json& metadata,
                     const std::vector<StoredTensor>& tensors,
                     std::vector<std::string>& remarks) {
  const Json* total = metadata.Find("total_size");
  if (total == nullptr) return;
  uint64_t bytes = 0;
  for (const StoredTensor& tensor : tensors) bytes += tensor.bytes().size();
  if (total->is_number() && total->number() == static_cast<double>(bytes)) {
    return;
  }
  remarks.push_back(absl::StrCat(path, ": total_size is ", WriteJson(*total),
                                 ", the tensors have ", bytes, " bytes"));
}

absl::Status SortAndRefuseTwins(std::vector<StoredTensor>& tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.name, absl::string_view(a.file->path())) <
           std::pair(b.name, absl::string_view(b.file->path()));
  });
  for (size_t i = 1; i < tensors.size(); ++i) {
    if (tensors[i].name == tensors[i - 1].name) {
      return absl::DataLossError(absl::StrCat(
          tensors[i].file->path(), ": tensor \"", tensors[i].name,
          "\" is in two files, also in ", tensors[i - 1].file->path()));
    }
  }
  return absl::OkStatus();
}

absl::Status NoWeights(const std::string& directory) {
  const std::string missing = absl::StrCat(
      directory, ": neither ", kWeightsFile, " nor ", kWeightsIndexFile);
  if (FileExists(JoinPath(directory, "adapter_config.json"))) {
    return absl::NotFoundError(absl::StrCat(
        missing, "; it is a LoRA adapter: limbeck convert BASE OUT --lora ",
        directory));
  }
  for (const char* pickle :
       {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!FileExists(JoinPath(directory, pickle))) continue;
    return absl::NotFoundError(
        absl::StrCat(missing, "; ", pickle,
                     " is a pickle, which could run code and is not "
                     "read: save the model as safetensors"));
  }
  return absl::NotFoundError(missing);
}

}  // namespace

int64_t StoredTensor::NumElements() const {
  int64_t product = 1;
  for (const int64_t size : entry->shape) product *= size;
  return product;
}

absl::StatusOr<TensorFolder> TensorFolder::Open(const std::string& directory) {
  TensorFolder folder;
  folder.directory_ = directory;
  const std::string single = JoinPath(directory, kWeightsFile);
  const std::string index_path = JoinPath(directory, kWeightsIndexFile);
  const bool is_sharded = !FileExists(single) && FileExists(index_path);
  Index index;
  std::vector<std::string> paths = {single};
  if (is_sharded) {
    LIMBECK_ASSIGN_OR_RETURN(index, ReadIndex(index_path));
    paths.clear();
    std::map<std::string, bool> seen;
    for (const auto& [name, file] : index.files) {
      if (seen.emplace(file, true).second) {
        paths.push_back(JoinPath(directory, file));
      }
    }
  } else if (FileExists(index_path)) {
    folder.remarks_.push_back(absl::StrCat(index_path, ": not read, ",
                                           kWeightsFile, " is there as well"));
  }
  if (!is_sharded && !FileExists(single)) {
    return NoWeights(directory);
  }
  for (const std::string& path : paths) {
    LIMBECK_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
    folder.files_.push_back(std::make_unique<SafetensorsFile>(std::move(file)));
    const SafetensorsFile* opened = folder.files_.back().get();
    for (const SafetensorsEntry& entry : opened->entries()) {
      folder.tensors_.push_back({entry.name, &entry, opened});
    }
  }
  LIMBECK_RETURN_IF_ERROR(SortAndRefuseTwins(folder.tensors_));
  if (is_sharded) {
    LIMBECK_RETURN_IF_ERROR(
        CompareWithIndex(index_path, index, folder.tensors_));
    RemarkTotalSize(index_path, index.metadata, folder.tensors_,
                    folder.remarks_);
  }
  return folder;
}

const StoredTensor* TensorFolder::Find(absl::string_view name) const {
  const auto found = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const StoredTensor& a, absl::string_view b) { return a.name < b; });
  if (found == tensors_.end() || found->name != name) return nullptr;
  return &*found;
}

}  // namespace limbeck
