#include "data/stages/stage.h"

#include "data/base/digest.h"

namespace limbeck {

std::string StageIdentity::Fingerprint() const {
  FieldHasher hasher("limbeck.stage.v1");
  hasher.Bytes(kind).Int(version).Bytes(options);
  hasher.Int(static_cast<int64_t>(seed));
  hasher.Int(static_cast<int64_t>(parents.size()));
  // Names count as well: options refer to inputs by name.
  for (const auto& [parent, digest] : parents) {
    hasher.Bytes(parent).Bytes(digest);
  }
  return hasher.Hex();
}

}  // namespace limbeck
