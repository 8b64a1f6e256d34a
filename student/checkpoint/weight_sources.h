// Finds for every weight of a model the stored tensor that it comes from.
//
// Weights may be stored under their own name, as float8 with block factors, or
// inside the fused stacks of experts that transformers 5 keeps in memory.
#ifndef LIMBECK_STUDENT_CHECKPOINT_WEIGHT_SOURCES_H_
#define LIMBECK_STUDENT_CHECKPOINT_WEIGHT_SOURCES_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "student/checkpoint/fp8_blocks.h"
#include "student/checkpoint/tensor_folder.h"
#include "student/weights.h"

namespace limbeck {

// Where the values of one weight lie. Valid as long as the folder object.
struct WeightSource {
  const StoredTensor* tensor = nullptr;
  const StoredTensor* factors = nullptr;  // of float8 values
  Fp8Blocks block;                        // of those
  int64_t first = 0;  // element of `tensor` where the weight begins
  // Holds all values: the stored type, float32 for the products of float8.
  at::ScalarType type = at::kFloat;
};

struct ModelSources {
  std::vector<ParameterGroup> layout;              // without memory
  std::vector<std::vector<WeightSource>> weights;  // of layout[i].slots[j]
  // The narrowest type that holds all weights exactly, router biases aside,
  // which are float32 anyway. Float8 counts as bfloat16: its products are
  // rounded to the model's type, as transformers does. Float64 counts as
  // float32, the widest type of a model here.
  at::ScalarType dtype = at::kFloat;
  // Sentences about tensors that were passed over or are rounded.
  std::vector<std::string> remarks;
};

// Whether weights may be stored so without factors: float16 to float64.
bool IsWeightFormat(const StoredTensor& tensor);

// Every tensor must have a place and every weight a tensor of its shape; what
// does not fit is told in one error: the first few names of each kind, both
// shapes and the file. Allocates nothing that the folder does not justify.
absl::StatusOr<ModelSources> FindSources(const ModelConfig& config,
                                         const TensorFolder& folder);

// Elements [first, first + out.numel()) of a weight, row-major, converted to
// the type of `out` (contiguous). What was read no longer counts as resident.
absl::Status ReadElements(const WeightSource& source, int64_t first,
                          at::Tensor out);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_WEIGHT_SOURCES_H_
