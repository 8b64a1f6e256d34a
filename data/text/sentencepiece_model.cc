// The one file that includes SentencePiece (and therefore no Abseil).
#include "data/text/sentencepiece_model.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <cstddef>
#include <utility>

namespace limbeck {
namespace {

class LoadedModel : public SentencePieceModel {
 public:
  bool LoadFrom(std::string_view model_bytes, std::string* error) {
    const auto status = processor_.LoadFromSerializedProto(
        {model_bytes.data(), model_bytes.size()});
    if (!status.ok()) *error = status.ToString();
    return status.ok();
  }

  bool Encode(std::string_view text, std::vector<int32_t>* ids,
              std::string* error) const override {
    std::vector<int> found;
    const auto status = processor_.Encode({text.data(), text.size()}, &found);
    if (!status.ok()) {
      *error = status.ToString();
      return false;
    }
    ids->insert(ids->end(), found.begin(), found.end());
    return true;
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

class VectorIterator : public sentencepiece::SentenceIterator {
 public:
  explicit VectorIterator(const std::vector<std::string>& sentences)
      : sentences_(sentences) {}

  bool done() const override { return at_ >= sentences_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return sentences_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& sentences_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<SentencePieceModel> SentencePieceModel::Load(
    std::string_view model_bytes, std::string* error) {
  auto model = std::make_unique<LoadedModel>();
  if (!model->LoadFrom(model_bytes, error)) return nullptr;
  return model;
}

bool TrainSentencePieceModel(
    const std::unordered_map<std::string, std::string>& options,
    const std::vector<std::string>& sentences, std::string* model_bytes,
    std::string* error) {
  std::unordered_map<std::string, std::string> all = options;
  all["minloglevel"] = "3";  // the library would print its progress
  VectorIterator iterator(sentences);
  const auto status =
      sentencepiece::SentencePieceTrainer::Train(all, &iterator, model_bytes);
  if (!status.ok()) *error = status.ToString();
  return status.ok();
}

}  // namespace limbeck
