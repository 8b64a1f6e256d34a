// Loads checkpoint folders into models, and names what they hold.
#include "student/checkpoint/checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "student/checkpoint/checkpoint_pieces.h"
#include "student/checkpoint/dtype.h"
#include "student/checkpoint/mapped_pages.h"
#include "student/checkpoint/tensor_folder.h"
#include "student/checkpoint/weight_sources.h"

namespace limbeck {
namespace {

// Fewer elements are read before other threads would be awake.
constexpr int64_t kElementsWorthThreads = int64_t{1} << 20;

// One piece of a weight and where it goes.
struct Load {
  const WeightSource* source;
  int64_t first;
  at::Tensor target;
};

void AddLoads(const WeightSource& source, const at::Tensor& weight,
              std::vector<Load>& loads) {
  for (int64_t first = 0; first < weight.numel(); first += kPieceElements) {
    const int64_t count = std::min(kPieceElements, weight.numel() - first);
    loads.push_back({&source, first, weight.narrow(0, first, count)});
  }
}

// In the order of the files: disks read ahead.
std::vector<Load> PlanLoads(const ModelSources& sources, const Model& model) {
  std::vector<Load> loads;
  for (size_t i = 0; i < model.groups.size(); ++i) {
    const ParameterGroup& group = model.groups[i];
    for (size_t j = 0; j < group.slots.size(); ++j) {
      AddLoads(sources.weights[i][j],
               ViewSlot(group.flat, group.slots[j]).view(-1), loads);
    }
  }
  const auto place = [](const Load& load) {
    return std::pair(load.source->tensor->bytes().data(),
                     load.source->first + load.first);
  };
  std::sort(loads.begin(), loads.end(), [&](const Load& a, const Load& b) {
    return std::less<>()(place(a), place(b));
  });
  return loads;
}

// Each thread takes a stretch of the files; they meet only at the end. Of
// several errors the first in the files is returned.
absl::Status RunLoads(const std::vector<Load>& loads, int64_t elements) {
  const int64_t count = static_cast<int64_t>(loads.size());
  std::mutex mutex;
  int64_t failed = count;
  absl::Status error;
  at::parallel_for(0, count, elements < kElementsWorthThreads ? count : 1,
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) {
                       const Load& load = loads[static_cast<size_t>(i)];
                       absl::Status status =
                           ReadElements(*load.source, load.first, load.target);
                       if (status.ok()) continue;
                       const std::lock_guard<std::mutex> lock(mutex);
                       if (i < failed) error = std::move(status);
                       failed = std::min(failed, i);
                       return;
                     }
                   });
  return error;
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
  LIMBECK_RETURN_IF_ERROR(
      RunLoads(PlanLoads(sources, model), model.config.NumParameters()));
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

absl::Status CheckCheckpoint(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const ModelConfig config,
                           ReadModelConfig(directory));
  LIMBECK_ASSIGN_OR_RETURN(const TensorFolder folder,
                           TensorFolder::Open(directory));
  return FindSources(config, folder).status();
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
