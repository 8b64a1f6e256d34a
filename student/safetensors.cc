// Reads and writes safetensors with every check the format asks for.
#include "student/safetensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference reader
constexpr size_t kMaxDimensions = 16;
constexpr absl::string_view kMetadataKey = "__metadata__";

struct DtypeRow {
  const char* name;
  at::ScalarType dtype;
  uint64_t bytes;
};
constexpr DtypeRow kDtypes[] = {
    {"F64", at::kDouble, 8},    {"F32", at::kFloat, 4}, {"F16", at::kHalf, 2},
    {"BF16", at::kBFloat16, 2}, {"I64", at::kLong, 8},  {"I32", at::kInt, 4},
    {"I16", at::kShort, 2},     {"I8", at::kChar, 1},   {"U8", at::kByte, 1}};

// Where one tensor lies inside the data part.
struct Entry {
  std::string name;
  DtypeRow dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

absl::Status Bad(absl::string_view path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

absl::StatusOr<DtypeRow> FindDtype(const Json& json) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string name, json.GetString("dtype"));
  for (const DtypeRow& row : kDtypes) {
    if (name == row.name) return row;
  }
  return absl::UnimplementedError(
      absl::StrCat("unsupported dtype \"", name, "\""));
}

absl::StatusOr<std::vector<int64_t>> ReadNaturals(const Json& json,
                                                  absl::string_view key) {
  const Json* list = json.Find(key);
  if (list == nullptr || !list->is_array()) {
    return absl::DataLossError(absl::StrCat(key, " is not an array"));
  }
  if (list->array().size() > kMaxDimensions) {
    return absl::DataLossError(absl::StrCat(key, " has ", list->array().size(),
                                            " entries, at most ",
                                            kMaxDimensions, " allowed"));
  }
  std::vector<int64_t> values;
  for (const Json& value : list->array()) {
    if (value.kind() != Json::Kind::kInt || value.integer() < 0) {
      return absl::DataLossError(absl::StrCat(key, " holds ", WriteJson(value),
                                              ", expected whole numbers"));
    }
    values.push_back(value.integer());
  }
  return values;
}

absl::StatusOr<uint64_t> ByteSize(const std::vector<int64_t>& shape,
                                  uint64_t item_bytes) {
  uint64_t bytes = item_bytes;
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes) ||
        bytes > INT64_MAX) {
      return absl::DataLossError("shape overflows 64 bits");
    }
  }
  return bytes;
}

