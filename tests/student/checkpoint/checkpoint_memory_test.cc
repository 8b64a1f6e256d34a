// Loading needs the model and one tensor, saving and converting one piece: the
// peak of resident memory, mapped files included, tells.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <cstring>

#include "data/base/file.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/convert.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

// Sanitizers keep memory of their own.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMBECK_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMBECK_SANITIZED 1
#endif

namespace limbeck {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

// A line of /proc/self/status in bytes, -1 without it.
int64_t ProcessMemory(const char* key) {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return -1;
  char line[256];
  int64_t kib = -1;
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::strncmp(line, key, std::strlen(key)) == 0) {
      kib = std::atoll(line + std::strlen(key));
    }
  }
  std::fclose(file);
  return kib < 0 ? -1 : kib * 1024;
}

// Makes the peak what is resident now; false where the kernel cannot.
bool ResetPeak() {
  std::FILE* file = std::fopen("/proc/self/clear_refs", "w");
  if (file == nullptr) return false;
  const bool written = std::fputs("5", file) >= 0;
  return std::fclose(file) == 0 && written;
}

// Bytes that `work` had resident at its peak on top of what there was.
template <typename Work>
int64_t PeakOf(const Work& work) {
  malloc_trim(0);  // freed memory may be resident and would hide what is new
  EXPECT_TRUE(ResetPeak());
  const int64_t before = ProcessMemory("VmRSS:");
  work();
  return ProcessMemory("VmHWM:") - before;
}

class CheckpointMemory : public ::testing::Test {
 protected:
  // 15 million parameters, the largest weight 4.6 million.
  void SetUp() override {
#ifdef LIMBECK_SANITIZED
    GTEST_SKIP() << "a sanitizer's own memory would be counted";
#endif
    if (ProcessMemory("VmHWM:") < 0 || !ResetPeak()) {
      GTEST_SKIP() << "the kernel does not tell the peak of memory";
    }
    ModelConfig config = TinyConfig();
    config.hidden_size = 384;
    config.intermediate_size = 1536;
    config.num_layers = 3;
    config.vocab_size = 12000;
    config.tied_head = false;
    const Model model = *MakeModel(config, at::kFloat);
    parameter_bytes_ = config.NumParameters() * 4;
    for (const ParameterGroup& group : model.groups) group.flat.fill_(0.5);
    LIMBECK_ASSERT_OK(SaveCheckpoint(model, {}, path_));
    largest_bytes_ = config.vocab_size * config.hidden_size * 4;
    ASSERT_GT(parameter_bytes_, 3 * largest_bytes_);
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("model");
  int64_t parameter_bytes_ = 0;  // in float32, as stored
  int64_t largest_bytes_ = 0;
};

TEST_F(CheckpointMemory, LoadingNeedsTheModelAndOneTensor) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const int64_t model_bytes =
        dtype == at::kFloat ? parameter_bytes_ : parameter_bytes_ / 2;
    const int64_t peak =
        PeakOf([&] { LIMBECK_EXPECT_OK(LoadCheckpoint(path_, dtype)); });
    EXPECT_GT(peak, model_bytes - 2 * kMiB);
    EXPECT_LT(peak, model_bytes + largest_bytes_) << c10::toString(dtype);
  }
}

TEST_F(CheckpointMemory, SavingNeedsOneTensor) {
  const Model model = *LoadCheckpoint(path_);
  const int64_t peak = PeakOf([&] {
    LIMBECK_EXPECT_OK(SaveCheckpoint(model, {.dtype = at::kBFloat16},
                                     directory_.File("saved")));
  });
  EXPECT_LT(peak, 3 * largest_bytes_);
}

TEST_F(CheckpointMemory, ConvertingNeedsNoModel) {
  const int64_t peak = PeakOf([&] {
    LIMBECK_EXPECT_OK(ConvertCheckpoint(path_, at::kBFloat16, {},
                                        directory_.File("converted")));
  });
  EXPECT_LT(peak, parameter_bytes_ * 2 / 3);
}

TEST_F(CheckpointMemory, DigestNeedsOneTensor) {
  const int64_t peak =
      PeakOf([&] { LIMBECK_EXPECT_OK(CheckpointDigest(path_)); });
  EXPECT_LT(peak, largest_bytes_ + 4 * kMiB);
}

}  // namespace
}  // namespace limbeck
