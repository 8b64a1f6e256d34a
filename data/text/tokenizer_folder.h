// Writes a tokenizer folder that transformers can load beside a checkpoint.
#ifndef LIMBECK_DATA_TEXT_TOKENIZER_FOLDER_H_
#define LIMBECK_DATA_TEXT_TOKENIZER_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Writes tokenizer.model, tokenizer_config.json (with the chat template) and
// special_tokens_map.json. The folder is created. Each tag of the reasoning
// format must be one piece of the model.
absl::Status WriteTokenizerFolder(absl::string_view model_bytes,
                                  const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_TOKENIZER_FOLDER_H_
