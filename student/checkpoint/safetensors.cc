// Tensors as views of a mapped safetensors file.
#include "student/checkpoint/safetensors.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

absl::StatusOr<at::ScalarType> TypeOf(const SafetensorsEntry& entry,
                                      const std::string& path) {
  const SafetensorsDtype* dtype = FindSafetensorsDtype(entry.dtype);
  if (dtype != nullptr && dtype->type) return *dtype->type;
  return absl::UnimplementedError(
      absl::StrCat(path, ": tensor \"", entry.name,
                   "\" has the unsupported dtype \"", entry.dtype, "\""));
}

}  // namespace

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  SafetensorsFile result;
  result.path_ = path;
  LIMBECK_ASSIGN_OR_RETURN(result.file_, MappedFile::Open(path));
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, OpenForReading(path));
  result.descriptor_ = std::make_shared<ScopedDescriptor>(descriptor);
  absl::StatusOr<SafetensorsHeader> header =
      ParseSafetensorsHeader(result.file_->bytes());
  if (!header.ok()) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", header.status().message()));
  }
  result.header_ = *std::move(header);
  for (const SafetensorsEntry& entry : result.header_.entries) {
    result.names_.push_back(entry.name);
  }
  return result;
}

absl::string_view SafetensorsFile::Bytes(const SafetensorsEntry& entry) const {
  return file_->bytes().substr(header_.data_start + entry.begin,
                               entry.end - entry.begin);
}

absl::Status SafetensorsFile::Read(const SafetensorsEntry& entry,
                                   uint64_t offset, uint64_t count,
                                   void* out) const {
  char* target = static_cast<char*>(out);
  off_t at = static_cast<off_t>(header_.data_start + entry.begin + offset);
  while (count > 0) {
    const ssize_t got = pread(descriptor_->get(), target, count, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path_);
    if (got == 0) {
      return absl::DataLossError(
          absl::StrCat(path_, ": ends at byte ", at, " inside of tensor \"",
                       entry.name, "\"; it was longer when it was opened"));
    }
    target += got;
    at += got;
    count -= static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

absl::StatusOr<at::Tensor> SafetensorsFile::Get(absl::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name);
  if (found == names_.end() || *found != name) {
    return absl::NotFoundError(
        absl::StrCat(path_, ": no tensor \"", name, "\""));
  }
  const SafetensorsEntry& entry =
      header_.entries[static_cast<size_t>(found - names_.begin())];
  LIMBECK_ASSIGN_OR_RETURN(const at::ScalarType type, TypeOf(entry, path_));
  const absl::string_view bytes = Bytes(entry);
  const bool is_bool = type == at::kBool;
  const auto options = at::TensorOptions().dtype(is_bool ? at::kByte : type);
  if (bytes.empty()) return at::empty(entry.shape, options.dtype(type));
  const size_t width = c10::elementSize(type);
  if (reinterpret_cast<uintptr_t>(bytes.data()) % width != 0) {
    at::Tensor copy = at::empty(entry.shape, options);
    std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
    return copy;
  }
  const at::Tensor view = at::from_blob(
      const_cast<char*>(bytes.data()), entry.shape, [file = file_](void*) {},
      options);
  // A byte other than 0 and 1 is no bool in C++.
  return is_bool ? view.ne(0) : view;
}

}  // namespace limbeck
