// The normalizer part of tokenizer.json.
#ifndef LIMBECK_DATA_TEXT_NORMALIZER_H_
#define LIMBECK_DATA_TEXT_NORMALIZER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

struct NormalizerStep {
  enum class Kind {
    kNfc,
    kPrepend,  // `content` in front of a text that is not empty
    kReplace,  // every `pattern`, a literal text, by `content`
  };
  Kind kind = Kind::kNfc;
  std::string pattern;
  std::string content;
};

// "normalizer" of a tokenizer.json, null and absent included. Others than the
// above and Sequence are refused by name.
absl::StatusOr<std::vector<NormalizerStep>> ReadNormalizer(const Json& json);

// Points into `text` where nothing changes, otherwise into *buffer.
absl::string_view Normalize(const std::vector<NormalizerStep>& steps,
                            absl::string_view text, std::string* buffer);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_NORMALIZER_H_
