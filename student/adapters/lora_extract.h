// An adapter out of two checkpoints: the best low-rank part of what training
// changed.
#ifndef LIMBECK_STUDENT_ADAPTERS_LORA_EXTRACT_H_
#define LIMBECK_STUDENT_ADAPTERS_LORA_EXTRACT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "student/adapters/lora.h"
#include "student/weights.h"

namespace limbeck {

struct ExtractedModule {
  std::string name;
  int64_t rank = 0;
  double change = 0.0;  // Frobenius norm of tuned - base
  double lost = 0.0;    // of the part that the factors leave out
};

struct LoraExtraction {
  LoraAdapter adapter;
  std::vector<ExtractedModule> modules;  // as adapter.modules
  int64_t full_copies = 0;  // norms, biases, routers: weights kept whole
  // Over all modules: norm of what is left out / norm of the change.
  double lost_share = 0.0;
};

// Truncated singular value decomposition of tuned - base for every matrix that
// differs (exact up to 512 columns or rows, iterated beyond); rank at most the
// smaller side of the matrix. What is lost is measured, not estimated.
// What is no matrix, routers, and dense and shared MLPs of models with experts
// (which PEFT would take for experts) are kept as full copies. Both models must
// have the same shapes; equal ones are an error.
absl::StatusOr<LoraExtraction> ExtractLora(const Model& tuned,
                                           const Model& base, int64_t rank);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ADAPTERS_LORA_EXTRACT_H_
