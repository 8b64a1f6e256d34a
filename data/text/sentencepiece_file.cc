// Field numbers are those of sentencepiece_model.proto (google/sentencepiece).
#include "data/text/sentencepiece_file.h"

#include <cstring>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "google/protobuf/unknown_field_set.h"

namespace limbeck {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr size_t kMaxPieces = size_t{1} << 24;
constexpr int kModelPieces = 1, kModelTrainer = 2, kModelNormalizer = 3;
constexpr int kPieceText = 1, kPieceScore = 2, kPieceKind = 3;
constexpr int kTrainerModelType = 3, kTrainerSuffix = 24,
              kTrainerByteFallback = 35;
constexpr int kNormalizerMap = 2, kNormalizerPrefix = 3, kNormalizerRemove = 4,
              kNormalizerEscape = 5;

absl::Status ParseFields(absl::string_view bytes, absl::string_view what,
                         UnknownFieldSet* fields) {
  if (!fields->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(
        absl::StrCat(what, " of ", bytes.size(), " bytes is no Protobuf"));
  }
  return absl::OkStatus();
}

absl::StatusOr<SentencePieceEntry> ParsePiece(const std::string& bytes,
                                              size_t id) {
  UnknownFieldSet fields;
  LIMBECK_RETURN_IF_ERROR(
      ParseFields(bytes, absl::StrCat("piece ", id), &fields));
  SentencePieceEntry entry;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == kPieceText &&
        field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      entry.piece = field.length_delimited();
    } else if (field.number() == kPieceScore &&
               field.type() == UnknownField::TYPE_FIXED32) {
      const uint32_t bits = field.fixed32();
      std::memcpy(&entry.score, &bits, sizeof(bits));
    } else if (field.number() == kPieceKind &&
               field.type() == UnknownField::TYPE_VARINT) {
      if (field.varint() < 1 || field.varint() > 6) {
        return absl::DataLossError(absl::StrCat(
            "piece ", id, " has kind ", field.varint(), ", known are 1 to 6"));
      }
      entry.kind = static_cast<SentencePieceKind>(field.varint());
    }
  }
  return entry;
}

absl::Status CheckPiece(const SentencePieceEntry& entry, size_t id) {
  if (entry.piece.empty() || !IsValidUtf8(entry.piece)) {
    return absl::DataLossError(
        absl::StrCat("piece ", id, " is empty or no UTF-8: \"",
                     absl::CHexEscape(entry.piece), "\""));
  }
  if (entry.kind == SentencePieceKind::kByte && ByteOfPiece(entry.piece) < 0) {
    return absl::DataLossError(absl::StrCat(
        "byte piece ", id, " is \"", entry.piece, "\", not like \"<0x0A>\""));
  }
  if (!(entry.score == entry.score)) {
    return absl::DataLossError(
        absl::StrCat("the score of piece ", id, " is not a number"));
  }
  return absl::OkStatus();
}

void ReadTrainer(const UnknownFieldSet& fields, SentencePieceFile* file) {
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.type() != UnknownField::TYPE_VARINT) continue;
    const auto value = field.varint();
    switch (field.number()) {
      case kTrainerModelType:
        file->model_type = static_cast<int64_t>(value);
        break;
      case kTrainerSuffix:
        file->treat_whitespace_as_suffix = value != 0;
        break;
      case kTrainerByteFallback:
        file->byte_fallback = value != 0;
        break;
      default:
        break;
    }
  }
}

void ReadNormalizer(const UnknownFieldSet& fields, SentencePieceFile* file) {
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == kNormalizerMap &&
        field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      file->character_map = field.length_delimited();
    }
    if (field.type() != UnknownField::TYPE_VARINT) continue;
    const bool value = field.varint() != 0;
    if (field.number() == kNormalizerPrefix) file->add_dummy_prefix = value;
    if (field.number() == kNormalizerRemove) {
      file->remove_extra_whitespaces = value;
    }
    if (field.number() == kNormalizerEscape) file->escape_whitespaces = value;
  }
}

absl::Status ReadField(const UnknownField& field, SentencePieceFile* file) {
  if (field.type() != UnknownField::TYPE_LENGTH_DELIMITED) {
    return absl::OkStatus();
  }
  const std::string& bytes = field.length_delimited();
  if (field.number() == kModelPieces) {
    LIMBECK_ASSIGN_OR_RETURN(SentencePieceEntry entry,
                             ParsePiece(bytes, file->pieces.size()));
    LIMBECK_RETURN_IF_ERROR(CheckPiece(entry, file->pieces.size()));
    file->pieces.push_back(std::move(entry));
  } else if (field.number() == kModelTrainer) {
    UnknownFieldSet trainer;
    LIMBECK_RETURN_IF_ERROR(ParseFields(bytes, "the trainer's part", &trainer));
    ReadTrainer(trainer, file);
  } else if (field.number() == kModelNormalizer) {
    UnknownFieldSet normalizer;
    LIMBECK_RETURN_IF_ERROR(
        ParseFields(bytes, "the normalizer's part", &normalizer));
    ReadNormalizer(normalizer, file);
  }
  return absl::OkStatus();
}

absl::Status CheckPieces(const std::vector<SentencePieceEntry>& pieces) {
  if (pieces.empty() || pieces.size() > kMaxPieces) {
    return absl::DataLossError(absl::StrCat("the model has ", pieces.size(),
                                            " pieces, not 1 to ", kMaxPieces));
  }
  std::unordered_set<std::string_view> seen;
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (!seen.insert(pieces[id].piece).second) {
      return absl::DataLossError(absl::StrCat(
          "piece ", id, " \"", pieces[id].piece, "\" is there twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

int ByteOfPiece(absl::string_view piece) {
  if (piece.size() != 6 || !absl::StartsWith(piece, "<0x") || piece[5] != '>') {
    return -1;
  }
  constexpr absl::string_view kDigits = "0123456789ABCDEF";
  const size_t high = kDigits.find(piece[3]);
  const size_t low = kDigits.find(piece[4]);
  if (high == kDigits.npos || low == kDigits.npos) return -1;
  return static_cast<int>(high * 16 + low);
}

std::string SentencePieceFile::Fingerprint() const {
  FieldHasher hasher("limbeck.tokenizer.sentencepiece.v1");
  hasher.Int(static_cast<int64_t>(pieces.size()));
  for (const SentencePieceEntry& entry : pieces) {
    hasher.Bytes(entry.piece)
        .Double(entry.score)
        .Int(static_cast<int64_t>(entry.kind));
  }
  hasher.Int(model_type).Bytes(character_map).Int(byte_fallback);
  hasher.Int(add_dummy_prefix).Int(remove_extra_whitespaces);
  hasher.Int(escape_whitespaces).Int(treat_whitespace_as_suffix);
  return hasher.Hex();
}

absl::StatusOr<SentencePieceFile> ParseSentencePieceFile(
    absl::string_view model_bytes) {
  UnknownFieldSet fields;
  LIMBECK_RETURN_IF_ERROR(
      ParseFields(model_bytes, "a SentencePiece model", &fields));
  SentencePieceFile file;
  for (int i = 0; i < fields.field_count(); ++i) {
    LIMBECK_RETURN_IF_ERROR(ReadField(fields.field(i), &file));
  }
  LIMBECK_RETURN_IF_ERROR(CheckPieces(file.pieces));
  return file;
}

}  // namespace limbeck
