// What a SentencePiece model file says, read by field number: pieces, kinds
// and the settings that change ids. The library itself sees a file only after
// it has passed here.
#ifndef LIMBECK_DATA_TEXT_SENTENCEPIECE_FILE_H_
#define LIMBECK_DATA_TEXT_SENTENCEPIECE_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Numbers of sentencepiece_model.proto's enum Type.
enum class SentencePieceKind {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

struct SentencePieceEntry {
  std::string piece;
  float score = 0;
  SentencePieceKind kind = SentencePieceKind::kNormal;
};

struct SentencePieceFile {
  std::vector<SentencePieceEntry> pieces;  // by id
  int64_t model_type = 1;                  // 1 unigram, 2 BPE
  std::string character_map;  // compiled normalisation; may be empty
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool treat_whitespace_as_suffix = false;

  // SHA-256 (hex) over all of the above.
  std::string Fingerprint() const;
};

// Errors: no Protobuf, no pieces, more than 2^24, a piece that is empty, no
// UTF-8 or there twice, an unknown kind, a byte piece that is not "<0xNN>".
absl::StatusOr<SentencePieceFile> ParseSentencePieceFile(
    absl::string_view model_bytes);

// Value of "<0x41>"; -1 for other texts.
int ByteOfPiece(absl::string_view piece);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_SENTENCEPIECE_FILE_H_
