// LoRA adapters as PEFT stores them: adapter_config.json and
// adapter_model.safetensors.
#ifndef LIMBECK_STUDENT_ADAPTERS_LORA_FILE_H_
#define LIMBECK_STUDENT_ADAPTERS_LORA_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "student/adapters/lora.h"
#include "student/adapters/lora_settings.h"

namespace limbeck {

inline constexpr absl::string_view kAdapterSettingsFile = "adapter_config.json";
inline constexpr absl::string_view kAdapterWeightsFile =
    "adapter_model.safetensors";

// Of an adapter folder; errors name the file.
absl::StatusOr<LoraSettings> ReadLoraSettings(const std::string& directory);

// Settings that change numbers and are not in LoraAdapter are refused by name,
// as are tensors that the settings do not explain. float32, bfloat16,
// float16 and float64 tensors come back as float32.
absl::StatusOr<LoraAdapter> ReadLoraAdapter(const std::string& directory);

// Writes a new folder that PEFT loads, float32, through a temporary one and a
// rename; one that exists is an error. The same adapter gives the same bytes.
absl::Status WriteLoraAdapter(const LoraAdapter& adapter,
                              const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ADAPTERS_LORA_FILE_H_
