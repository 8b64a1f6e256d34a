// Writes checkpoint folders, in one file or in shards with an index in the
// layout of transformers.
#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/atomic_directory.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/text/tokenizer_config.h"
#include "student/checkpoint/cast_loss.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/checkpoint_pieces.h"
#include "student/checkpoint/dtype.h"
#include "student/checkpoint/tensor_folder.h"

namespace limbeck {
namespace {

// Weights [begin, end) of the list are one file.
struct Shard {
  size_t begin = 0;
  size_t end = 0;
  std::string file;
};

int64_t NumElements(const OutgoingWeight& weight) {
  int64_t product = 1;
  for (const int64_t size : weight.shape) product *= size;
  return product;
}

uint64_t NumBytes(const OutgoingWeight& weight) {
  return static_cast<uint64_t>(NumElements(weight)) *
         c10::elementSize(weight.dtype);
}

// Each shard takes weights in order until the next one would be too much.
std::vector<Shard> PlanShards(const std::vector<OutgoingWeight>& weights,
                              uint64_t shard_bytes) {
  std::vector<Shard> shards = {{}};
  uint64_t bytes = 0;
  for (const OutgoingWeight& weight : weights) {
    Shard* shard = &shards.back();
    const uint64_t more = NumBytes(weight);
    if (shard_bytes > 0 && shard->begin < shard->end &&
        bytes + more > shard_bytes) {
      shards.push_back({shard->end, shard->end, ""});
      shard = &shards.back();
      bytes = 0;
    }
    ++shard->end;
    bytes += more;
  }
  for (size_t i = 0; i < shards.size(); ++i) {
    shards[i].file = shards.size() == 1
                         ? std::string(kWeightsFile)
                         : absl::StrFormat("model-%05d-of-%05d.safetensors",
                                           i + 1, shards.size());
  }
  return shards;
}

class WeightsWriter {
 public:
  WeightsWriter(const std::vector<OutgoingWeight>& weights,
                int64_t num_parameters, const SaveOptions& options)
      : weights_(weights), num_parameters_(num_parameters), options_(options) {
    for (const OutgoingWeight& weight : weights) total_ += NumBytes(weight);
  }

  absl::Status Write(const std::string& folder) {
    const std::vector<Shard> shards =
        PlanShards(weights_, options_.shard_bytes);
    for (const Shard& shard : shards) {
      LIMBECK_RETURN_IF_ERROR(WriteShard(folder, shard));
    }
    if (shards.size() == 1) return absl::OkStatus();
    return WriteFileAtomically(JoinPath(folder, kWeightsIndexFile),
                               WriteJsonIndented(MakeIndex(shards)) + "\n");
  }

 private:
  absl::Status WriteShard(const std::string& folder, const Shard& shard) {
    std::vector<SafetensorsWriter::Item> items;
    for (size_t i = shard.begin; i < shard.end; ++i) {
      items.push_back({weights_[i].name, weights_[i].dtype, weights_[i].shape});
    }
    LIMBECK_ASSIGN_OR_RETURN(
        SafetensorsWriter writer,
        SafetensorsWriter::Create(JoinPath(folder, shard.file), items,
                                  {{"format", "pt"}}));
    for (size_t i = shard.begin; i < shard.end; ++i) {
      LIMBECK_RETURN_IF_ERROR(WriteWeight(weights_[i], writer));
    }
    return writer.Commit();
  }

  absl::Status WriteWeight(const OutgoingWeight& weight,
                           SafetensorsWriter& writer) {
    return ForEachPiece(NumElements(weight), [&](int64_t first, int64_t count) {
      at::Tensor piece =
          at::empty({count}, at::TensorOptions().dtype(weight.dtype));
      LIMBECK_RETURN_IF_ERROR(weight.read(first, piece));
      LIMBECK_RETURN_IF_ERROR(writer.Append(absl::string_view(
          static_cast<const char*>(piece.data_ptr()), piece.nbytes())));
      done_ += piece.nbytes();
      if (options_.progress) options_.progress(done_, total_);
      return absl::OkStatus();
    });
  }

