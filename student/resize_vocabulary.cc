// Cuts and adds rows of embedding and head.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "student/vocabulary.h"

namespace limbeck {
namespace {

absl::Status IsUsed(int64_t id, absl::string_view by, int64_t rows,
                    int64_t fewest) {
  return absl::FailedPreconditionError(absl::StrCat(
      "token id ", id, " is used by ", by, ": the vocabulary can be cut to ",
      fewest, " rows or more, not to ", rows));
}

absl::Status CheckUnused(const ModelConfig& config, int64_t rows,
                         const Tokenizer* tokenizer) {
  if (tokenizer == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "cutting ", config.vocab_size, " rows to ", rows,
        " needs the tokenizer beside the model, to know which no token uses"));
  }
  std::map<int64_t, std::string> used;  // ids that would lose their row
  for (const int32_t id : config.eos_ids) used[id] = "eos_token_id";
  used[config.bos_id] = "bos_token_id";
  for (int64_t id = rows; id < tokenizer->vocab_size(); ++id) {
    const absl::StatusOr<std::string> piece =
        tokenizer->PieceOf(static_cast<int32_t>(id));
    // The others are holes.
    if (piece.ok())
      used[id] = absl::StrCat("\"", absl::Utf8SafeCEscape(*piece), "\"");
  }
  const auto first = used.lower_bound(rows);
  if (first == used.end()) return absl::OkStatus();
  return IsUsed(first->first, first->second, rows, used.rbegin()->first + 1);
}

void CopyRows(const at::Tensor& from, const at::Tensor& to) {
  const int64_t kept = std::min(from.size(0), to.size(0));
  to.narrow(0, 0, kept).copy_(from.narrow(0, 0, kept));
  if (kept == to.size(0)) return;
  const at::Tensor mean = from.mean(0, /*keepdim=*/true, at::kDouble);
  to.narrow(0, kept, to.size(0) - kept).copy_(mean);
}

}  // namespace

absl::StatusOr<Model> ResizeVocabulary(const Model& model, int64_t rows,
                                       const Tokenizer* tokenizer) {
  const c10::NoGradGuard no_gradients;
  ModelConfig config = model.config;
  if (rows < config.vocab_size) {
    LIMBECK_RETURN_IF_ERROR(CheckUnused(config, rows, tokenizer));
  }
  config.vocab_size = rows;
  LIMBECK_ASSIGN_OR_RETURN(
      Model resized,
      MakeModel(config, model.groups.front().flat.scalar_type()));
  const auto from = NamedWeights(model);
  for (const auto& [name, weight] : NamedWeights(resized)) {
    const at::Tensor& old = from.at(name);
    if (old.sizes() == weight.sizes()) {
      weight.copy_(old);
    } else {
      CopyRows(old, weight);
    }
  }
  return resized;
}

}  // namespace limbeck
