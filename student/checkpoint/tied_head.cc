// Compares a stored head with the embedding, piece by piece.
#include "student/checkpoint/tied_head.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/status_macros.h"
#include "student/checkpoint/checkpoint_pieces.h"
#include "student/checkpoint/mapped_pages.h"
#include "student/checkpoint/weight_sources.h"

namespace limbeck {
namespace {

constexpr size_t kCompareBytes = size_t{16} << 20;

std::string TensorText(const StoredTensor& tensor) {
  return absl::StrCat(tensor.name, " (", tensor.entry->dtype, " [",
                      absl::StrJoin(tensor.shape(), ", "), "])");
}

absl::Status Differs(const TensorFolder& folder, const StoredTensor& head,
                     const StoredTensor& embedding, absl::string_view how) {
  return absl::InvalidArgumentError(absl::StrCat(
      folder.directory(), ": config.json ties the head to the embedding, but ",
      TensorText(head), " differs from ", TensorText(embedding), how));
}

bool HasEqualBytes(const StoredTensor& head, const StoredTensor& embedding) {
  const absl::string_view a = head.bytes();
  const absl::string_view b = embedding.bytes();
  bool is_equal = a.size() == b.size();
  for (size_t at = 0; is_equal && at < a.size(); at += kCompareBytes) {
    const absl::string_view piece = a.substr(at, kCompareBytes);
    is_equal = piece == b.substr(at, kCompareBytes);
    DropPages(piece);
    DropPages(b.substr(at, kCompareBytes));
  }
  return is_equal;
}

// Float64 holds the numbers of all formats of weights.
absl::StatusOr<at::Tensor> ReadExactly(const StoredTensor& tensor,
                                       int64_t first, int64_t count) {
  WeightSource source;
  source.tensor = &tensor;
  source.type = *FindSafetensorsDtype(tensor.entry->dtype)->type;
  const at::Tensor values = at::empty({count}, at::kDouble);
  LIMBECK_RETURN_IF_ERROR(ReadElements(source, first, values));
  return values;
}

absl::Status CompareValues(const TensorFolder& folder, const StoredTensor& head,
                           const StoredTensor& embedding) {
  return ForEachPiece(
      head.NumElements(), [&](int64_t first, int64_t count) -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(const at::Tensor a,
                                 ReadExactly(head, first, count));
        LIMBECK_ASSIGN_OR_RETURN(const at::Tensor b,
                                 ReadExactly(embedding, first, count));
        if (at::equal(a, b)) return absl::OkStatus();
        const int64_t at = a.ne(b).to(at::kByte).argmax().item<int64_t>();
        const int64_t columns = head.shape().back();
        return Differs(
            folder, head, embedding,
            absl::StrCat(" in row ", (first + at) / columns, ", column ",
                         (first + at) % columns, ": ", a[at].item<double>(),
                         " and ", b[at].item<double>()));
      });
}

}  // namespace

absl::Status CheckTiedHead(const ModelConfig& config,
                           const TensorFolder& folder) {
  const StoredTensor* head = folder.Find("lm_head.weight");
  if (!config.tied_head || head == nullptr) return absl::OkStatus();
  const StoredTensor* embedding = folder.Find("model.embed_tokens.weight");
  if (head->shape() != embedding->shape()) {
    return Differs(folder, *head, *embedding, " in its shape");
  }
  if (head->entry->dtype == embedding->entry->dtype &&
      HasEqualBytes(*head, *embedding)) {
    return absl::OkStatus();
  }
  if (!IsWeightFormat(*head) || !IsWeightFormat(*embedding)) {
    return Differs(folder, *head, *embedding, "");
  }
  return CompareValues(folder, *head, *embedding);
}

}  // namespace limbeck
