// What the model classes of transformers fix for each family, as a table.
#ifndef LIMBECK_STUDENT_CONFIG_CONFIG_FAMILY_H_
#define LIMBECK_STUDENT_CONFIG_CONFIG_FAMILY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

enum class AttentionBias { kNever, kQkv, kOptional };  // optional: q, k, v, o
enum class WindowPlace { kNowhere, kEveryLayer, kUpperLayers };

struct ModelFamily {
  absl::string_view name;          // model_type of config.json
  absl::string_view architecture;  // class of the causal model
  AttentionBias bias = AttentionBias::kNever;
  WindowPlace window = WindowPlace::kNowhere;
  bool qk_norm = false;
  bool latent = false;         // latent attention and experts
  bool equal_heads = false;    // hidden_size is a multiple of the heads
  int64_t head_dim = 0;        // where absent; 0: hidden_size / heads
  int64_t num_kv_heads = 0;    // where absent; 0: as many as heads
  int64_t max_positions = 0;   // where absent
  double rms_norm_eps = 1e-6;  // where absent
};

// nullptr when there is none of that name.
const ModelFamily* FindModelFamily(absl::string_view name);
std::vector<std::string> ModelFamilyNames();

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CONFIG_CONFIG_FAMILY_H_
