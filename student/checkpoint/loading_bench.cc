// Bytes a second of loading a checkpoint of 1 GB, beside what the same machine
// reads of the same file in the same run, from the page cache and from disk.
//
// Usage: limbeck_loading_bench FOLDER [benchmark flags]
// FOLDER needs 2.2 GB; the checkpoint is made there and removed at the end.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "data/base/check.h"
#include "data/base/file.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/convert.h"
#include "student/checkpoint/fp8_blocks.h"

namespace limbeck {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;  // of one read call
constexpr int64_t kShards = 4;

// 0.54 billion parameters: 1.07 GB of bfloat16.
ModelConfig BenchConfig() {
  ModelConfig config;
  config.vocab_size = 32000;
  config.hidden_size = 1024;
  config.num_layers = 28;
  config.num_heads = 16;
  config.num_kv_heads = 16;
  config.head_dim = 64;
  config.intermediate_size = 4096;
  config.max_positions = 4096;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 10000.0;
  return config;
}

struct BenchFolder {
  std::string checkpoint;
  std::string converted;
  std::vector<std::string> files;
  uint64_t bytes = 0;
};

BenchFolder MakeFolder(const std::string& parent) {
  BenchFolder folder;
  folder.checkpoint = JoinPath(parent, "loading_bench");
  folder.converted = JoinPath(parent, "loading_bench_converted");
  absl::StatusOr<Model> model = MakeUnfilledModel(BenchConfig(), at::kBFloat16);
  LIMBECK_CHECK(model.ok());
  for (const ParameterGroup& group : model->groups) group.flat.fill_(0.01);
  SaveOptions options;
  options.dtype = at::kBFloat16;
  options.shard_bytes =
      static_cast<uint64_t>(BenchConfig().NumParameters()) * 2 / kShards;
  LIMBECK_CHECK(SaveCheckpoint(*model, options, folder.checkpoint).ok());
  const absl::StatusOr<std::vector<std::string>> names =
      ListDirectory(folder.checkpoint);
  LIMBECK_CHECK(names.ok());
  for (const std::string& name : *names) {
    if (!name.ends_with(".safetensors")) continue;
    folder.files.push_back(JoinPath(folder.checkpoint, name));
    folder.bytes += *FileSize(folder.files.back());
  }
  return folder;
}

// Makes the next reader go to the disk.
void ForgetPages(const BenchFolder& folder) {
  for (const std::string& path : folder.files) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    LIMBECK_CHECK(descriptor >= 0);
    fdatasync(descriptor);
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    close(descriptor);
  }
}

// Reads a file with read(2) to `target`, or over and over into one buffer.
void ReadWhole(const std::string& path, char* target) {
  std::vector<char> buffer(target == nullptr ? kReadBytes : 0);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  LIMBECK_CHECK(descriptor >= 0);
  while (true) {
    const ssize_t got = read(
        descriptor, target == nullptr ? buffer.data() : target, kReadBytes);
    LIMBECK_CHECK(got >= 0);
    if (got == 0) break;
    if (target != nullptr) target += got;
  }
  close(descriptor);
}

// Every thread reads files of its own. `fresh`: into memory that the process
// did not have before, as every loader must.
void BenchRead(benchmark::State& state, const BenchFolder& folder,
               size_t threads, bool fresh, bool cold) {
  for (auto _ : state) {
    if (cold) {
      state.PauseTiming();
      ForgetPages(folder);
      state.ResumeTiming();
    }
    char* memory = nullptr;
    if (fresh) {
      void* mapped = mmap(nullptr, folder.bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      LIMBECK_CHECK(mapped != MAP_FAILED);
      memory = static_cast<char*>(mapped);
    }
    std::vector<char*> targets;
    char* next = memory;
    for (const std::string& path : folder.files) {
      targets.push_back(next);
      if (fresh) next += *FileSize(path);
    }
    std::vector<std::thread> readers;
    for (size_t t = 0; t < threads; ++t) {
      readers.emplace_back([&, t] {
        for (size_t i = t; i < targets.size(); i += threads) {
          ReadWhole(folder.files[i], targets[i]);
        }
      });
    }
    for (std::thread& reader : readers) reader.join();
    if (fresh) {
      state.PauseTiming();
      munmap(memory, folder.bytes);
      state.ResumeTiming();
    }
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(folder.bytes));
}

void BenchLoad(benchmark::State& state, const BenchFolder& folder,
               at::ScalarType dtype, bool cold) {
  for (auto _ : state) {
    state.PauseTiming();
    if (cold) ForgetPages(folder);
    state.ResumeTiming();
    absl::StatusOr<Model> model = LoadCheckpoint(folder.checkpoint, dtype);
    LIMBECK_CHECK(model.ok());
    state.PauseTiming();
    model = absl::UnknownError("freed while nobody measures");
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(folder.bytes));
}

void BenchConvert(benchmark::State& state, const BenchFolder& folder) {
  for (auto _ : state) {
    LIMBECK_CHECK(
        ConvertCheckpoint(folder.checkpoint, at::kHalf, {}, folder.converted)
            .ok());
    state.PauseTiming();
    LIMBECK_CHECK(RemoveTree(folder.converted).ok());
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(folder.bytes));
}

void BenchDecodeFp8(benchmark::State& state) {
  const std::vector<uint8_t> codes(4096 * 4096, 0x35);
  const std::vector<float> factors(32 * 32, 0.01f);
  std::vector<float> out(codes.size());
  const Fp8Matrix matrix{codes.data(),
                         4096,
                         4096,
                         reinterpret_cast<const char*>(factors.data()),
                         {}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        DecodeFp8(matrix, 0, static_cast<int64_t>(codes.size()), out.data()));
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(codes.size()));
}

template <typename Run>
void Register(const std::string& name, const Run& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->MeasureProcessCPUTime()
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

void RegisterAll(const BenchFolder& folder) {
  for (const bool cold : {false, true}) {
    const std::string kind = cold ? "disk/" : "cache/";
    for (const size_t threads : {size_t{1}, size_t{2}}) {
      const std::string suffix = absl::StrCat("/threads:", threads);
      for (const bool fresh : {false, true}) {
        Register(kind + (fresh ? "read_fresh" : "read_reused") + suffix,
                 [=, &folder](benchmark::State& state) {
                   BenchRead(state, folder, threads, fresh, cold);
                 });
      }
    }
    for (const at::ScalarType dtype : {at::kBFloat16, at::kFloat}) {
      Register(kind + "load_as_" + c10::toString(dtype),
               [=, &folder](benchmark::State& state) {
                 BenchLoad(state, folder, dtype, cold);
               });
    }
  }
  Register("cache/convert_to_float16",
           [&folder](benchmark::State& state) { BenchConvert(state, folder); });
  Register("decode_float8", BenchDecodeFp8);
}

}  // namespace
}  // namespace limbeck

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: %s FOLDER [benchmark flags]\n", argv[0]);
    return 1;
  }
  const limbeck::BenchFolder folder = limbeck::MakeFolder(argv[1]);
  limbeck::RegisterAll(folder);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return limbeck::RemoveTree(folder.checkpoint).ok() ? 0 : 1;
}
