// Rotary settings of config.json: rope_parameters of transformers 5,
// rope_theta and rope_scaling of 4.
#ifndef LIMBECK_STUDENT_CONFIG_CONFIG_ROPE_H_
#define LIMBECK_STUDENT_CONFIG_CONFIG_ROPE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "student/config/config.h"

namespace limbeck {

struct RopeSettings {
  double theta = 10000.0;
  RopeScaling scaling;

  bool operator==(const RopeSettings&) const = default;
};

// `max_positions` stands in for original_max_position_embeddings. An absent
// theta is 10000, as in transformers.
absl::StatusOr<RopeSettings> ReadRope(const Json& config,
                                      int64_t max_positions);
// Ranges of theta and of the fields that the type uses.
absl::Status CheckRope(double theta, const RopeScaling& scaling);
// Sets theta and scaling where `json` keeps them, or in the way of transformers
// 4, which 5 reads as well.
void WriteRope(const ModelConfig& config, Json& json);

// "default", "linear", "llama3", "yarn".
absl::string_view RopeTypeName(RopeType type);
// 0.1 mscale ln(factor) + 1 (Peng et al. 2023, arXiv:2309.00071, section 3.4).
double YarnMscale(double factor, double mscale);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CONFIG_CONFIG_ROPE_H_