absl::StatusOr<Entry> ReadEntry(const JsonMember& member, uint64_t data_bytes) {
  Entry entry;
  entry.name = member.first;
  LIMBECK_ASSIGN_OR_RETURN(entry.dtype, FindDtype(member.second));
  LIMBECK_ASSIGN_OR_RETURN(entry.shape, ReadNaturals(member.second, "shape"));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<int64_t> offsets,
                           ReadNaturals(member.second, "data_offsets"));
  if (offsets.size() != 2) {
    return absl::DataLossError(
        absl::StrCat("data_offsets has ", offsets.size(), " entries, not 2"));
  }
  entry.begin = static_cast<uint64_t>(offsets[0]);
  entry.end = static_cast<uint64_t>(offsets[1]);
  if (entry.begin > entry.end || entry.end > data_bytes) {
    return absl::DataLossError(absl::StrCat("data_offsets [", entry.begin, ", ",
                                            entry.end, "] outside of ",
                                            data_bytes, " bytes of data"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t bytes,
                           ByteSize(entry.shape, entry.dtype.bytes));
  if (bytes != entry.end - entry.begin) {
    return absl::DataLossError(absl::StrCat("shape and dtype need ", bytes,
                                            " bytes, data_offsets give ",
                                            entry.end - entry.begin));
  }
  return entry;
}

// The tensors must cover the data without holes and overlaps.
absl::Status CheckTiling(std::vector<Entry> entries, uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected) {
      return absl::DataLossError(
          absl::StrCat("tensor \"", entry.name, "\" begins at byte ",
                       entry.begin, " of the data, expected ", expected,
                       entry.begin < expected ? " (overlap)" : " (hole)"));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    return absl::DataLossError(absl::StrCat("tensors end at byte ", expected,
                                            " of the data, the file at ",
                                            data_bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> ReadHeader(absl::string_view bytes,
                                uint64_t* header_bytes) {
  if (bytes.size() < kLengthBytes) {
    return absl::DataLossError(absl::StrCat(
        bytes.size(), " bytes, a safetensors file has at least 8"));
  }
  std::memcpy(header_bytes, bytes.data(), kLengthBytes);
  const uint64_t limit =
      std::min<uint64_t>(kMaxHeaderBytes, bytes.size() - kLengthBytes);
  if (*header_bytes > limit) {
    return absl::DataLossError(absl::StrCat("header length is ", *header_bytes,
                                            " bytes, at most ", limit,
                                            " possible in this file"));
  }
  const absl::string_view text = bytes.substr(kLengthBytes, *header_bytes);
  if (text.empty() || text.front() != '{') {
    return absl::DataLossError("header does not begin with '{'");
  }
  return ParseJson(text);
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadMetadata(
    const Json& json) {
  if (!json.is_object()) {
    return absl::DataLossError("__metadata__ is not an object");
  }
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto& [key, value] : json.object()) {
    if (!value.is_string()) {
      return absl::DataLossError(
          absl::StrCat("__metadata__ \"", key, "\" is not a string"));
    }
    metadata.emplace_back(key, value.string());
  }
  return metadata;
}

// A view of the mapping, or a copy where the file aligns the tensor badly.
at::Tensor MakeTensor(const Entry& entry, const char* data,
                      const std::shared_ptr<MappedFile>& file) {
  const at::TensorOptions options =
      at::TensorOptions().dtype(entry.dtype.dtype);
  const char* begin = data + entry.begin;
  if (entry.begin == entry.end) return at::empty(entry.shape, options);
  if (reinterpret_cast<uintptr_t>(begin) % entry.dtype.bytes != 0) {
    at::Tensor copy = at::empty(entry.shape, options);
    std::memcpy(copy.mutable_data_ptr(), begin, entry.end - entry.begin);
    return copy;
  }
  return at::from_blob(
      const_cast<char*>(begin), entry.shape, [file](void*) {}, options);
}

absl::StatusOr<DtypeRow> DtypeOf(const std::string& name,
                                 const at::Tensor& tensor) {
  for (const DtypeRow& row : kDtypes) {
    if (row.dtype == tensor.scalar_type()) return row;
  }
  return absl::UnimplementedError(absl::StrCat(
      "tensor \"", name, "\" has dtype ", c10::toString(tensor.scalar_type()),
      ", which safetensors files here do not hold"));
}

Json EntryToJson(const DtypeRow& dtype, const at::Tensor& tensor,
                 uint64_t begin) {
  Json shape = Json::Array();
  for (const int64_t size : tensor.sizes()) shape.Push(size);
  Json offsets = Json::Array();
  offsets.Push(begin);
  offsets.Push(begin + static_cast<uint64_t>(tensor.numel()) * dtype.bytes);
  Json json = Json::Object();
  json.Set("dtype", dtype.name);
  json.Set("shape", std::move(shape));
  json.Set("data_offsets", std::move(offsets));
  return json;
}

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

absl::StatusOr<std::string> BuildHeader(
    const NamedTensors& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  JsonObject header;
  if (!metadata.empty()) {
    Json object = Json::Object();
    for (const auto& [key, value] : metadata) object.Set(key, value);
    header.emplace_back(kMetadataKey, std::move(object));
  }
  uint64_t begin = 0;
  std::set<absl::string_view> seen = {kMetadataKey};
  for (const auto& [name, tensor] : tensors) {
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor name \"", name, "\" cannot be used twice"));
    }
    LIMBECK_ASSIGN_OR_RETURN(const DtypeRow dtype, DtypeOf(name, tensor));
    header.emplace_back(name, EntryToJson(dtype, tensor, begin));
    begin += static_cast<uint64_t>(tensor.numel()) * dtype.bytes;
  }
  std::string text = WriteJson(Json(std::move(header)));
  text.resize((text.size() + 7) / 8 * 8, ' ');  // aligns the data
  return text;
}

absl::Status AppendTensor(const at::Tensor& tensor, AtomicFile& file) {
  const at::Tensor flat = tensor.detach().to(at::kCPU).contiguous();
  return file.Append(absl::string_view(
      static_cast<const char*>(flat.const_data_ptr()), flat.nbytes()));
}

}  // namespace

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<MappedFile> file,
                           MappedFile::Open(path));
  const absl::string_view bytes = file->bytes();
  uint64_t header_bytes = 0;
  const absl::StatusOr<Json> header = ReadHeader(bytes, &header_bytes);
  if (!header.ok()) return Bad(path, header.status().message());
  const uint64_t data_start = kLengthBytes + header_bytes;
  const uint64_t data_bytes = bytes.size() - data_start;
  SafetensorsFile result;
  result.path_ = path;
  std::vector<Entry> entries;
  for (const JsonMember& member : header->object()) {
    if (member.first == kMetadataKey) {
      auto metadata = ReadMetadata(member.second);
      if (!metadata.ok()) return Bad(path, metadata.status().message());
      result.metadata_ = *std::move(metadata);
      continue;
    }
    absl::StatusOr<Entry> entry = ReadEntry(member, data_bytes);
    if (!entry.ok()) {
      return absl::Status(entry.status().code(),
                          absl::StrCat(path, ": tensor \"", member.first,
                                       "\": ", entry.status().message()));
    }
    entries.push_back(*std::move(entry));
  }
  const absl::Status tiling = CheckTiling(entries, data_bytes);
  if (!tiling.ok()) return Bad(path, tiling.message());
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  for (const Entry& entry : entries) {
    result.names_.push_back(entry.name);
    result.tensors_.push_back(
        MakeTensor(entry, bytes.data() + data_start, file));
  }
  return result;
}

absl::StatusOr<at::Tensor> SafetensorsFile::Get(absl::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name);
  if (found == names_.end() || *found != name) {
    return absl::NotFoundError(
        absl::StrCat(path_, ": no tensor \"", name, "\""));
  }
  return tensors_[static_cast<size_t>(found - names_.begin())];
}

absl::Status WriteSafetensors(
    const std::string& path, const NamedTensors& tensors,
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  absl::StatusOr<std::string> header = BuildHeader(tensors, metadata);
  if (!header.ok()) {
    return absl::Status(header.status().code(),
                        absl::StrCat(path, ": ", header.status().message()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(path));
  const uint64_t length = header->size();
  char prefix[kLengthBytes];
  std::memcpy(prefix, &length, kLengthBytes);
  LIMBECK_RETURN_IF_ERROR(
      file->Append(absl::string_view(prefix, kLengthBytes)));
  LIMBECK_RETURN_IF_ERROR(file->Append(*header));
  for (const auto& [name, tensor] : tensors) {
    LIMBECK_RETURN_IF_ERROR(AppendTensor(tensor, *file));
  }
  return file->Commit();
}

}  // namespace limbeck
