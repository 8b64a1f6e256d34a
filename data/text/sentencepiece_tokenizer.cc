// SentencePiece only segments; what ids mean as bytes is decided here.
#include "data/text/sentencepiece_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/text/reasoning_format.h"
#include "data/text/sentencepiece_file.h"
#include "data/text/sentencepiece_model.h"

namespace limbeck {
namespace {

constexpr absl::string_view kBlankSign = "\xE2\x96\x81";  // U+2581

class SentencePieceTokenizer : public Tokenizer {
 public:
  static absl::StatusOr<std::shared_ptr<const Tokenizer>> Create(
      absl::string_view model_bytes, const TokenizerConfig& config,
      std::vector<std::string> files);

  absl::StatusOr<std::vector<int32_t>> Encode(
      absl::string_view text) const override;
  absl::StatusOr<std::vector<int32_t>> EncodeWithSpecial(
      absl::string_view text) const override;
  absl::StatusOr<std::string> Decode(
      absl::Span<const int32_t> ids) const override;
  int32_t vocab_size() const override {
    return static_cast<int32_t>(texts_.size());
  }
  int32_t IdOf(absl::string_view piece) const override {
    const auto found = ids_.find(std::string(piece));
    return found == ids_.end() ? -1 : found->second;
  }
  absl::StatusOr<std::string> PieceOf(int32_t id) const override;
  const std::vector<int32_t>& end_ids() const override { return end_ids_; }
  const std::string& fingerprint() const override { return fingerprint_; }
  const std::vector<std::string>& files() const override { return files_; }

 private:
  void ReadPieces(const SentencePieceFile& file);
  absl::Status ReadConfig(const TokenizerConfig& config);
  absl::StatusOr<int32_t> ConfiguredId(const std::string& token,
                                       absl::string_view key) const;
  absl::Status EncodeRun(absl::string_view run,
                         std::vector<int32_t>* ids) const;
  size_t AsBytes(absl::string_view rest) const;

