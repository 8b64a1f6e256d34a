// C++ programs from source to machine code, inside the sandbox.
#ifndef LIMBECK_DATA_JUDGE_CPP_COMPILER_H_
#define LIMBECK_DATA_JUDGE_CPP_COMPILER_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/judge/sandbox/program_runner.h"

namespace limbeck {

struct CppBinary {
  std::string binary;  // empty: the source does not compile
  std::string error;   // why, from the compiler, at most 4 KiB
};

struct CppCompilerOptions {
  std::string compiler = "/usr/bin/g++";
  uint64_t max_cache_bytes = uint64_t{256} << 20;
};

// g++ -O2 -std=c++17 -DONLINE_JUDGE -pipe -s. A compiler run has 20 s of CPU,
// 1 GiB of memory and 256 MiB of files; more is a compile error. Binaries are
// kept in memory under the hash of source, headers, flags and compiler version,
// the least recently used are dropped first; nothing that ran can change them.
// Sources that begin with #include <bits/stdc++.h> get a precompiled header
// from the fourth on. Safe to call from several threads: equal sources are
// compiled once.
class CppCompiler {
 public:
  // Asks the compiler for its version. `runner` must outlive this.
  static absl::StatusOr<std::unique_ptr<CppCompiler>> Create(
      const ProgramRunner* runner, CppCompilerOptions options);

  // `headers` lie beside the source. An error is the machine's.
  absl::StatusOr<std::shared_ptr<const CppBinary>> Compile(
      const std::string& source, const std::vector<SandboxFile>& headers) const;

  const std::string& version() const { return version_; }

 private:
  // One source: whoever holds the mutex compiles, the others wait for it.
  struct Entry {
    std::mutex mutex;
    std::shared_ptr<const CppBinary> binary;
    uint64_t bytes = 0;  // 0: not counted yet
    std::list<std::string>::iterator place;
  };

  CppCompiler(const ProgramRunner* runner, CppCompilerOptions options,
              std::string version);

  std::shared_ptr<Entry> FindEntry(const std::string& key) const;
  void Keep(const std::string& key, const std::shared_ptr<Entry>& entry) const;
  void Forget(const std::string& key) const;
  absl::StatusOr<CppBinary> RunCompiler(
      const std::string& source, const std::vector<SandboxFile>& headers) const;
  // nullptr: not worth it yet, or it could not be made.
  std::shared_ptr<const std::string> PrecompiledHeader() const;

  const ProgramRunner* const runner_;
  const CppCompilerOptions options_;
  const std::string version_;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::map<std::string, std::shared_ptr<Entry>> entries_;
  mutable std::list<std::string> recent_;  // keys, the latest first
  mutable uint64_t cached_bytes_ = 0;

  mutable std::mutex header_mutex_;  // guards what follows
  mutable int header_uses_ = 0;
  mutable std::shared_ptr<const std::string> header_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_CPP_COMPILER_H_
