// Content hashes: SHA-256 for files, and 128-bit ids of field lists.
#ifndef LIMBECK_DATA_BASE_DIGEST_H_
#define LIMBECK_DATA_BASE_DIGEST_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Streaming SHA-256 (FIPS 180-4).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(absl::string_view bytes);
  // 32 raw bytes. The object must not be used afterwards.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 32 raw bytes.
std::string Sha256Of(absl::string_view bytes);
// 64 hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);
absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path);

std::string ToHex(absl::string_view bytes);

// Builds ids and fingerprints from fields in a fixed order. Each field is
// written as its type, its length and its bytes, so ("ab","c") and ("a","bc")
// differ. Never feed it serialised Protobuf: that is not canonical.
class FieldHasher {
 public:
  explicit FieldHasher(absl::string_view domain);  // e.g. "limbeck.problem.v1"

  FieldHasher& Bytes(absl::string_view value);
  FieldHasher& Int(int64_t value);
  FieldHasher& Double(double value);

  // 16 raw bytes: the first half of the SHA-256.
  std::string Id();
  // 64 hexadecimal digits.
  std::string Hex();

 private:
  Sha256 hash_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_DIGEST_H_
