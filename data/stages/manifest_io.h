// Manifests as text, and the digest of an artefact's content.
#ifndef LIMBECK_DATA_STAGES_MANIFEST_IO_H_
#define LIMBECK_DATA_STAGES_MANIFEST_IO_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/stages/manifest.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

// A manifest with name, kind, version, fingerprint, options, seed and parents
// of the stage.
Manifest MakeManifest(const StageIdentity& identity);

// Reads text format; the error names line and column. `origin` names the text
// in errors.
absl::StatusOr<Manifest> ParseManifest(absl::string_view text,
                                       const std::string& origin);

// Fills content_digest and writes the file, whole or not at all.
absl::Status WriteManifest(const std::string& directory, Manifest manifest);

// SHA-256 (hex) over names and content digests of the files, in their order.
std::string ContentDigest(const Manifest& manifest);

// OK when in = out + rejected + merged.
absl::Status CheckBalance(const Counts& counts, absl::string_view place);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_MANIFEST_IO_H_
