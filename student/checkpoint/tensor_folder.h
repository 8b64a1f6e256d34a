// All tensors of a checkpoint folder by name, whether they lie in one file or
// in several with an index. Nothing is read before it is asked for.
#ifndef LIMBECK_STUDENT_CHECKPOINT_TENSOR_FOLDER_H_
#define LIMBECK_STUDENT_CHECKPOINT_TENSOR_FOLDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "student/checkpoint/safetensors.h"

namespace limbeck {

inline constexpr absl::string_view kWeightsFile = "model.safetensors";
inline constexpr absl::string_view kWeightsIndexFile =
    "model.safetensors.index.json";

// One tensor where it lies. Valid as long as the folder object.
struct StoredTensor {
  absl::string_view name;
  const SafetensorsEntry* entry = nullptr;
  const SafetensorsFile* file = nullptr;

  const std::vector<int64_t>& shape() const { return entry->shape; }
  absl::string_view bytes() const { return file->Bytes(*entry); }
  int64_t NumElements() const;
};

class TensorFolder {
 public:
  // model.safetensors if there is one (as transformers), else the files that
  // the index names. Index and files must agree on every tensor.
  static absl::StatusOr<TensorFolder> Open(const std::string& directory);

  const std::string& directory() const { return directory_; }
  const std::vector<StoredTensor>& tensors() const {
    return tensors_;
  }  // sorted
  // nullptr when there is no such tensor.
  const StoredTensor* Find(absl::string_view name) const;
  // Sentences about what is strange but harmless, such as a total_size that is
  // not the sum of the tensors.
  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  TensorFolder() = default;

  std::string directory_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::vector<StoredTensor> tensors_;
  std::vector<std::string> remarks_;
};

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_TENSOR_FOLDER_H_
