// Writes safetensors files: header first, then the data as it comes.
#include <ATen/ATen.h>

#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "student/checkpoint/safetensors.h"

namespace limbeck {
namespace {

constexpr size_t kHeaderAlignment = 8;  // the data begins at a multiple of it

uint64_t ByteCount(const SafetensorsWriter::Item& item) {
  uint64_t bytes = c10::elementSize(item.dtype);
  for (const int64_t size : item.shape) bytes *= static_cast<uint64_t>(size);
  return bytes;
}

Json ItemToJson(const SafetensorsWriter::Item& item, const char* dtype,
                uint64_t begin) {
  Json shape = Json::Array();
  for (const int64_t size : item.shape) shape.Push(size);
  Json offsets = Json::Array();
  offsets.Push(begin);
  offsets.Push(begin + ByteCount(item));
  Json json = Json::Object();
  json.Set("dtype", dtype);
  json.Set("shape", std::move(shape));
  json.Set("data_offsets", std::move(offsets));
  return json;
}

absl::StatusOr<std::string> BuildHeader(
    const std::vector<SafetensorsWriter::Item>& items,
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  JsonObject header;
  if (!metadata.empty()) {
    Json object = Json::Object();
    for (const auto& [key, value] : metadata) object.Set(key, value);
    header.emplace_back(kSafetensorsMetadataKey, std::move(object));
  }
  uint64_t begin = 0;
  std::set<absl::string_view> seen = {kSafetensorsMetadataKey};
  for (const SafetensorsWriter::Item& item : items) {
    if (!seen.insert(item.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor name \"", item.name, "\" cannot be used twice"));
    }
    const SafetensorsDtype* dtype = FindSafetensorsDtype(item.dtype);
    if (dtype == nullptr) {
      return absl::UnimplementedError(absl::StrCat(
          "tensor \"", item.name, "\" has dtype ", c10::toString(item.dtype),
          ", which safetensors files here do not hold"));
    }
    header.emplace_back(item.name, ItemToJson(item, dtype->name, begin));
    begin += ByteCount(item);
  }
  std::string text = WriteJson(Json(std::move(header)));
  text.resize((text.size() + kHeaderAlignment - 1) / kHeaderAlignment *
                  kHeaderAlignment,
              ' ');
  return text;
}

}  // namespace

absl::StatusOr<SafetensorsWriter> SafetensorsWriter::Create(
    const std::string& path, const std::vector<Item>& items,
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  absl::StatusOr<std::string> header = BuildHeader(items, metadata);
  if (!header.ok()) {
    return absl::Status(header.status().code(),
                        absl::StrCat(path, ": ", header.status().message()));
  }
  uint64_t data_bytes = 0;
  for (const Item& item : items) data_bytes += ByteCount(item);
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(path));
  const uint64_t length = header->size();
  char prefix[kSafetensorsLengthBytes];
  std::memcpy(prefix, &length, kSafetensorsLengthBytes);
  LIMBECK_RETURN_IF_ERROR(
      file->Append(absl::string_view(prefix, kSafetensorsLengthBytes)));
  LIMBECK_RETURN_IF_ERROR(file->Append(*header));
  return SafetensorsWriter(std::move(file), data_bytes);
}

absl::Status SafetensorsWriter::Append(absl::string_view bytes) {
  LIMBECK_CHECK(bytes.size() <= missing_bytes_);
  missing_bytes_ -= bytes.size();
  return file_->Append(bytes);
}

absl::Status SafetensorsWriter::Commit() {
  LIMBECK_CHECK_EQ(missing_bytes_, uint64_t{0});
  return file_->Commit();
}

absl::Status WriteSafetensors(
    const std::string& path,
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  std::vector<SafetensorsWriter::Item> items;
  for (const auto& [name, tensor] : tensors) {
    items.push_back({name, tensor.scalar_type(), tensor.sizes().vec()});
  }
  LIMBECK_ASSIGN_OR_RETURN(SafetensorsWriter writer,
                           SafetensorsWriter::Create(path, items, metadata));
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor flat = tensor.detach().to(at::kCPU).contiguous();
    LIMBECK_RETURN_IF_ERROR(writer.Append(absl::string_view(
        static_cast<const char*>(flat.const_data_ptr()), flat.nbytes())));
  }
  return writer.Commit();
}

}  // namespace limbeck
