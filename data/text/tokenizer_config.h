// What tokenizer_config.json and generation_config.json say about the ends of
// a text; shared by both kinds of tokenizer.
#ifndef LIMBECK_DATA_TEXT_TOKENIZER_CONFIG_H_
#define LIMBECK_DATA_TEXT_TOKENIZER_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"

namespace limbeck {

struct TokenizerConfig {
  std::string bos_token;  // empty: none
  std::string eos_token;
  bool add_bos_token = false;
  bool add_eos_token = false;
  std::vector<int32_t> generation_end_ids;  // of generation_config.json
};

// Absent files and absent keys leave the defaults; malformed ones are errors
// that name the file.
absl::StatusOr<TokenizerConfig> ReadTokenizerConfig(
    const std::string& directory);

// A JSON file of the folder as an object; absent: an empty one. Errors name it.
absl::StatusOr<Json> ReadConfigObject(const std::string& path);

// Names of the tokenizer's files that exist in the folder, in a fixed order;
// further chat templates as "additional_chat_templates/NAME.jinja".
std::vector<std::string> ListTokenizerFiles(const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_TOKENIZER_CONFIG_H_