  std::unique_ptr<SentencePieceModel> model_;
  std::vector<std::string> texts_;  // what an id stands for in a text
  std::unordered_map<std::string, int32_t> ids_;
  std::array<int32_t, 256> byte_ids_;
  bool spells_bytes_ = false;  // see the head of the header
  bool dummy_prefix_ = false;
  int32_t begin_id_ = -1;  // added by EncodeWithSpecial; -1: none
  int32_t final_id_ = -1;
  std::vector<int32_t> end_ids_;
  std::string fingerprint_;
  std::vector<std::string> files_;
};

void SentencePieceTokenizer::ReadPieces(const SentencePieceFile& file) {
  byte_ids_.fill(-1);
  for (size_t id = 0; id < file.pieces.size(); ++id) {
    const SentencePieceEntry& entry = file.pieces[id];
    ids_.emplace(entry.piece, static_cast<int32_t>(id));
    if (entry.kind == SentencePieceKind::kByte) {
      const int value = ByteOfPiece(entry.piece);
      byte_ids_[static_cast<size_t>(value)] = static_cast<int32_t>(id);
      texts_.emplace_back(1, static_cast<char>(value));
    } else if (entry.kind == SentencePieceKind::kNormal) {
      texts_.push_back(absl::StrReplaceAll(entry.piece, {{kBlankSign, " "}}));
    } else {
      texts_.push_back(entry.piece);
    }
  }
  dummy_prefix_ = file.add_dummy_prefix;
  spells_bytes_ =
      !file.add_dummy_prefix && !file.remove_extra_whitespaces &&
      std::find(byte_ids_.begin(), byte_ids_.end(), -1) == byte_ids_.end();
}

absl::StatusOr<int32_t> SentencePieceTokenizer::ConfiguredId(
    const std::string& token, absl::string_view key) const {
  const int32_t id = IdOf(token);
  if (id >= 0) return id;
  return absl::InvalidArgumentError(
      absl::StrCat("tokenizer_config.json names the ", key, " '", token,
                   "', which is no piece of the ", vocab_size(), " pieces"));
}

absl::Status SentencePieceTokenizer::ReadConfig(const TokenizerConfig& config) {
  if (config.add_bos_token) {
    LIMBECK_ASSIGN_OR_RETURN(begin_id_,
                             ConfiguredId(config.bos_token, "bos_token"));
  }
  if (config.add_eos_token) {
    LIMBECK_ASSIGN_OR_RETURN(final_id_,
                             ConfiguredId(config.eos_token, "eos_token"));
  }
  if (!config.eos_token.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(const int32_t id,
                             ConfiguredId(config.eos_token, "eos_token"));
    end_ids_.push_back(id);
  }
  for (int32_t id : config.generation_end_ids) {
    if (id >= vocab_size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("generation_config.json names the end id ", id,
                       ", the vocabulary has ", vocab_size(), " pieces"));
    }
    if (std::find(end_ids_.begin(), end_ids_.end(), id) == end_ids_.end()) {
      end_ids_.push_back(id);
    }
  }
  for (absl::string_view token : {kEndTag, absl::string_view("</s>")}) {
    if (end_ids_.empty() && IdOf(token) >= 0) end_ids_.push_back(IdOf(token));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Tokenizer>> SentencePieceTokenizer::Create(
    absl::string_view model_bytes, const TokenizerConfig& config,
    std::vector<std::string> files) {
  LIMBECK_ASSIGN_OR_RETURN(const SentencePieceFile file,
                           ParseSentencePieceFile(model_bytes));
  auto tokenizer = std::make_shared<SentencePieceTokenizer>();
  std::string error;
  tokenizer->model_ = SentencePieceModel::Load(
      {model_bytes.data(), model_bytes.size()}, &error);
  if (tokenizer->model_ == nullptr) {
    return absl::DataLossError(
        absl::StrCat("SentencePiece refuses the model: ", error));
  }
  tokenizer->ReadPieces(file);
  LIMBECK_RETURN_IF_ERROR(tokenizer->ReadConfig(config));
  tokenizer->fingerprint_ = file.Fingerprint();
  tokenizer->files_ = std::move(files);
  return tokenizer;
}

// Bytes at the start of `rest` that SentencePiece cannot carry; 0: none.
size_t SentencePieceTokenizer::AsBytes(absl::string_view rest) const {
  if (Utf8SequenceBytes(rest) == 0) return 1;
  return absl::StartsWith(rest, kBlankSign) ? kBlankSign.size() : 0;
}

absl::Status SentencePieceTokenizer::EncodeRun(
    absl::string_view run, std::vector<int32_t>* ids) const {
  if (run.empty()) return absl::OkStatus();
  std::string error;
  if (!model_->Encode({run.data(), run.size()}, ids, &error)) {
    return absl::InternalError(absl::StrCat("SentencePiece: ", error));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int32_t>> SentencePieceTokenizer::Encode(
    absl::string_view text) const {
  std::vector<int32_t> ids;
  if (!spells_bytes_) {
    LIMBECK_RETURN_IF_ERROR(EncodeRun(text, &ids));
    return ids;
  }
  size_t run = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t bytes = AsBytes(text.substr(at));
    if (bytes == 0) {
      at += Utf8SequenceBytes(text.substr(at));
      continue;
    }
    LIMBECK_RETURN_IF_ERROR(EncodeRun(text.substr(run, at - run), &ids));
    for (size_t end = at + bytes; at < end; ++at) {
      ids.push_back(byte_ids_[static_cast<uint8_t>(text[at])]);
    }
    run = at;
  }
  LIMBECK_RETURN_IF_ERROR(EncodeRun(text.substr(run), &ids));
  return ids;
}

absl::StatusOr<std::vector<int32_t>> SentencePieceTokenizer::EncodeWithSpecial(
    absl::string_view text) const {
  LIMBECK_ASSIGN_OR_RETURN(std::vector<int32_t> ids, Encode(text));
  if (begin_id_ >= 0) ids.insert(ids.begin(), begin_id_);
  if (final_id_ >= 0) ids.push_back(final_id_);
  return ids;
}

absl::StatusOr<std::string> SentencePieceTokenizer::PieceOf(int32_t id) const {
  if (id < 0 || id >= vocab_size()) {
    return absl::OutOfRangeError(absl::StrCat(
        "id ", id, " is outside the vocabulary of ", vocab_size()));
  }
  return texts_[static_cast<size_t>(id)];
}

absl::StatusOr<std::string> SentencePieceTokenizer::Decode(
    absl::Span<const int32_t> ids) const {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    absl::StatusOr<std::string> piece = PieceOf(ids[i]);
    if (!piece.ok()) {
      return absl::OutOfRangeError(
          absl::StrCat(piece.status().message(), " (position ", i, ")"));
    }
    const bool prefix =
        i == 0 && dummy_prefix_ && absl::StartsWith(*piece, " ");
    text.append(*piece, prefix ? 1 : 0);
  }
  return text;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> CreateSentencePieceTokenizer(
    absl::string_view model_bytes, const TokenizerConfig& config,
    std::vector<std::string> files) {
  return SentencePieceTokenizer::Create(model_bytes, config, std::move(files));
}

}  // namespace limbeck
