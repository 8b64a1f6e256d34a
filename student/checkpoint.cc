// Loads checkpoint folders into models, and names what they hold.
#include "student/checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "student/checkpoint_pieces.h"
#include "student/dtype.h"
#include "student/mapped_pages.h"
#include "student/tensor_folder.h"
#include "student/weight_sources.h"

namespace limbeck {
namespace {

// One weight and where it goes.
struct Load {
  const WeightSource* source;
  at::Tensor flat;
  const WeightSlot* slot;
};

// In the order of the files: disks read ahead.
std::vector<Load> PlanLoads(const ModelSources& sources, const Model& model) {
  std::vector<Load> loads;
  for (size_t i = 0; i < model.groups.size(); ++i) {
    const ParameterGroup& group = model.groups[i];
    for (size_t j = 0; j < group.slots.size(); ++j) {
      loads.push_back({&sources.weights[i][j], group.flat, &group.slots[j]});
    }
  }
  const auto place = [](const Load& load) {
    return std::pair(load.source->tensor->bytes().data(), load.source->first);
  };
  std::sort(loads.begin(), loads.end(), [&](const Load& a, const Load& b) {
    return std::less<>()(place(a), place(b));
  });
  return loads;
}

absl::StatusOr<Model> LoadAs(const std::string& directory,
                             std::optional<at::ScalarType> dtype) {
  LIMBECK_ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(directory));
  LIMBECK_ASSIGN_OR_RETURN(const TensorFolder folder,
                           TensorFolder::Open(directory));
  LIMBECK_ASSIGN_OR_RETURN(const ModelSources sources,
                           FindSources(config, folder));
  DescribeStored(sources, config);
  LIMBECK_ASSIGN_OR_RETURN(
      Model model, MakeUnfilledModel(config, dtype.value_or(sources.dtype)));
  for (const Load& load : PlanLoads(sources, model)) {
    const at::Tensor weight = ViewSlot(load.flat, *load.slot).view(-1);
    LIMBECK_RETURN_IF_ERROR(ForEachPiece(weight.numel(), [&](int64_t first,
                                                             int64_t count) {
      return ReadElements(*load.source, first, weight.narrow(0, first, count));
    }));
  }
  return model;
}

}  // namespace

void DescribeStored(const ModelSources& sources, ModelConfig& config) {
  config.dtype = std::string(DtypeName(sources.dtype));
  config.fp8_blocks.reset();
  config.num_prediction_layers = 0;
}

absl::Status ForEachPiece(
    int64_t count,
    const std::function<absl::Status(int64_t first, int64_t count)>& visit) {
  for (int64_t first = 0; first < count; first += kPieceElements) {
    LIMBECK_RETURN_IF_ERROR(
        visit(first, std::min(kPieceElements, count - first)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Model> LoadCheckpoint(const std::string& directory) {
  return LoadAs(directory, std::nullopt);
}

absl::StatusOr<Model> LoadCheckpoint(const std::string& directory,
                                     at::ScalarType dtype) {
  return LoadAs(directory, dtype);
}

absl::StatusOr<std::string> CheckpointDigest(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const TensorFolder folder,
                           TensorFolder::Open(directory));
  FieldHasher hasher("limbeck.checkpoint.v1");
  for (const StoredTensor& tensor : folder.tensors()) {
    // Follows from the configuration; old files carry it.
    if (absl::EndsWith(tensor.name, ".rotary_emb.inv_freq")) continue;
    const SafetensorsDtype* dtype = FindSafetensorsDtype(tensor.entry->dtype);
    hasher.Bytes(tensor.name)
        .Bytes(dtype != nullptr && dtype->type
                   ? DtypeName(*dtype->type)
                   : absl::string_view(tensor.entry->dtype));
    for (const int64_t size : tensor.shape()) hasher.Int(size);
    hasher.Bytes(tensor.bytes());
    DropPages(tensor.bytes());
  }
  return hasher.Hex();
}

}  // namespace limbeck