  Json MakeIndex(const std::vector<Shard>& shards) const {
    std::map<std::string, std::string> files;
    for (const Shard& shard : shards) {
      for (size_t i = shard.begin; i < shard.end; ++i) {
        files[weights_[i].name] = shard.file;
      }
    }
    Json map = Json::Object();
    for (const auto& [name, file] : files) {
      map.object().emplace_back(name, file);
    }
    Json index = Json::Object();
    Json metadata = Json::Object();
    metadata.Set("total_parameters", num_parameters_);
    metadata.Set("total_size", total_);
    index.Set("metadata", std::move(metadata));
    index.Set("weight_map", std::move(map));
    return index;
  }

  const std::vector<OutgoingWeight>& weights_;
  const int64_t num_parameters_;
  const SaveOptions& options_;
  uint64_t done_ = 0;   // bytes
  uint64_t total_ = 0;  // bytes
};

absl::Status CopyTokenizer(const std::string& from, const std::string& to) {
  if (from.empty()) return absl::OkStatus();
  const std::vector<std::string> names = ListTokenizerFiles(from);
  if (names.empty()) {
    return absl::NotFoundError(
        absl::StrCat(from,
                     ": no tokenizer files (tokenizer.json or "
                     "tokenizer.model) to copy"));
  }
  for (const std::string& name : names) {
    const size_t slash = name.rfind('/');
    if (slash != name.npos) {
      LIMBECK_RETURN_IF_ERROR(
          MakeDirectories(JoinPath(to, name.substr(0, slash))));
    }
    LIMBECK_RETURN_IF_ERROR(
        CopyFileAtomically(JoinPath(from, name), JoinPath(to, name)));
  }
  return absl::OkStatus();
}

absl::Status FillFolder(ModelConfig config,
                        const std::vector<OutgoingWeight>& weights,
                        const SaveOptions& options, const std::string& folder) {
  config.dtype = std::string(DtypeName(options.dtype));
  LIMBECK_RETURN_IF_ERROR(CopyTokenizer(options.tokenizer_directory, folder));
  LIMBECK_RETURN_IF_ERROR(
      WriteFileAtomically(JoinPath(folder, "config.json"),
                          WriteJsonIndented(ConfigToJson(config)) + "\n"));
  LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
      JoinPath(folder, "generation_config.json"),
      WriteJsonIndented(GenerationConfigToJson(config)) + "\n"));
  return WeightsWriter(weights, config.NumParameters(), options).Write(folder);
}

}  // namespace

absl::Status WriteCheckpoint(const ModelConfig& config,
                             const std::vector<OutgoingWeight>& weights,
                             const SaveOptions& options,
                             const std::string& directory) {
  LIMBECK_RETURN_IF_ERROR(ParseDtype(DtypeName(options.dtype)).status());
  return WriteDirectoryAtomically(directory, [&](const std::string& folder) {
    return FillFolder(config, weights, options, folder);
  });
}

absl::Status SaveCheckpoint(const Model& model, const SaveOptions& options,
                            const std::string& directory) {
  std::vector<OutgoingWeight> weights;
  CastLoss loss;
  for (const ParameterGroup& group : model.groups) {
    const at::Tensor flat = group.flat.detach();
    const at::ScalarType dtype =
        group.name == kRouterBiasGroup ? at::kFloat : options.dtype;
    for (const WeightSlot& slot : group.slots) {
      weights.push_back(
          {slot.name, slot.shape, dtype,
           [flat, &slot, &loss](int64_t first, at::Tensor& out) {
             const at::Tensor piece =
                 flat.narrow(0, slot.offset + first, out.numel()).to(at::kCPU);
             return CastElements(piece, slot.name, first, out, loss);
           }});
    }
  }
  return WriteCheckpoint(model.config, weights, options, directory);
}

}  // namespace limbeck
