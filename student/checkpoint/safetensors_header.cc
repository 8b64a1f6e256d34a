// Reads safetensors headers with every check the format asks for.
#include "student/checkpoint/safetensors_header.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference reader
constexpr size_t kMaxDimensions = 16;

constexpr SafetensorsDtype kDtypes[] = {
    {"F64", 64, at::kDouble},         {"F32", 32, at::kFloat},
    {"F16", 16, at::kHalf},           {"BF16", 16, at::kBFloat16},
    {"I64", 64, at::kLong},           {"I32", 32, at::kInt},
    {"I16", 16, at::kShort},          {"I8", 8, at::kChar},
    {"U64", 64, at::kUInt64},         {"U32", 32, at::kUInt32},
    {"U16", 16, at::kUInt16},         {"U8", 8, at::kByte},
    {"BOOL", 8, at::kBool},           {"F8_E4M3", 8, at::kFloat8_e4m3fn},
    {"F8_E5M2", 8, at::kFloat8_e5m2}, {"F8_E8M0", 8, at::kFloat8_e8m0fnu},
    {"F8_E4M3FNUZ", 8, std::nullopt}, {"F8_E5M2FNUZ", 8, std::nullopt},
    {"F4", 4, std::nullopt},          {"F6_E2M3", 6, std::nullopt},
    {"F6_E3M2", 6, std::nullopt},     {"C64", 64, std::nullopt}};

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

absl::StatusOr<uint64_t> ByteSize(const std::vector<int64_t>& shape, int bits) {
  uint64_t total = static_cast<uint64_t>(bits);
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(total, static_cast<uint64_t>(size), &total) ||
        total > INT64_MAX) {
      return absl::DataLossError("shape overflows 64 bits");
    }
  }
  if (total % 8 != 0) {
    return absl::DataLossError(absl::StrCat("shape and dtype need ", total,
                                            " bits, which are no whole bytes"));
  }
  return total / 8;
}

absl::Status CheckSize(const SafetensorsEntry& entry) {
  const SafetensorsDtype* dtype = FindSafetensorsDtype(entry.dtype);
  // Elements are counted whatever they are.
  LIMBECK_ASSIGN_OR_RETURN(
      const uint64_t bytes,
      ByteSize(entry.shape, dtype == nullptr ? 8 : dtype->bits));
  if (dtype == nullptr || bytes == entry.end - entry.begin) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("shape and dtype need ", bytes,
                                          " bytes, data_offsets give ",
                                          entry.end - entry.begin));
}

absl::StatusOr<SafetensorsEntry> ReadEntry(const JsonMember& member,
                                           uint64_t data_bytes) {
  SafetensorsEntry entry;
  entry.name = member.first;
  LIMBECK_ASSIGN_OR_RETURN(entry.dtype, member.second.GetString("dtype"));
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
  LIMBECK_RETURN_IF_ERROR(CheckSize(entry));
  return entry;
}

// The tensors must cover the data without holes and overlaps.
absl::Status CheckTiling(const std::vector<SafetensorsEntry>& entries,
                         uint64_t data_bytes) {
  std::vector<const SafetensorsEntry*> ordered;
  for (const SafetensorsEntry& entry : entries) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t expected = 0;
  for (const SafetensorsEntry* entry : ordered) {
    if (entry->begin != expected) {
      return absl::DataLossError(
          absl::StrCat("tensor \"", entry->name, "\" begins at byte ",
                       entry->begin, " of the data, expected ", expected,
                       entry->begin < expected ? " (overlap)" : " (hole)"));
    }
    expected = entry->end;
  }
  if (expected != data_bytes) {
    return absl::DataLossError(absl::StrCat("tensors end at byte ", expected,
                                            " of the data, the file at ",
                                            data_bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> ReadJson(absl::string_view file, uint64_t* header_bytes) {
  if (file.size() < kSafetensorsLengthBytes) {
    return absl::DataLossError(
        absl::StrCat(file.size(), " bytes, a safetensors file has at least 8"));
  }
  std::memcpy(header_bytes, file.data(), kSafetensorsLengthBytes);
  const uint64_t limit = std::min<uint64_t>(
      kMaxHeaderBytes, file.size() - kSafetensorsLengthBytes);
  if (absl::StartsWith(file, "version https://git-lfs")) {
    return absl::DataLossError(
        "a pointer of git-lfs, not the file itself: run git lfs pull");
  }
  if (*header_bytes > limit) {
    return absl::DataLossError(absl::StrCat("header length is ", *header_bytes,
                                            " bytes, at most ", limit,
                                            " possible in this file"));
  }
  const absl::string_view text =
      file.substr(kSafetensorsLengthBytes, *header_bytes);
  if (text.empty() || text.front() != '{') {
    return absl::DataLossError("header does not begin with '{'");
  }
  absl::StatusOr<Json> json = ParseJson(text);
  if (json.ok()) return json;
  return absl::DataLossError(
      absl::StrCat("header (from byte 8): ", json.status().message()));
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

}  // namespace

const SafetensorsDtype* FindSafetensorsDtype(absl::string_view name) {
  for (const SafetensorsDtype& dtype : kDtypes) {
    if (name == dtype.name) return &dtype;
  }
  return nullptr;
}

const SafetensorsDtype* FindSafetensorsDtype(at::ScalarType type) {
  for (const SafetensorsDtype& dtype : kDtypes) {
    if (dtype.type == type) return &dtype;
  }
  return nullptr;
}

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(
    absl::string_view file) {
  uint64_t header_bytes = 0;
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ReadJson(file, &header_bytes));
  SafetensorsHeader header;
  header.data_start = kSafetensorsLengthBytes + header_bytes;
  const uint64_t data_bytes = file.size() - header.data_start;
  for (const JsonMember& member : json.object()) {
    if (member.first == kSafetensorsMetadataKey) {
      LIMBECK_ASSIGN_OR_RETURN(header.metadata, ReadMetadata(member.second));
      continue;
    }
    absl::StatusOr<SafetensorsEntry> entry = ReadEntry(member, data_bytes);
    if (!entry.ok()) {
      return absl::DataLossError(absl::StrCat(
          "tensor \"", member.first, "\": ", entry.status().message()));
    }
    header.entries.push_back(*std::move(entry));
  }
  LIMBECK_RETURN_IF_ERROR(CheckTiling(header.entries, data_bytes));
  std::sort(header.entries.begin(), header.entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return header;
}

}  // namespace limbeck
