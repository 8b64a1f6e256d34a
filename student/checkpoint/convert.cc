// Streams the weights of one checkpoint folder into another.
#include "student/checkpoint/convert.h"

#include <ATen/ATen.h>

#include <utility>

#include "data/base/status_macros.h"
#include "student/checkpoint/checkpoint_pieces.h"
#include "student/checkpoint/dtype.h"
#include "student/checkpoint/tensor_folder.h"
#include "student/checkpoint/weight_sources.h"

namespace limbeck {
namespace {

OutgoingWeight MakeOutgoing(const WeightSlot& slot, const WeightSource& source,
                            at::ScalarType dtype, CastLoss& loss) {
  return {slot.name, slot.shape, dtype,
          [&slot, &source, &loss](int64_t first, at::Tensor& out) {
            const at::Tensor piece = at::empty(
                {out.numel()}, at::TensorOptions().dtype(source.type));
            LIMBECK_RETURN_IF_ERROR(ReadElements(source, first, piece));
            return CastElements(piece, slot.name, first, out, loss);
          }};
}

}  // namespace

absl::StatusOr<Conversion> ConvertCheckpoint(
    const std::string& from, std::optional<at::ScalarType> dtype,
    SaveOptions options, const std::string& to) {
  Conversion conversion;
  LIMBECK_ASSIGN_OR_RETURN(conversion.config, ReadModelConfig(from));
  LIMBECK_ASSIGN_OR_RETURN(const TensorFolder folder, TensorFolder::Open(from));
  LIMBECK_ASSIGN_OR_RETURN(const ModelSources sources,
                           FindSources(conversion.config, folder));
  DescribeStored(sources, conversion.config);
  options.dtype = dtype.value_or(sources.dtype);
  std::vector<OutgoingWeight> weights;
  for (size_t i = 0; i < sources.layout.size(); ++i) {
    const ParameterGroup& group = sources.layout[i];
    for (size_t j = 0; j < group.slots.size(); ++j) {
      weights.push_back(MakeOutgoing(
          group.slots[j], sources.weights[i][j],
          group.name == kRouterBiasGroup ? at::kFloat : options.dtype,
          conversion.loss));
    }
  }
  LIMBECK_RETURN_IF_ERROR(
      WriteCheckpoint(conversion.config, weights, options, to));
  conversion.config.dtype = std::string(DtypeName(options.dtype));
  conversion.remarks = folder.remarks();
  conversion.remarks.insert(conversion.remarks.end(), sources.remarks.begin(),
                            sources.remarks.end());
  std::string not_finite = NotFiniteText(conversion.loss);
  if (!not_finite.empty()) {
    conversion.remarks.push_back(std::move(not_finite));
  }
  return conversion;
}

}  // namespace limbeck
