#include "data/base/digest.h"

#include <openssl/evp.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/escaping.h"
#include "data/base/check.h"
#include "data/base/little_endian.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr size_t kSha256Bytes = 32;
constexpr size_t kIdBytes = 16;

std::string LittleEndian64(uint64_t value) {
  std::string bytes;
  AppendLittleEndian(value, &bytes);
  return bytes;
}

void AddField(Sha256& hash, char type, absl::string_view bytes) {
  hash.Update(absl::string_view(&type, 1));
  hash.Update(LittleEndian64(bytes.size()));
  hash.Update(bytes);
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = nullptr;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  state_->context = EVP_MD_CTX_new();
  LIMBECK_CHECK(state_->context != nullptr);
  LIMBECK_CHECK_EQ(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr),
                   1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(state_->context); }

void Sha256::Update(absl::string_view bytes) {
  LIMBECK_CHECK(state_->context != nullptr);
  LIMBECK_CHECK_EQ(
      EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()), 1);
}

std::string Sha256::Finish() {
  LIMBECK_CHECK(state_->context != nullptr);
  std::string digest(kSha256Bytes, '\0');
  LIMBECK_CHECK_EQ(
      EVP_DigestFinal_ex(state_->context,
                         reinterpret_cast<unsigned char*>(digest.data()),
                         nullptr),
      1);
  EVP_MD_CTX_free(state_->context);
  state_->context = nullptr;
  return digest;
}

std::string Sha256Of(absl::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

std::string Sha256Hex(absl::string_view bytes) {
  return ToHex(Sha256Of(bytes));
}

absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path) {
  Sha256 hash;
  LIMBECK_RETURN_IF_ERROR(ForEachPiece(path, [&](absl::string_view piece) {
    hash.Update(piece);
    return absl::OkStatus();
  }));
  return ToHex(hash.Finish());
}

std::string ToHex(absl::string_view bytes) {
  return absl::BytesToHexString(bytes);
}

FieldHasher::FieldHasher(absl::string_view domain) {
  AddField(hash_, 'd', domain);
}

FieldHasher& FieldHasher::Bytes(absl::string_view value) {
  AddField(hash_, 'b', value);
  return *this;
}

FieldHasher& FieldHasher::Int(int64_t value) {
  AddField(hash_, 'i', LittleEndian64(static_cast<uint64_t>(value)));
  return *this;
}

FieldHasher& FieldHasher::Double(double value) {
  // Equal values hash equally: one zero, one not-a-number.
  if (value == 0) value = 0;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  AddField(hash_, 'f', LittleEndian64(bits));
  return *this;
}

std::string FieldHasher::Id() { return hash_.Finish().substr(0, kIdBytes); }

std::string FieldHasher::Hex() { return ToHex(hash_.Finish()); }

}  // namespace limbeck
