#include "recipes/run/file_digests.h"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxCacheBytes = uint64_t{16} << 20;

struct FileState {
  uint64_t bytes = 0;
  std::string text;
};

absl::StatusOr<FileState> StateOf(const std::string& path) {
  struct stat facts = {};
  if (stat(path.c_str(), &facts) != 0) return SystemError("examine", path);
  FileState state;
  LIMBECK_ASSIGN_OR_RETURN(
      state.bytes, SizeOfRegularFile(facts.st_mode, facts.st_size, path));
  state.text = absl::StrCat(state.bytes, " ", facts.st_mtim.tv_sec, ".",
                            facts.st_mtim.tv_nsec, " ", facts.st_ctim.tv_sec,
                            ".", facts.st_ctim.tv_nsec, " ", facts.st_ino);
  return state;
}

bool BelongsToModel(const std::string& name) {
  return absl::EndsWith(name, ".safetensors") ||
         absl::EndsWith(name, ".json") || absl::EndsWith(name, ".model") ||
         absl::EndsWith(name, ".jinja") || absl::EndsWith(name, ".tiktoken");
}

// Where several chat templates are kept (data/text/chat_template.h).
constexpr char kMoreTemplates[] = "additional_chat_templates";

// Files of the folder that make the model, by name.
absl::StatusOr<std::vector<std::string>> ModelFiles(
    const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  std::vector<std::string> files;
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory, name);
    if (!IsDirectory(path)) {
      if (BelongsToModel(name)) files.push_back(name);
    } else if (name == kMoreTemplates) {
      LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> more,
                               ListDirectory(path));
      for (const std::string& file : more) {
        if (BelongsToModel(file)) files.push_back(JoinPath(name, file));
      }
    }
  }
  return files;
}

}  // namespace

FileDigests::FileDigests(std::string cache_path, uint64_t cached_from_bytes)
    : cache_path_(std::move(cache_path)),
      cached_from_bytes_(cached_from_bytes) {
  // The cache only saves time: an unreadable one is as good as none.
  if (cache_path_.empty() || !FileExists(cache_path_)) return;
  const auto text = ReadFile(cache_path_, kMaxCacheBytes);
  if (!text.ok()) return;
  const auto json = ParseJson(*text);
  if (!json.ok() || !json->is_object()) return;
  for (const JsonMember& member : json->object()) {
    const auto state = member.second.GetString("state");
    const auto sha256 = member.second.GetString("sha256");
    if (state.ok() && sha256.ok()) stored_[member.first] = {*state, *sha256};
  }
}

absl::StatusOr<std::string> FileDigests::OfFile(const std::string& path) {
  LIMBECK_ASSIGN_OR_RETURN(const FileState state, StateOf(path));
  for (const auto* known : {&entries_, &stored_}) {
    const auto found = known->find(path);
    if (found != known->end() && found->second.state == state.text) {
      return found->second.sha256;
    }
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  entries_[path] = {state.text, digest};
  if (state.bytes >= cached_from_bytes_) {
    stored_[path] = entries_[path];
    changed_ = true;
  }
  return digest;
}

absl::StatusOr<std::string> FileDigests::OfModel(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ModelFiles(directory));
  FieldHasher hasher("limbeck.model.v1");
  for (const std::string& name : names) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string digest,
                             OfFile(JoinPath(directory, name)));
    hasher.Bytes(name).Bytes(digest);
  }
  if (!names.empty()) return hasher.Hex();
  return absl::NotFoundError(absl::StrCat(
      directory, " holds no model: no *.safetensors, *.json or *.model file"));
}

absl::Status FileDigests::Save() {
  if (!changed_ || cache_path_.empty()) return absl::OkStatus();
  Json json = Json::Object();
  for (const auto& [path, entry] : stored_) {
    Json item = Json::Object();
    item.Set("state", entry.state);
    item.Set("sha256", entry.sha256);
    json.Set(path, std::move(item));
  }
  changed_ = false;
  return WriteFileAtomically(cache_path_, WriteJsonIndented(json));
}

}  // namespace limbeck
