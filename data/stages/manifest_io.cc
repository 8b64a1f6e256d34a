#include "data/stages/manifest_io.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace limbeck {
namespace {

// 100,000 partitions with a few files each stay well below.
constexpr uint64_t kMaxManifestBytes = uint64_t{256} << 20;

// Keeps the first complaint of the parser.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ =
        absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Manifest MakeManifest(const StageIdentity& identity) {
  Manifest manifest;
  manifest.set_stage_name(identity.name);
  manifest.set_stage_kind(identity.kind);
  manifest.set_stage_version(identity.version);
  manifest.set_fingerprint(identity.Fingerprint());
  manifest.set_options(identity.options);
  manifest.set_seed(identity.seed);
  for (const auto& [name, digest] : identity.parents) {
    Parent* parent = manifest.add_parents();
    parent->set_name(name);
    parent->set_content_digest(digest);
  }
  return manifest;
}

absl::StatusOr<Manifest> ParseManifest(absl::string_view text,
                                       const std::string& origin) {
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  Manifest manifest;
  if (!parser.ParseFromString(std::string(text), &manifest)) {
    return absl::DataLossError(
        absl::StrCat(origin, " is no manifest: ", errors.text(),
                     "; remove the directory to have the stage run again"));
  }
  return manifest;
}

absl::StatusOr<Manifest> ReadManifest(const std::string& directory) {
  const std::string path = JoinPath(directory, kManifestName);
  if (!FileExists(path)) {
    return absl::NotFoundError(
        absl::StrCat(path, " does not exist: no complete artefact there"));
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxManifestBytes));
  return ParseManifest(text, path);
}

absl::Status WriteManifest(const std::string& directory, Manifest manifest) {
  manifest.set_content_digest(ContentDigest(manifest));
  std::string text;
  if (!google::protobuf::TextFormat::PrintToString(manifest, &text)) {
    return absl::InternalError(
        absl::StrCat("manifest of ", directory, " cannot be printed"));
  }
  return WriteFileAtomically(JoinPath(directory, kManifestName), text);
}

std::string ContentDigest(const Manifest& manifest) {
  FieldHasher hasher("limbeck.artefact.v1");
  for (const FileEntry& file : manifest.files()) {
    hasher.Bytes(file.name()).Bytes(file.content_digest());
  }
  return hasher.Hex();
}

absl::Status CheckBalance(const Counts& counts, absl::string_view place) {
  const uint64_t sum = counts.out() + counts.rejected() + counts.merged();
  if (counts.in() == sum) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(place, ": ", counts.in(), " ", counts.unit(), " in, but ",
                   counts.out(), " out + ", counts.rejected(), " rejected + ",
                   counts.merged(), " merged = ", sum));
}

}  // namespace limbeck
