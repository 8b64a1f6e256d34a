// model.safetensors.index.json is outside data: damaged anywhere, it gives an
// error or the same weights.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "data/base/file.h"
#include "data/base/json.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/safetensors.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

class CheckpointIndex : public ::testing::Test {
 protected:
  // A checkpoint of two shards.
  void SetUp() override {
    const std::string saved = JoinPath(path_, "model.safetensors");
    LIMBECK_ASSERT_OK(SaveCheckpoint(TinyModel(TinyConfig()), {}, path_));
    expected_ = *LoadCheckpoint(path_);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const SafetensorsFile file,
                                 SafetensorsFile::Open(saved));
    Json map = Json::Object();
    const std::vector<std::string>& names = file.names();
    for (size_t shard = 0; shard < 2; ++shard) {
      const std::string name = shard == 0 ? "a.safetensors" : "b.safetensors";
      std::vector<std::pair<std::string, at::Tensor>> part;
      for (size_t i = shard; i < names.size(); i += 2) {
        part.emplace_back(names[i], *file.Get(names[i]));
        map.Set(names[i], name);
      }
      LIMBECK_ASSERT_OK(WriteSafetensors(JoinPath(path_, name), part));
    }
    Json index = Json::Object();
    index.Set("weight_map", std::move(map));
    index_ = WriteJson(index);
    LIMBECK_ASSERT_OK(RemoveTree(saved));
  }

  // Whether the folder loads with this index; what loads must be the model.
  bool Loads(const std::string& index) {
    EXPECT_THAT(WriteFileAtomically(
                    JoinPath(path_, "model.safetensors.index.json"), index),
                IsOk());
    const absl::StatusOr<Model> model = LoadCheckpoint(path_);
    if (!model.ok()) return false;
    for (size_t i = 0; i < expected_.groups.size(); ++i) {
      EXPECT_TRUE(at::equal(model->groups[i].flat, expected_.groups[i].flat));
    }
    return true;
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("model");
  Model expected_;
  std::string index_;
};

TEST_F(CheckpointIndex, EveryCutIsAnError) {
  ASSERT_TRUE(Loads(index_));
  ForEachCut(index_, [&](const std::string& cut, size_t size) {
    ASSERT_FALSE(Loads(cut)) << "cut at " << size;
  });
}

TEST_F(CheckpointIndex, FlippedBitsNeverChangeAWeight) {
  // One bit of most bytes, another one from byte to byte.
  ForEachBitFlip(index_, [&](const std::string& flipped, size_t bit) {
    if (bit % 11 == 0) Loads(flipped);
  });
}

TEST_F(CheckpointIndex, RandomEditsNeverChangeAWeight) {
  ForEachMutation(index_, 500, /*key=*/23,
                  [&](const std::string& edited) { Loads(edited); });
}

}  // namespace
}  // namespace limbeck
