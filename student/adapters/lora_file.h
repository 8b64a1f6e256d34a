// LoRA adapters as PEFT stores them: adapter_config.json and
// adapter_model.safetensors.
#ifndef LIMBECK_STUDENT_ADAPTERS_LORA_FILE_H_
#define LIMBECK_STUDENT_ADAPTERS_LORA_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "student/adapters/lora.h"

namespace limbeck {

// Settings that change numbers and are not in LoraAdapter are refused by name,
// as are tensors that the settings do not explain. float32, bfloat16 and
// float16 tensors come back as float32.
absl::StatusOr<LoraAdapter> ReadLoraAdapter(const std::string& directory);

// Writes a new folder that PEFT loads, float32, through a temporary one and a
// rename. The same adapter gives the same bytes.
absl::Status WriteLoraAdapter(const LoraAdapter& adapter,
                              const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ADAPTERS_LORA_FILE_H_
