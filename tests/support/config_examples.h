// config.json of every family, with the settings of published models.
#ifndef LIMBECK_TESTS_SUPPORT_CONFIG_EXAMPLES_H_
#define LIMBECK_TESTS_SUPPORT_CONFIG_EXAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "data/base/json.h"
#include "student/config/config.h"

namespace limbeck {

struct ConfigExample {
  std::string name;
  std::string config;
  int64_t parameters = 0;  // of transformers, router biases too
};

// llama, mistral, qwen2, qwen3 and deepseek_v3, written by transformers 4 and
// 5; between them every setting that is read.
const std::vector<ConfigExample>& ConfigExamples();
// That of this name, parsed.
Json ExampleJson(const std::string& name);
ModelConfig ExampleConfig(const std::string& name);
// With one setting changed.
absl::StatusOr<ModelConfig> ParseChanged(const std::string& name,
                                         const std::string& key, Json value);
// With one setting taken out.
absl::StatusOr<ModelConfig> ParseWithout(const std::string& name,
                                         const std::string& key);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_CONFIG_EXAMPLES_H_
