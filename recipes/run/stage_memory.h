// How much memory a stage needs at most, reckoned from what it keeps.
#ifndef LIMBECK_RECIPES_RUN_STAGE_MEMORY_H_
#define LIMBECK_RECIPES_RUN_STAGE_MEMORY_H_

#include "recipes/recipe.pb.h"
#include "student/config/config.h"

namespace limbeck {

// The program itself with LibTorch, before any stage.
inline constexpr double kProgramBytes = 130.0 * (1 << 20);

// Sizes of a stage's work; 0 where there is none.
struct StageSize {
  double records = 0;  // that come in
  double tokens_per_record = 0;
  double reference_records = 0;  // of a decontaminate stage's other inputs
  double file_bytes = 0;         // from outside
  int threads = 1;
};

// All below are without kProgramBytes.

// Stages that work on records: the blocks that are open, and what is kept of
// every record.
double RecordStageBytes(const StageEntry& stage, const StageSize& size);

// Weights and key-value caches of `rows` samples of full length.
double SamplingBytes(const ModelConfig& model, double rows);

// Weights, gradients, moments, activations of a micro-batch and the bins of a
// step. Without a resident teacher.
double TrainingBytes(const ModelConfig& model, const TrainOptions& options,
                     double bin_tokens);

// Weights alone, as float32.
double WeightBytes(const ModelConfig& model);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_STAGE_MEMORY_H_
