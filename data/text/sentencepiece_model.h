// SentencePiece behind standard types. Its header brings its own
// absl::string_view, so the .cc of this file is the only one that includes it,
// and neither of the two may include Abseil.
#ifndef LIMBECK_DATA_TEXT_SENTENCEPIECE_MODEL_H_
#define LIMBECK_DATA_TEXT_SENTENCEPIECE_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace limbeck {

// A loaded model, only to turn text into ids. Thread-safe.
class SentencePieceModel {
 public:
  // Null when the library refuses the model; *error holds its words.
  static std::unique_ptr<SentencePieceModel> Load(std::string_view model_bytes,
                                                  std::string* error);
  virtual ~SentencePieceModel() = default;

  // Appends ids. False when the library fails; *error holds its words.
  virtual bool Encode(std::string_view text, std::vector<int32_t>* ids,
                      std::string* error) const = 0;
};

// Trains with the library's own option names ("vocab_size"). False when it
// refuses; *error holds its words. Prints nothing.
bool TrainSentencePieceModel(
    const std::unordered_map<std::string, std::string>& options,
    const std::vector<std::string>& sentences, std::string* model_bytes,
    std::string* error);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_SENTENCEPIECE_MODEL_H_
